"""The `tickbox` command line. Each error says what to do."""

import asyncio
import getpass
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, TypeVar

import click

from app import databases
from app.adapters.logging import configure_logging
from app.environment import SettingsError, read_settings, rows
from app.main import VOCABULARY, build, contract_path, make_parts
from app.serving import run_server
from app.settings import Settings
from app.units import read, write
from app.worker import run_worker
from domain import passwords, registration
from domain.errors import DomainError, StorageUnavailable
from domain.model.users import EmailTaken, UserNotFound
from persistence.unit_of_work import SqlUnitOfWork
from persistence.urls import name_of
from tickbox_contract.engine.access import AccessRule
from tickbox_contract.engine.mismatches import ContractMismatchError
from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.faults import pattern_sentences, schema_faults
from tickbox_contract.openapi.schemas import SchemaCompiler

Result = TypeVar("Result")

_ADVICE: Final[Mapping[type[DomainError], str]] = {
    EmailTaken: " `tickbox user password` sets a new password for it.",
    UserNotFound: " `tickbox user create` creates one.",
}
"""What an operator can do instead."""
_ROUTE: Final = "{:7}{:78}{:26}{:16}{}"
"""A line of `tickbox routes`."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tickbox")
def main() -> None:
    """A headless to-do server whose OpenAPI contract is the program. Its settings are TICKBOX_* variables."""


@main.command(short_help="Serve the API until SIGINT or SIGTERM.")
@click.option("--host", help="The address to listen on (TICKBOX_HOST).")
@click.option("--port", type=click.IntRange(0, 65535), help="The port to listen on, 0 for any (TICKBOX_PORT).")
def serve(host: str | None, port: int | None) -> None:
    """Serve the API until SIGINT or SIGTERM; then finish running requests, and stop."""
    settings = _settings(**{key: value for key, value in (("host", host), ("port", port)) if value is not None})
    databases.require_schema(settings)
    configure_logging(settings.log_level)
    try:
        application = build(settings)
    except ContractMismatchError as error:
        raise click.ClickException(str(error)) from error
    run_server(application, settings)


@main.command(short_help="Run the jobs without serving, until SIGINT or SIGTERM.")
def worker() -> None:
    """Run the jobs (send e-mails, delete what has expired) without serving, until SIGINT or SIGTERM.

    For servers that run with TICKBOX_JOBS=worker. Several workers may run on one database.
    """
    settings = _settings()
    databases.require_schema(settings)
    configure_logging(settings.log_level)
    try:
        run_worker(settings)
    except ContractMismatchError as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.option("--down", metavar="REVISION", help="Go back to REVISION instead; `base` deletes everything.")
def migrate(down: str | None) -> None:
    """Migrate the database to the newest schema. An SQLite file that does not exist is created."""
    click.echo(databases.migrate_to(_settings(), down=down))


@main.command("settings", short_help="List the settings with their values and meanings.")
def list_settings() -> None:
    """List each setting with its value, its default and its meaning; passwords are not shown."""
    settings = _settings()
    for row in rows(settings):
        click.echo(f"{row.variable}={row.value}")
        click.echo(f"    {row.meaning} (default: {row.default or 'none'})")
    click.echo(f"\nThe database is {name_of(settings.database_url)}.")


@main.command(short_help="List the operations with their scopes and problems.")
def routes() -> None:
    """List the operations of the contract, with the scope and role that each needs and its own problems."""
    click.echo(_ROUTE.format("METHOD", "PATH", "OPERATION", "SCOPE ROLE", "PROBLEMS"))
    for operation in Document.read(contract_path()).operations:
        access = operation.node.get("x-access")
        needs = "-"
        if access:
            try:
                rule = AccessRule.parse(access, VOCABULARY)
            except ValueError as error:
                raise click.ClickException(f"{operation.name}: {error}") from error
            needs = rule.scope if "role" not in access else f"{rule.scope} {access['role']}"
        problems = " ".join(operation.node.get("x-problems") or ())
        click.echo(_ROUTE.format(operation.method.upper(), operation.path, operation.name, needs, problems).rstrip())


@main.command("scaffold", short_help="Write stubs for an operation of the contract.")
@click.argument("operation_id")
def write_stubs(operation_id: str) -> None:
    """Write stubs for OPERATION_ID of the contract, in a checkout: a handler, a service and a unit test.

    They have the types that the contract gives. The service raises NotImplementedError, and its test fails, until you
    write them. Nothing is overwritten.
    """
    from app.scaffolding.scaffold import ScaffoldError, scaffold  # noqa: PLC0415  # for developers only

    try:
        for line in scaffold(operation_id, contract=contract_path(), root=contract_path().parents[1]):
            click.echo(line)
    except ScaffoldError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        "The service raises NotImplementedError, and its test fails, until you write them."
        f" Then run `make try OP={operation_id}`."
    )


@main.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def gate(arguments: tuple[str, ...]) -> None:
    """Check a contract, and what has changed since its releases."""
    from app.gate import gate as command  # noqa: PLC0415  # 3 MB that a server does not need

    command.main(list(arguments), prog_name="tickbox gate")


@main.group()
def user() -> None:
    """Manage accounts, whatever TICKBOX_REGISTRATION is.

    At a terminal you are asked for the password; otherwise it is the first line of standard input.
    """


@user.command("create")
@click.argument("email")
@click.option("--name", required=True, help="The name that other users see.")
@click.option("--time-zone", default="UTC", show_default=True, help="An IANA time zone.")
def create_user(email: str, name: str, time_zone: str) -> None:
    """Create an account for EMAIL. You are asked for its password, or it is the first line of standard input."""
    settings = _account_settings()
    body = {"email": email, "password": _password(), "name": name, "time_zone": time_zone}
    _check("UserCreate", body)
    created = _run(settings, lambda uow: registration.register(uow, **body))
    click.echo(f"created {created.id} in {name_of(settings.database_url)}")


@user.command("password", short_help="Set a new password, and end all sessions.")
@click.argument("email")
def set_password(email: str) -> None:
    """Set a new password for EMAIL, and end all sessions of the account. Its personal tokens stay valid.

    You are asked for the password, or it is the first line of standard input.
    """
    settings = _account_settings()
    _run(settings, lambda uow: passwords.require_account(uow, email=email), safe=True)
    password = _password()
    _check("PasswordChange", {"current_password": "-", "new_password": password})
    _run(settings, lambda uow: passwords.set_by_operator(uow, email=email, new_password=password))
    click.echo(f"password set, sessions ended in {name_of(settings.database_url)}")


def _settings(**given: Any) -> Settings:
    try:
        return read_settings(**given)
    except SettingsError as error:
        raise click.ClickException("\n       ".join(error.faults)) from error


def _account_settings() -> Settings:
    """Return the settings, once their database is known to be usable: nobody should type a password in vain."""
    settings = _settings(registration="open")
    databases.require_schema(settings)
    return settings


def _password() -> str:
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise click.ClickException("the passwords differ: nothing was changed")
        return password
    try:
        password = sys.stdin.readline().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise click.ClickException("the password on standard input must be UTF-8: nothing was changed") from error
    if not password:
        raise click.ClickException("a password is required: write it as the first line of standard input")
    return password


def _check(schema: str, body: dict[str, str]) -> None:
    """Reject what the contract would reject: its limits hold for operators, too."""
    references = Document.read(contract_path()).references
    validator = SchemaCompiler(references).compile({"$ref": f"#/components/schemas/{schema}"}, direction="request")
    faults: dict[str, str] = {}
    for fault in schema_faults(validator.iter_errors(body), pattern_sentences(references.schemas)):
        faults.setdefault(fault.place.removeprefix("#/"), fault.detail)  # only the first of each value
    if faults:
        raise click.ClickException("\n       ".join(f"{place}: {detail}" for place, detail in faults.items()))


def _run(
    settings: Settings, act: Callable[[SqlUnitOfWork], Coroutine[Any, Any, Result]], *, safe: bool = False
) -> Result:
    """Call *act* in its own unit of work, commit unless it is *safe*, and return its result."""

    async def run() -> Result:
        parts = make_parts(settings, Document.read(contract_path()))
        try:
            return await (read if safe else write)(parts.dependencies, act)
        finally:
            await parts.close()

    try:
        return asyncio.run(run())
    except StorageUnavailable as error:
        raise databases.unreachable(settings, error.__cause__ or error) from error
    except DomainError as error:
        advice = _ADVICE.get(type(error), "")
        raise click.ClickException(
            f"{error}{advice} Nothing was changed in {name_of(settings.database_url)}."
        ) from error
