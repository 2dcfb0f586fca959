"""The command line of the gate: `tickbox-contract gate` for any contract, and `tickbox gate`, which has its own."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import click

from . import messages, reports
from .changelogs import changelog_command
from .exceptions import SETTINGS_RULES
from .failures import CannotRun, explained, shown
from .findings import Report, printable
from .fixes import fix
from .gitlab import code_quality
from .inputs import contract_of, settings_of
from .junit import junit
from .options import options
from .rules import RULES
from .runs import Own, Run
from .sarif import sarif
from .settings import Settings
from .texts import bytes_of

__all__ = ["Own", "gate_command", "main"]


_FEW_COLLECTIONS = 1_000_000
"""After how many new objects the garbage collector looks at them: of a large contract, nearly all stay."""


def gate_command(own: Own | None = None) -> click.Command:
    """The command `gate`. Without *own* it needs `--contract`, or settings that name one."""

    @click.command(
        "gate",
        cls=_Gate,
        changelog=changelog_command(own),
        params=options(is_own=own is not None),
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    def gate(contract: Path | None, config: Path | None, *, rules: bool, **others: Any) -> None:
        """Check a contract, and what has changed since its releases.

        The stages valid, style, complete and compatible run if none is named, the last one if there is a release.
        With --url, also check whether a running server conforms to the contract, and whether it is guarded. The
        stage clients only runs if it is named: it generates SDKs, compiles them, and runs your programs with them.
        Exits with 0 if there is no error, with 1 if there is one, and with 2 if the contract could not be checked.
        `gate changelog` writes what has changed.
        """
        if rules:
            click.echo("\n".join(reports.rule_table((*RULES, *SETTINGS_RULES))))
            return
        settings = settings_of(contract, config, is_ours=own is not None and contract is None)
        path = contract or contract_of(settings, own)
        is_ours = contract is None and settings.contract is None
        sys.exit(_check(path, own if is_ours else None, settings, **others))

    return gate


class _Gate(click.Command):
    """The command `gate`, and `gate changelog`: what follows `gate` is otherwise the name of a stage."""

    def __init__(self, *arguments: Any, changelog: click.Command, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._changelog = changelog

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The context of one of the two commands."""
        if args[:1] == ["changelog"]:
            return self._changelog.make_context(f"{info_name} changelog", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:  # what the command returns
        """Run the command of *ctx*."""
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tickbox-contract")
def main() -> None:
    """Check an OpenAPI contract."""


main.add_command(gate_command())


def _check(path: Path, own: Own | None, settings: Settings, **others: Any) -> int:
    """Run the rules, print and write the reports, and return the exit code."""
    gc.set_threshold(_FEW_COLLECTIONS)
    notes = others.pop("notes") or settings.notes or (own.notes if own else ())
    form, is_fixed = others.pop("form"), others.pop("fix")
    files = {name: others.pop(name) for name in ("junit", "sarif", "gitlab")}
    with explained(path):
        if is_fixed:
            _fix(path)
        today = datetime.now(UTC).date()
        report = Run(path=path, own=own, settings=settings, today=today, **others).report()
        _write(report, files)
        lines = list(_lines(report, form, notes))
    click.echo("\n".join(lines))
    return 1 if report.errors else 0 if report.is_sound else CannotRun.exit_code


def _fix(path: Path) -> None:
    """Write what `fix` adds into the file, and print it to standard error: the report has standard output."""
    raw = bytes_of(path)
    fixed = fix(raw)
    if fixed.notes:
        path.write_bytes(fixed.raw)
    for note in fixed.notes:
        click.echo(f"fixed {printable(note)}", err=True)
    if not fixed.notes:
        click.echo("nothing was fixed: no standard response or header could be added", err=True)


def _write(report: Report, files: Mapping[str, Path | None]) -> None:
    """Write the report in each form for which a file is named."""
    forms: dict[str, Callable[[], str]] = {
        "junit": lambda: junit(report),
        "sarif": lambda: _json(sarif(report, version=metadata.version("tickbox-contract"))),
        "gitlab": lambda: _json(code_quality(report)),
    }
    for form, file in files.items():
        if file:
            file.write_text(forms[form](), encoding="utf-8")


def _json(value: Any) -> str:
    return json.dumps(value, indent=1) + "\n"


def _lines(report: Report, form: str, notes: tuple[Path, ...]) -> list[str]:
    if form == "messages":
        texts = {shown(path): path.read_text(encoding="utf-8", errors="replace") for path in notes}
        return [json.dumps(line) for line in messages.lines(report, texts)]
    return list(reports.github(report) if form == "github" else reports.table(report))
