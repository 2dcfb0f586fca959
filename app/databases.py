"""Checks and migrates the database for the commands.

Each message names the database. All functions raise click.ClickException, whose text says what is wrong and what to do.
"""

import asyncio
import errno
import sqlite3
from importlib.metadata import version
from pathlib import Path
from typing import Final

import click
from sqlalchemy.exc import DBAPIError

from app.settings import DEFAULT_DATABASE_URL, Settings
from domain.errors import StorageUnavailable
from persistence import readiness, schema
from persistence.database import Database
from persistence.urls import name_of, parse_url, socket_folders
from persistence.violations import StatementFailed

_CORRECT: Final = "correct TICKBOX_DATABASE_URL"
_NO_SUCH_DATABASE: Final = "3D000"
"""PostgreSQL's code for it."""
_OTHER: Final = "set TICKBOX_DATABASE_URL to another database"


def require_schema(settings: Settings) -> None:
    """Raise click.ClickException unless the database responds and has the schema that this version needs."""
    _require_file(settings)
    _require_openable(settings)
    try:
        found = asyncio.run(_current(settings))
    except (StorageUnavailable, StatementFailed) as error:
        raise unreachable(settings, error.__cause__ or error) from error
    if found is None:
        raise click.ClickException(
            f"{name_of(settings.database_url)} was not migrated yet: run `tickbox migrate`, or {_OTHER}"
        )
    _require_known(settings, found)
    if found != schema.REVISION:
        raise click.ClickException(
            f"{name_of(settings.database_url)} is at revision {found}, and this version of Tickbox needs"
            f" {schema.REVISION}: run `tickbox migrate`"
        )


def migrate_to(settings: Settings, *, down: str | None) -> str:
    """Migrate the database to the newest revision, or *down* to an older one. Return what was done, as a sentence.

    An SQLite file that does not exist is created. A folder is only created for the default file.
    """
    from alembic.util import CommandError  # noqa: PLC0415  # it is large, and only needed here

    import migrations  # noqa: PLC0415  # as above

    name = name_of(settings.database_url)
    _require_openable(settings)
    created = _make_room(settings) if down is None else _require_file(settings)
    if down is not None:
        _require_revision(settings, down)
    try:
        before = migrations.current(settings.database_url)
        if before is not None:
            _require_known(settings, before)
        if down is None:
            migrations.upgrade(settings.database_url)
        else:
            _require_older(settings, down, than=before)
            migrations.downgrade(settings.database_url, down)
        after = migrations.current(settings.database_url)
    except CommandError as error:
        known = ", ".join(("base", *schema.REVISIONS))
        raise click.ClickException(f"cannot migrate {name}: {error}; the revisions are {known}") from error
    except (OSError, DBAPIError) as error:
        raise unreachable(settings, error, what="cannot be migrated") from error
    if before == after:
        return f"{name} is at revision {after}: nothing to do"
    return f"{'created' if created else 'migrated'} {name}: {before or 'empty'} -> {after or 'empty'}"


def unreachable(
    settings: Settings, cause: BaseException | None, *, what: str = "does not respond"
) -> click.ClickException:
    """Return an error that names the database, and says what to do; an unknown cause is quoted, its first line."""
    error = cause.orig if isinstance(cause, DBAPIError) else cause
    return click.ClickException(_known_cause(settings, error) or _quoted_cause(settings, error, what))


def _known_cause(settings: Settings, error: BaseException | None) -> str | None:
    """Return what to do about the usual causes; None for another one."""
    name = name_of(settings.database_url)
    path = settings.sqlite_path
    if path is not None and getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
        return f"{path.absolute()} is not an SQLite database: {_CORRECT}"
    if getattr(error, "sqlstate", None) == _NO_SUCH_DATABASE:
        database = parse_url(settings.database_url).database
        return f"{name} does not exist: create it (`createdb {database}`), or {_CORRECT}"
    if isinstance(error, FileNotFoundError) and error.filename is None:  # a socket: its folder may exist
        return f"{name} {_missing_socket(settings)}"
    if f"[Errno {errno.ECONNREFUSED}]" in str(error):  # also if several addresses were tried
        return f"{name} refuses connections: start it, or {_CORRECT}"
    return None


