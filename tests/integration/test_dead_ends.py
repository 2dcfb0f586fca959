"""What an operator reads when the server cannot start: what is wrong, with which database, and what to do."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import make_url, text

import migrations
from app.main import URN_PREFIX, build
from app.settings import Settings
from persistence.schema import REVISION, REVISIONS
from persistence.urls import name_of
from tests.support.clients import PASSWORD
from tests.support.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.support.patience import PATIENCE_S
from tests.support.programs import our_contract, run, serve
from tests.support.server import serving
from tests.support.tables import Tables
from tests.try_operation import try_operation
from tickbox_contract.engine.protocol import bounded_protocol

MAKEFILE = Path(__file__).parents[2] / "Makefile"
COMMANDS = (
    ("serve", "--port", "0"),
    ("migrate",),
    ("migrate", "--down", "base"),
    ("user", "create", "ada@example.com", "--name", "Ada"),
    ("user", "password", "ada@example.com"),
)
NEWER = "9998"


def error_of(*arguments: str, **settings: str) -> str:
    """The only line that a failing command prints."""
    found = run(*arguments, settings=settings, stdin=PASSWORD + "\n")
    assert (found.exit_code, found.stdout) == (1, "")
    (line,) = found.stderr.splitlines()
    return str(line)


@pytest.fixture(scope="module")
def moved_url(databases: Databases) -> Iterator[str]:
    """A migrated database that a newer version of the program has migrated further."""
    url = databases.migrated()
    move(url, NEWER)
    yield url
    databases.remove(url)


def move(url: str, revision: str) -> None:
    tables = Tables(url)
    tables.write(text(f"UPDATE alembic_version SET version_num = '{revision}'"))  # noqa: S608  # written above
    tables.close()


# --- a database of another version ---


@pytest.mark.parametrize("command", COMMANDS)
def test_a_database_of_a_newer_version_is_reported(command: tuple[str, ...], moved_url: str) -> None:
    error = error_of(*command, database_url=moved_url)
    assert "this version of Tickbox" in error
    assert f"older than {name_of(moved_url)}" in error
    assert f"revision {NEWER}" in error
    assert f"revision {REVISION}" in error
    assert "install the newer version" in error
    assert "restore a backup" in error
    assert "tickbox migrate" not in error
    assert migrations.current(moved_url) == NEWER


def test_a_server_whose_database_became_newer_is_not_ready_and_says_why(moved_url: str) -> None:
    application = build(Settings(database_url=moved_url), background=False, contract=our_contract())
    with serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port):
        response = httpx.get(f"http://{host}:{port}/readyz", trust_env=False)
    assert response.status_code == 503
    detail = response.json()["detail"]
    assert NEWER in detail
    assert REVISION in detail
    assert "older than the database" in detail


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("user", "password", "ada@example.com")])
def test_a_database_of_an_older_version_must_be_migrated(command: tuple[str, ...], databases: Databases) -> None:
    url = databases.migrated()
    migrations.downgrade(url, REVISIONS[0])
    error = error_of(*command, database_url=url)
    databases.remove(url)
    for part in (name_of(url), REVISIONS[0], REVISION, "run `tickbox migrate`"):
        assert part in error


@pytest.mark.parametrize("command", COMMANDS)
def test_a_database_of_another_program_is_reported(command: tuple[str, ...], sqlite_databases: SqliteDatabases) -> None:
    url = sqlite_databases.migrated()
    move(url, "b2c3d4e5f6a7")
    error = error_of(*command, database_url=url)
    sqlite_databases.remove(url)
    for part in (name_of(url), "b2c3d4e5f6a7", "another program", "TICKBOX_DATABASE_URL"):
        assert part in error


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("user", "password", "ada@example.com")])
def test_an_empty_database_must_be_migrated_or_is_the_wrong_one(
    command: tuple[str, ...], empty_database_url: str
) -> None:
    if "sqlite" in empty_database_url:
        Path(name_of(empty_database_url).removeprefix("the SQLite database ")).touch()
    error = error_of(*command, database_url=empty_database_url)
    for part in (name_of(empty_database_url), "run `tickbox migrate`", "TICKBOX_DATABASE_URL"):
        assert part in error


# --- an SQLite file in another place ---


def test_the_path_of_the_default_database_is_printed_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "var" / "tickbox.db"
    for command in (("serve", "--port", "0"), ("user", "password", "ada@example.com")):
        error = error_of(*command)
        for part in (str(path), "does not exist", "`tickbox migrate` to create it", "TICKBOX_DATABASE_URL"):
            assert part in error
    assert list(tmp_path.iterdir()) == []
    created = run("migrate", settings={})
    assert created.stdout == f"created the SQLite database {path}: empty -> {REVISION}\n"
    with serve(tmp_path) as program:
        assert program.url
        assert f"the SQLite database {path}\n" in program.stderr.read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_mistyped_path_creates_nothing(command: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "vra" / "tickbox.db"
    error = error_of(*command, database_url=f"sqlite:///{path}")
    assert str(path) in error
    assert "does not exist" in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_that_does_not_exist_is_reported(command: tuple[str, ...], tmp_path: Path) -> None:
    error = error_of(*command, database_url=f"sqlite:///{tmp_path}/vra/tickbox.db")
    assert f"the folder {tmp_path}/vra of" in error
    assert "create it, or correct TICKBOX_DATABASE_URL" in error


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_in_place_of_a_database_is_reported(command: tuple[str, ...], tmp_path: Path) -> None:
    error = error_of(*command, database_url=f"sqlite:///{tmp_path}")
    assert f"the SQLite database {tmp_path} is a folder: set TICKBOX_DATABASE_URL" in error


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="root may create a file anywhere else")
def test_a_file_that_cannot_be_created_is_reported() -> None:
    error = error_of("migrate", database_url="sqlite:////proc/tickbox.db")
    assert "the SQLite database /proc/tickbox.db cannot be created" in error


def test_only_the_owner_can_read_a_database(tmp_path: Path) -> None:
    """Nor can others read the files that SQLite has beside it."""
    path = tmp_path / "tickbox.db"
    before = os.umask(0o022)
    try:
        assert run("migrate", settings={"database_url": f"sqlite:///{path}"}).exit_code == 0
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("CREATE TABLE more (id)")
            files = sorted(tmp_path.glob("tickbox.db*"))
            assert [file.name for file in files] == ["tickbox.db", "tickbox.db-shm", "tickbox.db-wal"]
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    finally:
        os.umask(before)


def test_downgrading_creates_no_database(tmp_path: Path) -> None:
    error = error_of("migrate", "--down", "base", database_url=f"sqlite:///{tmp_path}/tickbox.db")
    assert f"{tmp_path}/tickbox.db does not exist" in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_is_not_a_database_is_reported(command: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy seeds\n" * 100)
    error = error_of(*command, database_url=f"sqlite:///{path}")
    assert error == f"Error: {path} is not an SQLite database: correct TICKBOX_DATABASE_URL"
    assert path.read_text() == "buy seeds\n" * 100


def test_tables_of_another_program_are_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as shop:
        shop.execute("CREATE TABLE users (name TEXT)")
    error = error_of("migrate", database_url=f"sqlite:///{path}")
    assert f"the SQLite database {path} cannot be migrated (table users already exists)" in error
    with sqlite3.connect(path) as shop:
        assert shop.execute("SELECT name FROM sqlite_master").fetchall() == [("users",)]


def test_an_unknown_revision_is_rejected_with_a_list_of_the_known_ones(sqlite_databases: SqliteDatabases) -> None:
    url = sqlite_databases.migrated()
    error = error_of("migrate", "--down", "nope", database_url=url)
    sqlite_databases.remove(url)
    known = ", ".join(("base", *REVISIONS))
    assert error == f"Error: {name_of(url)} cannot be migrated to 'nope': the revisions are {known}"


@pytest.mark.parametrize(("before", "found"), [(REVISIONS[-2], f"at {REVISIONS[-2]}"), ("base", "empty")])
def test_going_down_to_a_newer_revision_is_rejected(sqlite_databases: SqliteDatabases, before: str, found: str) -> None:
    url = sqlite_databases.migrated()
    migrations.downgrade(url, before)
    error = error_of("migrate", "--down", REVISION, database_url=url)
    sqlite_databases.remove(url)
    assert error == (f"Error: {name_of(url)} is {found}, which is older than {REVISION}: `tickbox migrate` goes up")


# --- PostgreSQL that cannot be reached ---


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_server_that_does_not_run_is_reported(command: tuple[str, ...], host: str) -> None:
    error = error_of(*command, database_url=f"postgresql://me:secret@{host}:1/todo")
    name = f"the PostgreSQL database {host}:1/todo"
    assert error == f"Error: {name} refuses connections: start it, or correct TICKBOX_DATABASE_URL"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_socket_that_does_not_exist_is_reported(command: tuple[str, ...], tmp_path: Path) -> None:
    error = error_of(*command, database_url=f"postgresql://me@/todo?host={tmp_path}/run")
    assert f"the folder {tmp_path}/run does not exist; correct TICKBOX_DATABASE_URL" in error
    error = error_of(*command, database_url=f"postgresql://me@/todo?host={tmp_path}")
    assert error == (
        f"Error: the PostgreSQL database {tmp_path}/todo has no socket in its folder: start it, or correct"
        " TICKBOX_DATABASE_URL"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_database_that_the_server_does_not_have_is_reported(
    command: tuple[str, ...], postgres_databases: PostgresDatabases
) -> None:
    url = postgres_databases.empty()
    postgres_databases.remove(url)
    create = f"create it (`createdb {make_url(url).database}`), or correct TICKBOX_DATABASE_URL"
    assert error_of(*command, database_url=url) == f"Error: {name_of(url)} does not exist: {create}"


# --- accounts ---


def test_an_account_s_errors_name_the_database_and_what_to_do(sqlite_databases: SqliteDatabases) -> None:
    url = sqlite_databases.migrated()
    create = ("user", "create", "ada@example.com", "--name", "Ada")
    assert run(*create, settings={"database_url": url}, stdin=PASSWORD + "\n").exit_code == 0
    error = error_of(*create, database_url=url)
    assert "An account has this e-mail address already. `tickbox user password` sets a new password" in error
    assert name_of(url) in error
    error = error_of("user", "password", "bob@example.com", database_url=url)
    assert "No account has this e-mail address. `tickbox user create` creates one." in error
    assert name_of(url) in error
    sqlite_databases.remove(url)


def test_all_errors_of_a_new_account_are_reported_at_once(sqlite_databases: SqliteDatabases) -> None:
    url = sqlite_databases.migrated()
    found = run("user", "create", "ada at home", "--name", " ", settings={"database_url": url}, stdin="short\n")
    sqlite_databases.remove(url)
    assert found.exit_code == 1
    assert {line.removeprefix("Error:").strip().partition(":")[0] for line in found.stderr.splitlines()} == {
        "email",
        "name",
        "password",
    }


@pytest.mark.parametrize(("stdin", "part"), [("", "a password is required"), (b"\xff\n", "must be UTF-8")])
def test_a_password_that_cannot_be_read_is_reported_in_one_line(
    stdin: str | bytes, part: str, sqlite_databases: SqliteDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONUTF8", "1")
    url = sqlite_databases.migrated()
    create = ("user", "create", "ada@example.com", "--name", "Ada")
    assert run(*create, settings={"database_url": url}, stdin=PASSWORD + "\n").exit_code == 0
    found = run("user", "password", "ada@example.com", settings={"database_url": url}, stdin=stdin)
    sqlite_databases.remove(url)
    assert found.exit_code == 1
    (line,) = found.stderr.splitlines()
    assert part in line


# --- a Python that is too old ---


def stand_in(path: Path, version: str) -> Path:
    """A Python that claims to be another version, and that makes a folder like `venv` does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = tuple(map(int, version.split(".")))
    path.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = -m ]; then mkdir -p .venv/bin; exit 0; fi\n'
        f'exec \'{sys.executable}\' -c "import sys; sys.version_info = {numbers}; exec(sys.argv[1])" "$2"\n'
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "Makefile").write_bytes(MAKEFILE.read_bytes())
    (folder / "contract").mkdir(exist_ok=True)
    for name in ("requirements.txt", "requirements-dev.txt", "pyproject.toml", "contract/pyproject.toml"):
        (folder / name).touch()
    return subprocess.run(
        ["make", *arguments],  # noqa: S607  # the one on the PATH
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},  # of `make test`
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_make_help_lists_every_target(tmp_path: Path) -> None:
    listed = [line.split()[0] for line in make(tmp_path, "help").stdout.splitlines()]
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(set(phony.split()) - {"python"})


