"""The `tickbox` command: `serve`, `migrate`, `routes`, `user`, `gate`. An error is one line, with what to do."""

import asyncio
import contextlib
import getpass
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click
import uvicorn
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from app.background import write
from app.logging import configure_logging
from app.main import URN_PREFIX, VOCABULARY, build, contract_path, make_parts
from app.settings import Settings, unknown_variables
from contract.access import AccessRule
from contract.document import Document
from contract.faults import schema_faults
from contract.operations import ContractMismatchError
from contract.protocol import bounded_protocol
from contract.schemas import SchemaCompiler
from domain import users
from domain.errors import DomainError, StorageUnavailable
from persistence import schema
from persistence.database import Database
from persistence.unit_of_work import UnitOfWork

Result = TypeVar("Result")

_TRY = """\
Tickbox is ready on {url}
  contract   curl {url}/openapi.yaml
  register   curl {url}/v1/users -H 'Content-Type: application/json' \\
               -d '{{"email": "ada@example.com", "password": "correct horse battery staple", "name": "Ada"}}'
  log in     curl {url}/v1/sessions -H 'Content-Type: application/json' \\
               -d '{{"email": "ada@example.com", "password": "correct horse battery staple"}}'
  the rest   README.md; stop with Ctrl-C
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tickbox")
def main() -> None:
    """A headless to-do server whose OpenAPI contract is the program. Its settings are TICKBOX_* variables."""


@main.command()
@click.option("--host", help="The address to listen on (TICKBOX_HOST).")
@click.option("--port", type=click.IntRange(0, 65535), help="The port to listen on, 0 for any (TICKBOX_PORT).")
def serve(host: str | None, port: int | None) -> None:
    """Serve the API until SIGINT or SIGTERM; then finish what runs, and stop."""
    settings = _settings(**{key: value for key, value in (("host", host), ("port", port)) if value is not None})
    _require_schema(settings)
    configure_logging(settings.log_level)
    try:
        application = build(settings)
    except ContractMismatchError as error:
        raise click.ClickException(str(error)) from error
    server = _Server(
        uvicorn.Config(
            application,
            http=bounded_protocol(URN_PREFIX),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=settings.shutdown_timeout_s,
        )
    )
    # Once everything has stopped, uvicorn raises the signal again: a stop that was asked for is a success.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[_listen(settings)])
    if not server.started:
        sys.exit(1)


@main.command()
@click.option("--down", metavar="REVISION", help="Go back to REVISION instead; `base` leaves nothing.")
def migrate(down: str | None) -> None:
    """Bring the database to the newest schema. It is made if it is an SQLite file that is not there yet."""
    # Alembic is heavy.
    from alembic.util import CommandError  # noqa: PLC0415  # only needed here

    import migrations  # noqa: PLC0415  # as above

    settings = _settings()
    try:
        if settings.sqlite_path:
            settings.sqlite_path.parent.mkdir(parents=True, exist_ok=True)
        before = migrations.current(settings.database_url)
        if down is None:
            migrations.upgrade(settings.database_url)
        else:
            migrations.downgrade(settings.database_url, down)
        after = migrations.current(settings.database_url)
    except CommandError as error:
        raise click.ClickException(f"{error}: see migrations/versions") from error
    except (OSError, DBAPIError) as error:
        raise click.ClickException(_unreachable(error)) from error
    click.echo(f"database: {before or 'empty'} -> {after or 'empty'}" if before != after else f"database: at {after}")


@main.command()
def routes() -> None:
    """List the operations of the contract, with what each needs and the problems of its own (`x-problems`)."""
    for source in Document.read(contract_path()).operations():
        access = source.node.get("x-access")
        needs = "-"
        if access:
            try:
                rule = AccessRule.parse(access, VOCABULARY)
            except ValueError as error:
                raise click.ClickException(f"{source.operation_id}: {error}") from error
            needs = rule.scope if "role" not in access else f"{rule.scope} {access['role']}"
        problems = " ".join(source.node.get("x-problems", ()))
        click.echo(f"{source.method.upper():7}{source.path:62}{source.operation_id:26}{needs:16}{problems}".rstrip())


@main.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def gate(arguments: tuple[str, ...]) -> None:
    """Say whether a contract is valid, in good style and complete."""
    from app.gate import gate as command  # noqa: PLC0415  # 3 MB that a server does not need

    command.main(list(arguments), prog_name="tickbox gate")


@main.group()
def user() -> None:
    """Manage accounts, whatever TICKBOX_REGISTRATION says.

    At a terminal the password is asked for; else it is the first line of standard input.
    """


@user.command("create")
@click.argument("email")
@click.option("--name", required=True, help="What others see.")
@click.option("--time-zone", default="UTC", show_default=True, help="An IANA time zone.")
def create_user(email: str, name: str, time_zone: str) -> None:
    """Create an account for EMAIL. Its password is asked for, or is the first line of standard input."""
    body = {"email": email, "password": _password(), "name": name, "time_zone": time_zone}
    _check("UserCreate", body)
    created = _run(lambda work: users.register(work, **body))
    click.echo(f"created {created.id}")


@user.command("password")
@click.argument("email")
def set_password(email: str) -> None:
    """Set a new password for EMAIL, and end all of the account's sessions; its personal tokens stay.

    The password is asked for, or is the first line of standard input.
    """
    password = _password()
    _check("PasswordChange", {"current_password": "-", "new_password": password})
    _run(lambda work: users.set_password(work, email=email, new_password=password))
    click.echo("password set, sessions ended")


class _Server(uvicorn.Server):
    """Says what to try once it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            click.echo(_TRY.format(url=url), err=True)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except (OSError, UnicodeError) as error:  # the latter for what cannot be the name of a host
        where = f"{settings.host}:{settings.port}"
        raise click.ClickException(
            f"cannot listen on {where} ({_reason(error)}): set TICKBOX_HOST, TICKBOX_PORT"
        ) from error


