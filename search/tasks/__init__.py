"""Tasks: the class `Task`, tasks over published and bundled data sets, and tasks with generated data."""
