"""Connexion, imported quietly and in part. A module that imports from it imports this one first.

It is not imported by the package itself: the gate reads contracts, and needs no server.
"""

import sys
import warnings
from importlib import import_module
from importlib.machinery import ModuleSpec
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


def _whole_when_used(spec: ModuleSpec) -> ModuleType:
    """Return the package's module, which is executed when something in it is first used, by other code than ours."""
    module = module_from_spec(spec)

    def find(name: str) -> Any:  # whatever is in the module
        if name.startswith("__"):  # asked for by the import system
            raise AttributeError(name)
        del module.__dict__["__getattr__"]
        assert spec.loader is not None
        spec.loader.exec_module(module)
        return getattr(module, name)

    module.__dict__["__getattr__"] = find
    return module


def _import_connexion() -> None:
    """Import the layers without the package's own module, which imports applications for Flask and a test client."""
    spec = find_spec("connexion")
    if spec is not None:
        sys.modules[spec.name] = _whole_when_used(spec)
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
