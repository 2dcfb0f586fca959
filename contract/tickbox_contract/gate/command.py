"""The command line of the gate: `tickbox-contract gate` for any contract, and `tickbox gate`, which has its own."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, cast

import click

from tickbox_contract.handlers import find_handler
from tickbox_contract.openapi.rules import STAGES, Rule, Stage

from . import messages, reports
from .compatible.releases import NoReleaseError, releases
from .compatible.stage import ReleaseComparer
from .contracts import Surroundings
from .findings import Report, printable
from .fixes import fix
from .reading import UnreadableError
from .rule_sets import ADVICE, DEFAULT_SETS, RULE_SETS, RuleSet, chosen
from .rules import RULES, run

_FILE = click.Path(path_type=Path)
_EXISTING_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A program's own contract, which its gate checks if no other one is named.

    `released` is the folder of its releases; `handlers` is the name of a package; `notes` are texts beside it; see
    Surroundings for the other two.
    """

    contract: Path
    released: Path
    handlers: str
    notes: tuple[Path, ...]
    access_words: Callable[[], Mapping[str, Collection[str]]]
    stale_models: Callable[[], list[str]]


class CannotRun(click.ClickException):
    """The gate could not check the contract, so there is neither success nor failure."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


def gate_command(own: Own | None = None) -> click.Command:
    """The command `gate`. Without *own* it needs `--contract`."""

    @click.command("gate", context_settings={"help_option_names": ["-h", "--help"]})
    @click.argument("stages", nargs=-1, type=click.Choice(STAGES), metavar="[valid] [style] [complete] [compatible]")
    @click.option(
        "--contract", metavar="FILE", type=_FILE, help=f"An OpenAPI 3.0 file.{' Default: our own.' if own else ''}"
    )
    @click.option(
        "--against",
        metavar="RELEASE",
        multiple=True,
        help="A released contract for stage compatible: a file, a folder of files, or a git revision. Can be repeated."
        f"{' Default: our own releases.' if own else ''}",
    )
    @click.option(
        "--rule-set",
        "rule_sets",
        multiple=True,
        type=click.Choice(RULE_SETS),
        help="Check these rules.",
        show_default="standard",
    )
    @click.option("--handlers", metavar="PACKAGE", help="The Python package with the handlers, a module for each tag.")
    @click.option(
        "--notes", metavar="FILE", type=_EXISTING_FILE, multiple=True, help="A text that --format messages compares."
    )
    @click.option(
        "--format", "form", type=click.Choice(["table", "github", "messages"]), default="table", show_default=True
    )
    @click.option("--junit", metavar="FILE", type=_FILE, help="Write JUnit XML as well.")
    @click.option("--sarif", metavar="FILE", type=_FILE, help="Write SARIF 2.1.0 as well.")
    @click.option("--fix", is_flag=True, help="First write the standard responses and headers that operations lack.")
    @click.option("--rules", is_flag=True, help="List the rules with their sources and reasons, and stop.")
    def gate(stages: tuple[str, ...], contract: Path | None, *, rules: bool, **options: Any) -> None:
        """Check whether a contract is valid, in good style, complete, and compatible with its releases.

        All stages run if none is named, the last one if there is a release. Exits with 0 if nothing is wrong, with 1 if
        something is, and with 2 if the contract could not be checked.
        """
        if rules:
            click.echo("\n".join(reports.rule_table(RULES)))
            return
        if contract is None and own is None:
            raise click.UsageError("Name the contract: --contract FILE.")
        chosen = cast("tuple[Stage, ...]", stages) or STAGES
        sys.exit(_check(contract, own, chosen, **options))

    return gate


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tickbox-contract")
def main() -> None:
    """Check an OpenAPI 3.0 contract."""


main.add_command(gate_command())


def _check(contract: Path | None, own: Own | None, stages: tuple[Stage, ...], **options: Any) -> int:
    """Run the rules, print and write the reports, and return the exit code."""
    if contract is None:
        assert own is not None  # the command requires it
        path, notes = own.contract, options["notes"] or own.notes
    else:
        path, own, notes = contract, None, options["notes"]
    try:
        if options["fix"]:
            _fix(path)
        report = _report(path, own, stages, options)
        _write(report, options["junit"], options["sarif"])
        lines = list(_lines(report, options["form"], notes))
    except UnreadableError as error:
        raise CannotRun(f"{_shown(path)}: {error}") from error
    except NoReleaseError as error:
        raise CannotRun(str(error)) from error
    except OSError as error:
        raise CannotRun(f"{error.filename}: {error.strerror}: name another file") from error
    except (click.ClickException, KeyboardInterrupt):
        raise
    except BaseException as error:  # the outermost edge; a panic of jsonschema_rs is not an Exception
        raise CannotRun(f"{_shown(path)}: the gate fails ({_described(error)}): report it") from error
    click.echo("\n".join(lines))
    return 1 if report.errors else 0 if report.is_sound else CannotRun.exit_code


def _fix(path: Path) -> None:
    """Write what `fix` adds into the file, and print it to standard error: the report has standard output."""
    raw = path.read_bytes()
    fixed = fix(raw)
    if fixed.notes:
        path.write_bytes(fixed.raw)
    for note in fixed.notes:
        click.echo(f"fixed {printable(note)}", err=True)
    if not fixed.notes:
        click.echo("nothing was fixed: no standard response or header could be added", err=True)


def _report(path: Path, own: Own | None, stages: tuple[Stage, ...], options: Mapping[str, Any]) -> Report:
    handlers, words = options["handlers"], own.access_words() if own else None
    roles = (words or {}).get("role", ())
    surroundings = Surroundings(
        handlers=_finder(handlers, own) if "complete" in stages else None,
        stale_models=own.stale_models if own else None,
        access_words=words,
        compare=_comparer(path, own, options["against"], roles=roles) if "compatible" in stages else None,
    )
    if surroundings.compare is None:
        stages = tuple(stage for stage in stages if stage != "compatible")
    if not stages:
        raise NoReleaseError("there is no release to compare with: name one with --against")
    rules = _rules(own, options["rule_sets"], with_handlers=handlers is not None)
    return run(path.read_bytes(), file=_shown(path), stages=stages, surroundings=surroundings, rules=rules)


def _rules(own: Own | None, sets: tuple[RuleSet, ...], *, with_handlers: bool) -> tuple[Rule, ...]:
    """All rules hold for a program's own contract, and what is advice to others is an error."""
    if own:
        return tuple(replace(rule, severity="error") if rule.rule_id in ADVICE else rule for rule in RULES)
    return chosen(RULES, sets or DEFAULT_SETS, and_also={"operation-handler"} if with_handlers else ())


