"""Stage `compatible`: a rule for each kind of change that is more than a line in the changelog."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.gate.findings import NotCheckableError
from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.rules import Hit, Rule, Severity

from .callbacks import compare_callbacks, compare_webhooks
from .changes import Change, Spot
from .comparison import Comparison
from .events import compare_events
from .messages import compare_messages
from .operations import compare_operations
from .parameters import compare_parameters
from .releases import Release
from .security import compare_security
from .table import TABLE, Row
from .versions import Version, step_of

VERSION_STEP = "version-step"
RELEASE_FORM = "release-form"
Excuses = Callable[[str, Pointer, str | None], bool]
"""Whether a finding of a rule, at a place and a path of operations, does not count."""
_PARTS = (
    compare_operations, compare_security, compare_parameters, compare_messages, compare_callbacks, compare_webhooks,
    compare_events,
)  # fmt: skip


def _never(rule_id: str, pointer: Pointer, path: str | None) -> bool:  # noqa: ARG001  # one of Excuses
    return False


def compare(old: Contract, new: Contract, *, today: date, roles: Sequence[str] = ()) -> tuple[Change, ...]:
    """All changes from *old* to *new*. *roles* are those of `x-access`, from the lowest to the highest."""
    comparison = Comparison(old, new, today=today, roles=roles)
    _unfollowed(comparison)
    for part in _PARTS:
        part(comparison)
    return tuple(comparison.changes)


def _unfollowed(comparison: Comparison) -> None:
    """Note each reference that cannot be followed, once: what it leads to is not compared."""
    for contract in comparison.both:
        for message, pointer in {broken.message: broken.pointer for broken in contract.references.broken}.items():
            spot = Spot(pointer, ()) if contract is comparison.new else Spot((), pointer)
            comparison.note("schema-undecided", f"{message}, and cannot be compared", spot)


@dataclass(frozen=True, slots=True)
class ReleaseComparer:
    """Compares a contract with all *releases*, as the surroundings of a contract need it.

    A break that *is_excused* demands no version: its clients are known, or there are none.
    """

    releases: tuple[Release, ...]
    today: date
    roles: Sequence[str] = ()
    is_excused: Excuses = _never

    def __call__(self, contract: Contract) -> Mapping[str, list[Hit]]:
        """What breaks each rule of the stage, by its id."""
        found: defaultdict[str, list[Hit]] = defaultdict(list)
        for release in self.releases:
            changes = compare(release.contract, contract, today=self.today, roles=self.roles)
            allowed = _is_announced(release.contract, contract)
            for change in changes:
                row = TABLE[change.rule_id]
                if row.severity:
                    found[change.rule_id].append(_hit(release, change, row, allowed=allowed))
            found[VERSION_STEP] += self._version(release, contract, changes)
            found[RELEASE_FORM] += map(release.uncompared, release.faults)
        return found

    def _version(self, release: Release, contract: Contract, changes: Sequence[Change]) -> Iterator[Hit]:
        """`info.version`, if it has not risen as far as *changes* demand."""
        old, new = version_of(release.contract), version_of(contract)
        pointer, text = ("info", "version"), str(contract.node.at("info").get("version"))
        other = release.place(pointer)
        if new is None:
            yield Hit(pointer, f"the version {text!r} is not a semantic version, such as 1.4.0", other)
        elif old is None:
            yield Hit(pointer, "the release has no semantic version to go on from", other, severity="notice")
        else:
            excused = [
                each for each in changes if self.is_excused(each.rule_id, each.spot.at, contract.path_of(each.spot.at))
            ]
            least = old.after(step_of([each for each in changes if each not in excused], since=old, excused=excused))
            if new < least:
                yield Hit(pointer, f"the version is {text}, and must be at least {least} after {old}", other)


def _hit(release: Release, change: Change, row: Row, *, allowed: bool) -> Hit:
    """A break that the version announces is a warning."""
    lowered: Severity | None = "warning" if allowed and row.effect == "breaks" else None
    return Hit(change.spot.at, change.message, release.place(change.spot.was), change.witness, lowered)


def _is_announced(old: Contract, new: Contract) -> bool:
    """Whether the version of *new* says that clients of *old* may break."""
    versions = version_of(old), version_of(new)
    if versions[0] is None or versions[1] is None:
        return False
    return versions[1] >= versions[0].after("major" if versions[0].major else "minor")


def version_of(contract: Contract) -> Version | None:
    """The version that *contract* has; None if it is not a semantic one."""
    return Version.parse(contract.node.at("info").get("version"))


def _hits(rule_id: str, contract: Contract) -> Iterator[Hit]:
    found = contract.compared
    if found is None:
        raise NotCheckableError("no released contract is named (--against)")
    yield from found.get(rule_id, ())


RULES = (
    *(
        Rule(
            rule_id=row.rule_id, stage="compatible", reason=row.reason, source=row.source,
            check=partial(_hits, row.rule_id), severity=row.severity, breaks=row.breaks, mend=row.mend,
        )
        for row in TABLE.values()
        if row.severity
    ),
    Rule(
        rule_id=VERSION_STEP, stage="compatible", source="SemVer 2.0.0", check=partial(_hits, VERSION_STEP),
        reason="Clients decide by the version whether they can update without a change of their own.",
        breaks="all who rely on the version", mend="raise `info.version`",
    ),
    Rule(
        rule_id=RELEASE_FORM, stage="compatible", source="ours", check=partial(_hits, RELEASE_FORM), severity="warning",
        reason="Where the release is not valid OpenAPI, nobody knows what it says, and a change is not found.",
        breaks="a client, perhaps", mend="compare this place by hand",
    ),
)  # fmt: skip
