"""What every part of an architecture is made of: frozen models, holes, reading and writing, mistakes in words."""
