"""The ports of the domain, kept in dictionaries, a module for each resource. `tests/ports` compares them with the
repositories.
"""
