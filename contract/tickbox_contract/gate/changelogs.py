"""The command `gate changelog`: what has changed since a release."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click

from .compatible.changelog import Changelog
from .compatible.releases import NoReleaseError, Release, releases
from .compatible.stage import compare, version_of
from .failures import explained, shown
from .findings import printable
from .inputs import contract_of, settings_of
from .reading import read
from .runs import Own
from .texts import bytes_of

_FILE = click.Path(path_type=Path)
_EXISTING_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def changelog_command(own: Own | None) -> click.Command:
    """The command `changelog`. Without *own*, the options or the settings name the contract and the release."""

    @click.command("changelog", context_settings={"help_option_names": ["-h", "--help"]})
    @click.option("--contract", metavar="FILE", type=_FILE, help="An OpenAPI file. Default: that of the settings.")
    @click.option(
        "--against",
        metavar="RELEASE",
        help="A released contract: a file, a folder, or a git revision. Default: those of the settings.",
    )
    @click.option("--config", metavar="FILE", type=_EXISTING_FILE, help="The settings, as for `gate`.")
    @click.option("--format", "form", type=click.Choice(["markdown", "json"]), default="markdown", show_default=True)
    def changelog(contract: Path | None, against: str | None, config: Path | None, form: str) -> None:
        """Write what has changed since a release. Of the releases in a folder, it is the latest one."""
        settings = settings_of(contract, config, is_ours=own is not None and contract is None)
        path = contract or contract_of(settings, own)
        is_ours = contract is None and settings.contract is None
        ours = (shown(own.released),) if own and is_ours else ()
        named = (against,) if against else settings.against or ours
        if not named:
            raise click.UsageError("Name the release: --against RELEASE.")
        words = settings.access or (own.access_words() if own else {})
        found = changelog_of(path, *named, roles=tuple(words.get("role", ())))
        if form == "json":
            click.echo(json.dumps(found.as_json(), indent=1, ensure_ascii=False))
        else:
            click.echo("\n".join(found.markdown()))

    return changelog


def changelog_of(path: Path, *against: str, roles: tuple[str, ...] = ()) -> Changelog:
    """The changes of the contract at *path* since the latest release of *against*. Raises CannotRun."""
    with explained(path):
        new = read(bytes_of(path), path=path)
        release = latest(release for name in against for release in releases(name, contract=path))
        for fault in map(release.uncompared, release.faults):
            click.echo(printable(f"{fault.other}: {fault.message}"), err=True)
        changes = compare(release.contract, new, today=datetime.now(UTC).date(), roles=roles)
        return Changelog(release=release, contract=new, changes=changes)


def latest(found: Iterable[Release]) -> Release:
    """The release with the highest version; one without a semantic version is before all others."""
    every = list(found)
    if not every:
        raise NoReleaseError("there is no release to compare with: name one with --against")
    return max(every, key=lambda release: version_of(release.contract) or ())
