"""`make release VERSION=0.2.0`: freezes the contract in `spec/released`, and writes its changelog.

Refuses if `info.version` is another one, if it has not risen as far as the changes demand, if the release exists, or if
it breaks clients and no reason is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import click

from tickbox_contract.gate.changelogs import changelog_of, latest
from tickbox_contract.gate.compatible.changelog import Changelog
from tickbox_contract.gate.compatible.releases import Release, releases
from tickbox_contract.gate.compatible.stage import ReleaseComparer, version_of
from tickbox_contract.gate.compatible.versions import Version
from tickbox_contract.gate.reading import read

HEADER = """# Changelog of the contract

What each release of `spec/openapi.yaml` changes for clients. `make release` writes the sections; see
[the gate](../docs/gate.md#compatible).
"""


class ReleaseRefusedError(Exception):
    """The contract cannot be released so. The text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Freezer:
    """Releases the contract in *folder*, as of *today*. *roles* are those of `x-access`, the lowest first."""

    folder: Path
    today: date
    roles: tuple[str, ...] = ()

    def release(self, version: str, reason: str) -> Path:
        """Write both files, and return the path of the release. Raises ReleaseRefusedError."""
        frozen, contract = self.folder / "released" / f"{version}.yaml", self.folder / "openapi.yaml"
        self._require_version(version, contract)
        if frozen.exists():
            raise ReleaseRefusedError(f"{frozen.name} exists: a release is never changed; choose another VERSION")
        section = self._section(contract, version, reason)
        frozen.parent.mkdir(exist_ok=True)
        self._write(section)
        frozen.write_bytes(contract.read_bytes())
        return frozen

    def _require_version(self, version: str, contract: Path) -> None:
        written = read(contract.read_bytes()).node.at("info").get("version")
        if Version.parse(version) is None:
            raise ReleaseRefusedError("name a semantic version: make release VERSION=0.2.0")
        if written != version:
            raise ReleaseRefusedError(f"`info.version` of the contract is {written}: make it {version}")

    def _section(self, contract: Path, version: str, reason: str) -> str:
        known = tuple(releases(str(self.folder / "released"), contract=contract)) if self._has_releases() else ()
        if not known:
            return f"## {version}\n\n{self.today}. The first release.\n"
        self._require_rise(version, known, contract)
        found = changelog_of(contract, str(self.folder / "released"), roles=self.roles)
        if found.breaking and not reason:
            raise ReleaseRefusedError(
                f"{version} breaks clients of {version_of(found.release.contract)}: say why, with REASON='...'"
            )
        return self._dated(found, reason)

    def _has_releases(self) -> bool:
        return any((self.folder / "released").glob("*.yaml"))

    def _require_rise(self, version: str, known: tuple[Release, ...], contract: Path) -> None:
        last = version_of(latest(known).contract)
        new = Version.parse(version)
        if last is not None and new is not None and new <= last:
            raise ReleaseRefusedError(f"{version} is not after {last}, the latest release")
        hits = ReleaseComparer(known, self.today, self.roles)(read(contract.read_bytes()))["version-step"]
        if hits:
            raise ReleaseRefusedError(f"{hits[0].message}: run `tickbox gate compatible`")

    def _dated(self, found: Changelog, reason: str) -> str:
        title, blank, since, *rest = found.markdown()
        why = [blank, f"Why it breaks clients: {reason}"] if found.breaking else []
        return "\n".join((title, blank, f"{self.today}. {since}", *why, *rest, ""))

    def _write(self, section: str) -> None:
        path = self.folder / "CHANGELOG.md"
        sections = path.read_text(encoding="utf-8").removeprefix(HEADER) if path.exists() else ""
        path.write_text(f"{HEADER}\n{section}{sections}", encoding="utf-8")


@click.command()
@click.argument("version")
@click.argument("reason", default="")
def main(version: str, reason: str) -> None:
    """Release the contract as VERSION."""
    from domain.roles import ROLES  # noqa: PLC0415  # as the gate does

    freezer = Freezer(Path(__file__).parent, datetime.now(UTC).date(), ROLES)
    try:
        click.echo(f"wrote {freezer.release(version, reason)}, and its changelog")
    except ReleaseRefusedError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
