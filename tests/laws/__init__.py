"""How each law is measured: what several files of tests use; the laws themselves stand in the tests of their room."""
