"""Each method of a port is tested on the fakes and on the repositories alike."""

import inspect
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest

from domain import model, unit_of_work
from persistence.database import Database
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.support.service_callers import Caller

TESTS = Path(__file__).parents[1] / "ports"
REPOSITORIES = {
    name: port
    for name, value in vars(unit_of_work.UnitOfWork).items()
    if isinstance(value, property)
    and inspect.isclass(port := inspect.get_annotations(value.fget)["return"])  # type: ignore[arg-type]  # it has one
    and port.__module__.startswith(f"{model.__name__}.")
    and name not in {"passwords", "streams"}
}
METHODS = [
    (name, method)
    for name, port in REPOSITORIES.items()
    for method, _ in inspect.getmembers(port, inspect.iscoroutinefunction)
]


def test_every_repository_is_compared() -> None:
    modules = [import_module(info.name) for info in pkgutil.iter_modules(model.__path__, f"{model.__name__}.")]
    assert {port.__name__ for port in REPOSITORIES.values()} == {
        name for module in modules for name in vars(module) if name.endswith(("Repository", "Log", "Outbox"))
    }


# Credentials are a part of users, and of other tables too.
@pytest.mark.parametrize("name", sorted(REPOSITORIES.keys() - {"credentials"}))
def test_a_repository_and_its_fake_are_in_modules_with_the_name_of_the_port_s_module(name: str) -> None:
    uow = Caller(database=Database("sqlite:///var/never-opened.db")).unit(safe=True)
    resource = REPOSITORIES[name].__module__.removeprefix(f"{model.__name__}.")
    assert type(getattr(uow, name)).__module__ == f"persistence.{resource}"
    assert type(getattr(FakeUnitOfWork(), name)).__module__ == f"tests.support.fakes.{resource}"


@pytest.mark.parametrize(("repository", "method"), METHODS)
def test_every_method_of_a_port_has_a_port_test(repository: str, method: str) -> None:
    call = re.compile(rf"\buow\.{repository}\.{method}\(")
    assert [path.name for path in TESTS.glob("test_*.py") if call.search(path.read_text())], (
        f"call uow.{repository}.{method}(...) in a module of tests/ports, which runs on the fakes and on both databases"
    )
