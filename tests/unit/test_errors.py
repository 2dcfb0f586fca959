import inspect
import pkgutil
import re
from importlib import import_module

import pytest

import domain
from domain import errors

for module in pkgutil.walk_packages(domain.__path__, "domain."):
    import_module(module.name)


def drawn() -> list[tuple[int, str]]:
    """The depth and name of each line in the tree that the module's docstring draws."""
    lines = re.findall(r"^([│├└─ ]*)([A-Z]\w+)(?: {2,}.*)?$", inspect.getdoc(errors) or "", re.MULTILINE)
    return [(len(branch) // 4, name) for branch, name in lines]


def declared(kind: type[Exception] = errors.DomainError, depth: int = 0) -> list[tuple[int, str]]:
    """The same pairs, read from the classes."""
    found = [(depth, kind.__name__)]
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            found += declared(child, depth + 1)
    return found


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    assert sorted(drawn()) == sorted(declared())


@pytest.mark.parametrize("kind", errors.Invalid.__subclasses__(), ids=lambda kind: kind.__name__)
def test_every_invalid_value_has_a_code_in_kebab_case(kind: type[errors.Invalid]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)


def test_an_unreachable_database_is_reported_without_its_address() -> None:
    text = str(errors.StorageUnavailable())
    assert text == "The database cannot be reached, cannot be written, or is too busy. Try again."
