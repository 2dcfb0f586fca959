"""How things are kept: tables, a repository per resource, and the unit of work, in SQLAlchemy Core."""
