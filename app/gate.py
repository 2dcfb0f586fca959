"""`tickbox gate`: is a contract good? It needs the file alone, and loads neither the server nor the database."""

from __future__ import annotations

import importlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from importlib import metadata, resources
from pathlib import Path
from typing import Any, cast

import click

from contract.gate import messages, reports
from contract.gate.contracts import Surroundings
from contract.gate.findings import STAGES, NotCheckableError, Report, Stage, printable
from contract.gate.places import UnreadableError
from contract.gate.rules import RULES, run
from contract.handlers import find_handler

_SPEC = resources.files("spec")
_OURS = Path(str(_SPEC / "openapi.yaml"))
OUR_NOTES = (Path(str(_SPEC / "architecture.md")), *sorted(Path(str(_SPEC / "decisions")).glob("*.md")))
_FILE = click.Path(path_type=Path)
_THERE = click.Path(path_type=Path, exists=True, dir_okay=False)


class CannotRun(click.ClickException):
    """The gate could not look, so it says neither yes nor no."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("stages", nargs=-1, type=click.Choice(STAGES), metavar="[valid] [style] [complete]")
@click.option("--contract", metavar="FILE", type=_FILE, help="An OpenAPI 3.0 file. Left out: Tickbox's own.")
@click.option("--handlers", metavar="PACKAGE", help="The Python package with the handlers, a module for each tag.")
@click.option("--notes", metavar="FILE", type=_THERE, multiple=True, help="A text that --format messages compares.")
@click.option(
    "--format", "form", type=click.Choice(["table", "github", "messages"]), default="table", show_default=True
)
@click.option("--junit", metavar="FILE", type=_FILE, help="Write JUnit XML as well.")
@click.option("--sarif", metavar="FILE", type=_FILE, help="Write SARIF 2.1.0 as well.")
@click.option("--rules", is_flag=True, help="List the rules with their sources and reasons, and stop.")
def gate(stages: tuple[str, ...], contract: Path | None, *, rules: bool, **options: Any) -> None:
    """Say whether a contract is valid, in good style and complete. All three stages run where none is named.

    Exits with 0 when nothing is wrong, with 1 when something is, and with 2 when it could not be checked.
    """
    if rules:
        click.echo("\n".join(reports.rule_table(RULES)))
        return
    try:
        report = _report(contract, options["handlers"], cast("tuple[Stage, ...]", stages) or STAGES)
        _write(report, options["junit"], options["sarif"])
        lines = list(_lines(report, options["form"], options["notes"] or (() if contract else OUR_NOTES)))
    except UnreadableError as error:
        raise CannotRun(f"{_shown(contract or _OURS)}: {error}") from error
    except OSError as error:
        raise CannotRun(f"{error.filename}: {error.strerror}: name another file") from error
    except (click.ClickException, KeyboardInterrupt):
        raise
    except BaseException as error:  # the outermost edge; a panic of jsonschema_rs is no Exception
        raise CannotRun(f"{_shown(contract or _OURS)}: the gate fails ({_told(error)}): report it") from error
    click.echo("\n".join(lines))
    sys.exit(1 if report.findings else 0 if report.is_sound else CannotRun.exit_code)


def _report(contract: Path | None, handlers: str | None, stages: tuple[Stage, ...]) -> Report:
    path = contract or _OURS
    surroundings = Surroundings(
        handlers=_finder(handlers, is_ours=contract is None) if "complete" in stages else None,
        stale_models=None if contract else _stale_models,
        access_words=None if contract else _our_access_words(),
    )
    return run(path.read_bytes(), file=_shown(path), stages=stages, surroundings=surroundings)


def _our_access_words() -> dict[str, Collection[str]]:
    from contract.access import ANY_SCOPE  # noqa: PLC0415  # a foreign contract needs nothing of ours
    from domain.principals import SESSION_SCOPES  # noqa: PLC0415  # as above
    from domain.roles import ROLES  # noqa: PLC0415  # as above

    return {"role": ROLES, "scope": {*SESSION_SCOPES, ANY_SCOPE}}


def _finder(package: str | None, *, is_ours: bool) -> Callable[[str, str], bool] | None:
    """Looks for the handlers of a tag in a module of *package*, which may lie in the folder that we are in."""
    if package is None and not is_ours:
        return None
    if package:  # before our own packages, the names of which are plain
        sys.path.insert(0, str(Path.cwd()))
    name = package or "handlers"
    with _importing(name):
        module = importlib.import_module(name)

    def has_handler(tag: str, operation_id: str) -> bool:
        with _importing(f"{name}.{tag}"):
            return find_handler(module, tag, operation_id) is not None

    return has_handler


@contextmanager
def _importing(name: str) -> Iterator[None]:
    """A module may raise anything while it is loaded, and may exit: others wrote it."""
    try:
        yield
    except (Exception, SystemExit) as error:
        raise CannotRun(f"{name} cannot be imported ({_told(error)}): name a package for --handlers") from error


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _shown(path: Path) -> str:
    """Relative to where we are, where that is above it: annotations need it so."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def _stale_models() -> list[str]:
    """What `make models` would change. The generator is a development dependency, and wants a process of its own."""
    if importlib.util.find_spec("datamodel_code_generator") is None:
        raise NotCheckableError("the development dependencies are not installed")
    command = [sys.executable, "-P", "-m", "spec.generate", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # nothing is from outside
    stale = [line.partition(" is not what ")[0] for line in done.stderr.splitlines() if " is not what " in line]
    return stale or ["what spec.generate makes"] * (done.returncode != 0)


def _write(report: Report, junit: Path | None, sarif: Path | None) -> None:
    if junit:
        junit.write_text(reports.junit(report), encoding="utf-8")
    if sarif:
        log = reports.sarif(report, version=metadata.version("tickbox"))
        sarif.write_text(json.dumps(log, indent=1) + "\n", encoding="utf-8")


def _lines(report: Report, form: str, notes: tuple[Path, ...]) -> list[str]:
    if form == "messages":
        texts = {_shown(path): path.read_text(encoding="utf-8", errors="replace") for path in notes}
        return [json.dumps(line) for line in messages.lines(report, texts)]
    return list(reports.github(report) if form == "github" else reports.table(report))
