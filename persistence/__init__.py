"""Storage in SQLAlchemy Core: a module for each resource with its tables and repository, and the unit of work."""