def _comparer(
    path: Path, own: Own | None, against: tuple[str, ...], *, roles: Collection[str]
) -> ReleaseComparer | None:
    """Compare the contract at *path* with the releases that *against* names, or with our own; None if there is none."""
    named = against or ((_shown(own.released),) if own and own.released.is_dir() else ())
    found = tuple(release for name in named for release in releases(name, contract=path))
    if against and not found:
        raise NoReleaseError(f"{', '.join(against)} has no contract: name a file, a folder or a git revision")
    return ReleaseComparer(found, datetime.now(UTC).date(), tuple(roles)) if found else None


def _finder(package: str | None, own: Own | None) -> Callable[[str, str], bool] | None:
    """Look for the handlers of a tag in a module of *package*, which may be in the current folder."""
    name = package or (own.handlers if own else None)
    if name is None:
        return None
    if package:
        sys.path.insert(0, str(Path.cwd()))
        _require_not_loaded(package.partition(".")[0])
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
        raise CannotRun(f"{name} cannot be imported ({_described(error)}): name a package for --handlers") from error


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _shown(path: Path) -> str:
    """Relative to the current folder, if that is above it: annotations need such a path."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def _write(report: Report, junit: Path | None, sarif: Path | None) -> None:
    if junit:
        junit.write_text(reports.junit(report), encoding="utf-8")
    if sarif:
        log = reports.sarif(report, version=metadata.version("tickbox-contract"))
        sarif.write_text(json.dumps(log, indent=1) + "\n", encoding="utf-8")


def _lines(report: Report, form: str, notes: tuple[Path, ...]) -> list[str]:
    if form == "messages":
        texts = {_shown(path): path.read_text(encoding="utf-8", errors="replace") for path in notes}
        return [json.dumps(line) for line in messages.lines(report, texts)]
    return list(reports.github(report) if form == "github" else reports.table(report))
