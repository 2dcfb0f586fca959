"""Looks for the handlers of a contract in a package, which may be that of another program."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import PathFinder
from pathlib import Path

from tickbox_contract.handlers import find_handler

from .failures import CannotRun, described


def finder(name: str, *, is_own: bool) -> Callable[[str, str], bool]:
    """Look for the handlers of a tag in a module of the package *name*. A foreign one may be in the current folder.

    Raises CannotRun.
    """
    if not is_own:
        sys.path.insert(0, str(Path.cwd()))
        _require_not_loaded(name.partition(".")[0])
    with _importing(name):
        module = importlib.import_module(name)

    def has_handler(tag: str, operation_id: str) -> bool:
        with _importing(f"{name}.{tag}"):
            return find_handler(module, tag, operation_id) is not None

    return has_handler


def _require_not_loaded(name: str) -> None:
    """Raise CannotRun if an embedding program has loaded another package *name*: its handlers would be looked for."""
    loaded, found = sys.modules.get(name), PathFinder.find_spec(name)
    if loaded and loaded.__spec__ and found and loaded.__spec__.origin != found.origin:
        message = f"{name} is also the name of a package of this program: run `tickbox-contract gate` instead"
        raise CannotRun(message)


@contextmanager
def _importing(name: str) -> Iterator[None]:
    """A module of others may raise anything while it is imported, and may exit."""
    try:
        yield
    except (Exception, SystemExit) as error:
        raise CannotRun(f"{name} cannot be imported ({described(error)}): name a package for --handlers") from error