def _missing_socket(settings: Settings) -> str:
    missing = [folder for folder in socket_folders(settings.database_url) if not folder.is_dir()]
    if missing:
        return f"cannot be reached: the folder {missing[0]} does not exist; {_CORRECT}"
    return f"has no socket in its folder: start it, or {_CORRECT}"


def _quoted_cause(settings: Settings, error: BaseException | None, what: str) -> str:
    notes = "; ".join(getattr(error, "__notes__", ()))
    reason = notes or str(error).partition("\n")[0] or type(error).__name__  # a TimeoutError has no text
    return f"{name_of(settings.database_url)} {what} ({reason}): see TICKBOX_DATABASE_URL"


async def _current(settings: Settings) -> str | None:
    database = Database(settings.database_url, pool_size=1, prepares=settings.database_prepared_statements == "on")
    try:
        return await readiness.current(database)
    finally:
        await database.close()


def _require_known(settings: Settings, found: str) -> None:
    """Raise click.ClickException if this version does not know the revision of the database."""
    name = name_of(settings.database_url)
    if schema.is_newer(found):
        raise click.ClickException(
            f"this version of Tickbox ({version('tickbox')}, which needs revision {schema.REVISION}) is older than"
            f" {name}, which is at revision {found}: install the newer version again, or restore a backup from before"
            " it was migrated"
        )
    if found not in schema.REVISIONS:
        raise click.ClickException(
            f"{name} is at revision {found!r}, which is not one of Tickbox: it belongs to another program; {_OTHER}"
        )


def _require_file(settings: Settings) -> bool:
    """Raise click.ClickException if the SQLite file does not exist: to open it would create it. Else return False."""
    if settings.sqlite_path and not settings.sqlite_path.exists():
        _require_folder(settings, settings.sqlite_path)
        raise click.ClickException(
            f"{name_of(settings.database_url)} does not exist: run `tickbox migrate` to create it, or, if you have one"
            f" in another folder, set TICKBOX_DATABASE_URL to its full path"
        )
    return False


def _require_openable(settings: Settings) -> None:
    """Raise click.ClickException if an SQLite database exists and cannot be opened.

    The driver would fail in its own thread, which prints a traceback if the event loop ends first.
    """
    path = settings.sqlite_path
    if path is None or not path.exists():
        return
    if path.is_dir():
        raise click.ClickException(
            f"{name_of(settings.database_url)} is a folder: set TICKBOX_DATABASE_URL to the full path of a file"
        )
    try:
        sqlite3.connect(path).close()
    except sqlite3.Error as error:
        raise unreachable(settings, error, what="cannot be opened") from error


def _require_revision(settings: Settings, revision: str) -> None:
    """Raise click.ClickException unless *revision* is known."""
    known = ("base", *schema.REVISIONS)
    if revision not in known:
        raise click.ClickException(
            f"{name_of(settings.database_url)} cannot be migrated to {revision!r}: the revisions are {', '.join(known)}"
        )


def _require_older(settings: Settings, revision: str, *, than: str | None) -> None:
    """Raise click.ClickException if *revision* is newer than the one of the database: *than*, None for an empty one."""
    known = ("base", *schema.REVISIONS)
    if known.index(revision) > known.index(than or "base"):
        found = "empty" if than is None else f"at {than}"
        raise click.ClickException(
            f"{name_of(settings.database_url)} is {found}, which is older than {revision}: `tickbox migrate` goes up"
        )


def _require_folder(settings: Settings, path: Path) -> None:
    """Raise click.ClickException if the folder of *path* does not exist and is not the default one."""
    if settings.database_url != DEFAULT_DATABASE_URL and not path.parent.is_dir():
        raise click.ClickException(
            f"the folder {path.parent.absolute()} of {name_of(settings.database_url)} does not exist: create it, or"
            " correct TICKBOX_DATABASE_URL"
        )


def _make_room(settings: Settings) -> bool:
    """Create an empty SQLite file if none exists, and return whether it was created. Raises click.ClickException.

    Only its owner may read it, and the two files beside it, to which SQLite gives the same mode: it has the tasks and
    e-mail addresses of users.
    """
    path = settings.sqlite_path
    if path is None or path.exists():
        return False
    _require_folder(settings, path)
    try:
        path.parent.mkdir(exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise unreachable(settings, error, what="cannot be created") from error
    return True
