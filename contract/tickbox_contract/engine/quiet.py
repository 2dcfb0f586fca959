"""Connexion, imported quietly and in part. A module that imports from it imports this one first.

It is not imported by the package itself: the gate reads contracts, and needs no server.
"""

import sys
import warnings
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

_UNUSED = ("httpx", "requests")
"""What Connexion imports for references to other documents, and to ask a server about tokens: it gets neither from us.
With all that they import, they take 7 MB."""


class _Later(ModuleType):
    """A module that is imported when something in it is first used."""

    def __getattr__(self, name: str) -> Any:  # whatever is in the module
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def _import_connexion() -> None:
    """Import the layers without the package's own module, which imports applications for Flask and a test client."""
    spec = find_spec("connexion")
    if spec is not None:
        sys.modules[spec.name] = module_from_spec(spec)
    later = {name: _Later(name) for name in _UNUSED if name not in sys.modules}
    sys.modules |= later
    with warnings.catch_warnings():
        # Connexion resolves references with classes that jsonschema has deprecated.
        warnings.filterwarnings("ignore", message=r"jsonschema\.\S+ is deprecated", category=DeprecationWarning)
        import_module("connexion.middleware")
    for name in later:
        sys.modules.pop(name, None)


if "connexion" not in sys.modules:
    _import_connexion()
