"""The options of the command `gate`: what is checked, by which rules, and how it is reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tickbox_contract.openapi.rules import FILE_STAGES, NAMED_STAGES, SERVER_STAGES

from .live.servers import is_url
from .rule_sets import RULE_SETS

_STAGES = (*FILE_STAGES, *SERVER_STAGES, *NAMED_STAGES)
_FILE = click.Path(path_type=Path)
_EXISTING_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def options(*, is_own: bool) -> list[click.Parameter]:
    """All options. *is_own* means that a program's own contract is checked if no other one is named."""
    return [*_contract(is_own=is_own), *_server(), *_rules(), *_reports()]


def _contract(*, is_own: bool) -> list[click.Parameter]:
    ours = " Default: our own." if is_own else ""
    releases = " Default: our own releases." if is_own else ""
    return [
        click.Argument(
            ["stages"], nargs=-1, type=click.Choice(_STAGES), metavar=" ".join(f"[{stage}]" for stage in _STAGES)
        ),
        _file("--contract", f"An OpenAPI file.{ours}"),
        _list(
            "--against", "RELEASE", "A released contract for stage compatible: a file, a folder of files, or a git "
            f"revision. Can be repeated.{releases}",
        ),
        _option("--handlers", "The Python package with the handlers, a module for each tag.", metavar="PACKAGE"),
        _list("--notes", "FILE", "A text that --format messages compares.", type=_EXISTING_FILE),
    ]  # fmt: skip


def _server() -> list[click.Parameter]:
    return [
        _option(
            "--url", "A running server, for the stages conforms, guarded and clients.", metavar="URL", callback=_url
        ),
        _list(
            "--client", "NAME", "A client for stage clients. Can be repeated. Default: those of the settings, or else "
            "all.", name="client_names",
        ),
        _option(
            "--client-logs", "Write what the programs of stage clients print.", metavar="FOLDER", type=_FILE
        ),
    ]  # fmt: skip


def _rules() -> list[click.Parameter]:
    return [
        _list(
            "--rule-set", None, "Check these rules.", name="rule_sets", type=click.Choice(RULE_SETS),
            show_default="standard",
        ),
        _file("--config", "The settings. Default: gate.toml beside the contract or here.", type=_EXISTING_FILE),
        _file("--baseline", "Findings in this file do not count."),
        _file("--write-baseline", "Write what is found now into a baseline."),
    ]  # fmt: skip


def _reports() -> list[click.Parameter]:
    forms = click.Choice(["table", "github", "messages"])
    return [
        click.Option(["--format", "form"], type=forms, default="table", show_default=True),
        _file("--junit", "Write JUnit XML as well."),
        _file("--sarif", "Write SARIF 2.1.0 as well."),
        _file("--gitlab", "Write GitLab's Code Quality report as well."),
        _option("--fix", "First write the standard responses and headers that operations lack.", is_flag=True),
        _option("--rules", "List the rules with their sources and reasons, and stop.", is_flag=True),
    ]


def _option(option: str, text: str, **more: Any) -> click.Option:
    return click.Option([option], help=text, **more)


def _file(option: str, text: str, *, type: click.Path = _FILE) -> click.Option:  # noqa: A002  # as click names it
    return _option(option, text, metavar="FILE", type=type)


def _list(option: str, metavar: str | None, text: str, *, name: str | None = None, **more: Any) -> click.Option:
    """An option that can be repeated; *name* is that of its values, if it is not that of the option."""
    return click.Option([option, *([name] if name else [])], metavar=metavar, multiple=True, help=text, **more)


def _url(_context: click.Context, _parameter: click.Parameter, url: str | None) -> str | None:
    if url is not None and not is_url(url):
        raise click.BadParameter("this must be a URL, such as http://127.0.0.1:8080")
    return url
