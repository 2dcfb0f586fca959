"""Connexion, imported quietly. A module that imports from it imports this one first.

It is not imported by the package itself: the gate reads contracts, and needs no server.
"""

import warnings

with warnings.catch_warnings():
    # Connexion imports Starlette's test client, which advises to install another HTTP client for it.
    warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")
    # Connexion resolves references with classes that jsonschema has deprecated.
    warnings.filterwarnings("ignore", message=r"jsonschema\.\S+ is deprecated", category=DeprecationWarning)
    import connexion as _connexion  # noqa: F401  # only to be imported quietly
