"""The data layer of architectures: frozen pydantic models, holes, reading and writing, and readable errors."""