def _reason(error: OSError | UnicodeError) -> str:
    """Without the address, which Python adds; `os.strerror` does not know a name server's numbers."""
    return (getattr(error, "strerror", None) or "not the name of a host").partition(" (while")[0]


def _settings(**given: Any) -> Settings:
    if unknown := unknown_variables(os.environ):
        raise click.ClickException(f"{', '.join(unknown)}: no such setting; the README lists them all")
    try:
        return Settings(**given)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        name = "_".join(("TICKBOX", *map(str, found["loc"][:1]))).upper()
        raise click.ClickException(f"{name}: {found['msg']}") from error


def _require_schema(settings: Settings) -> None:
    async def is_current() -> bool:
        database = Database(settings.database_url, pool_size=1)
        try:
            return await schema.is_current(database)
        finally:
            await database.close()

    try:
        # Asking an SQLite file that is not there would make it.
        current = (not settings.sqlite_path or settings.sqlite_path.exists()) and asyncio.run(is_current())
    except StorageUnavailable as error:
        raise click.ClickException(_unreachable(error.__cause__)) from error
    if not current:
        raise click.ClickException("the database does not have this version's schema: run `tickbox migrate`")


def _unreachable(cause: BaseException | None) -> str:
    reason = str(cause.orig if isinstance(cause, DBAPIError) else cause).partition("\n")[0]
    return f"the database does not answer ({reason}): see TICKBOX_DATABASE_URL"


def _password() -> str:
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise click.ClickException("the passwords differ: nothing was changed")
        return password
    return sys.stdin.readline().rstrip("\r\n")


def _check(schema: str, body: dict[str, str]) -> None:
    """Refuse what the contract would refuse: its limits hold for operators too."""
    root = Document.read(contract_path()).root
    validator = SchemaCompiler(root).compile({"$ref": f"#/components/schemas/{schema}"}, direction="request")
    for fault in schema_faults(validator.iter_errors(body)):
        raise click.ClickException(f"{fault.place.removeprefix('#/')}: {fault.detail}")


def _run(act: Callable[[UnitOfWork], Coroutine[Any, Any, Result]]) -> Result:
    """*act* in a unit of work of its own, committed."""
    settings = _settings(registration="open")
    _require_schema(settings)

    async def run() -> Result:
        parts = make_parts(settings, Document.read(contract_path()))
        try:
            return await write(parts.dependencies, act)
        finally:
            await parts.close()

    try:
        return asyncio.run(run())
    except DomainError as error:
        raise click.ClickException(str(error)) from error
