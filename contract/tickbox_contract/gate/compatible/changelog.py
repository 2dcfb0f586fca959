"""What has changed since a release: Markdown for people, JSON for machines. What breaks clients comes first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.gate.findings import printable
from tickbox_contract.gate.several_files import readable, reference_to

from .changes import Change
from .releases import Release
from .stage import version_of
from .table import TABLE, Kind
from .versions import Version, step_of

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changelog:
    """The *changes* of *contract* since *release*."""

    release: Release
    contract: Contract
    changes: Sequence[Change]

    @property
    def least(self) -> Version | None:
        """The lowest version that the contract may have; None if the release has no semantic version."""
        old = version_of(self.release.contract)
        return old.after(step_of(self.changes, since=old)) if old else None

    @property
    def breaking(self) -> list[Change]:
        """The changes that break clients."""
        return [change for change in self.changes if TABLE[change.rule_id].effect == "breaks"]

    def of(self, kind: Kind) -> list[Change]:
        """The changes of *kind* that break nobody."""
        rows = ((change, TABLE[change.rule_id]) for change in self.changes)
        return [change for change, row in rows if row.kind == kind and row.effect != "breaks"]

    def markdown(self) -> Iterator[str]:
        """The lines of a section for people; of an empty one if nothing has changed that has a meaning."""
        yield f"## {_version(self.contract)}"
        yield ""
        yield f"Since {_version(self.release.contract)}."
        sections = [("Breaking", self.breaking), *((kind.capitalize(), self.of(kind)) for kind in KINDS)]
        for title, changes in sections:
            if changes:
                yield from ("", f"### {title}", "")
                yield from (_line(change) for change in changes)
        if not self.changes:
            yield from ("", "Nothing has changed that has a meaning for clients.")

    def as_json(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            "from": _version(self.release.contract),
            "to": _version(self.contract),
            "least_version": str(self.least) if self.least else None,
            "changes": [
                self._entry(change) for change in (*self.breaking, *(each for kind in KINDS for each in self.of(kind)))
            ],
        }

    def _entry(self, change: Change) -> dict[str, Any]:
        row = TABLE[change.rule_id]
        known = {"witness": change.witness, "mend": row.mend}
        return {
            "rule": change.rule_id,
            "kind": row.kind,
            "breaking": row.effect == "breaks",
            "breaks": row.breaks or None,
            "operations": list(change.operations),
            "text": printable(readable(change.what)),
            "place": reference_to(change.spot.at),
            "line": self.contract.line(change.spot.at),
            "old_place": reference_to(change.spot.was),
            "old_line": self.release.contract.line(change.spot.was),
            **{name: text for name, text in known.items() if text},
        }


def _line(change: Change) -> str:
    row = TABLE[change.rule_id]
    operations = ", ".join(f"`{name}`" for name in change.operations)
    subject = f"{operations}: " if operations else ""
    hurt = f" Breaks {row.breaks}." if row.breaks else ""
    witness = f" For example: `{printable(change.witness)}`." if change.witness else ""
    return f"- {subject}{printable(readable(change.what)).removesuffix('.')}.{hurt}{witness}"


def _version(contract: Contract) -> str:
    return printable(str(contract.node.at("info").get("version")))
