"""The ports of the domain on dictionaries, a module for each resource. `tests/ports` compares them with the
repositories.
"""