def test_make_try_without_an_operation_says_how_to_name_one() -> None:
    result = CliRunner().invoke(try_operation, [])
    assert (result.exit_code, result.stderr) == (1, "Error: name an operation: make try OP=complete_task\n")


@pytest.mark.parametrize("target", ["serve", "test", "check"])
def test_a_python_that_is_too_old_creates_no_environment(tmp_path: Path, target: str) -> None:
    old = stand_in(tmp_path / "bin" / "python3.10", "3.10.13")
    result = make(tmp_path, target, f"PYTHON={old}")
    assert result.returncode != 0
    first, *rest = result.stderr.splitlines()
    assert f"Tickbox needs Python 3.11 or newer, and {old} is 3.10.13" in first
    assert "PYTHON=" in first
    assert all(line.startswith("make: ***") for line in rest)
    assert not (tmp_path / ".venv").exists()


def test_an_environment_of_an_old_python_is_reported(tmp_path: Path) -> None:
    stand_in(tmp_path / ".venv" / "bin" / "python", "3.10.13")
    result = make(tmp_path, "serve", f"PYTHON={sys.executable}")
    assert result.returncode != 0
    assert "Tickbox needs Python 3.11 or newer, and .venv has 3.10.13: run 'make clean'" in result.stderr


def test_an_environment_whose_python_was_deleted_is_reported(tmp_path: Path) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(tmp_path / "gone")
    result = make(tmp_path, "serve", f"PYTHON={sys.executable}")
    assert result.returncode != 0
    assert "run 'make clean'" in result.stderr.splitlines()[0]


def test_a_python_that_does_not_exist_is_reported_in_one_line(tmp_path: Path) -> None:
    result = make(tmp_path, "serve", "PYTHON=python3.99")
    assert result.returncode != 0
    assert (
        "Tickbox needs Python 3.11 or newer, and python3.99 cannot be run: name another"
        in result.stderr.splitlines()[0]
    )


def test_a_python_that_cannot_be_run_is_reported_in_one_line_without_its_output(tmp_path: Path) -> None:
    """A shim of pyenv prints several lines if its version is not installed; `false` prints nothing."""
    shim = tmp_path / "shim"
    shim.write_text("#!/bin/sh\nprintf 'pyenv: not found\\n\\nIt exists in\\n  3.12\\n' >&2\nexit 127\n")
    shim.chmod(0o755)
    for python in (str(shim), "false"):
        result = make(tmp_path, "serve", f"PYTHON={python}")
        first, *rest = result.stderr.splitlines()
        assert f"Tickbox needs Python 3.11 or newer, and {python} cannot be run: name another one" in first
        assert all(line.startswith("make: ***") for line in rest)
