"""What has changed between two contracts, each change once, with the operations that it is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from tickbox_contract.openapi.objects import Pointer

MAX_NAMED = 3
"""How many operations a message names."""


class Spot(NamedTuple):
    """A place *at* which something is in the new contract, and *was* in the old one. It need not exist."""

    at: Pointer
    was: Pointer

    def within(self, *steps: str | int) -> Spot:
        """The place inside this one, in both contracts."""
        return Spot((*self.at, *steps), (*self.was, *steps))


class Witness(NamedTuple):
    """A value that breaks a client, as JSON, and the name that it lacks."""

    text: str
    lacks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change, by the row of the table of rules that it belongs to.

    `what` is a sentence, `operations` are the names of the operations that it is about.
    """

    rule_id: str
    spot: Spot
    what: str
    operations: tuple[str, ...] = ()
    witness: str | None = None

    @property
    def message(self) -> str:
        """The sentence, with the first of its operations."""
        named, more = ", ".join(self.operations[:MAX_NAMED]), len(self.operations) - MAX_NAMED
        if not named:
            return self.what
        return f"{named} and {more} more: {self.what}" if more > 0 else f"{named}: {self.what}"


class Changes:
    """Collects changes. Operations that share what has changed share one change."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Spot | Pointer, str], Change] = {}
        self.recorded = 0
        """How often something was recorded."""

    def __iter__(self) -> Iterator[Change]:
        """Each change, in the order in which it was first found."""
        return iter(self._found.values())

    def add(
        self, rule_id: str, what: str, spot: Spot, *, operation: str | None, witness: Witness | None = None
    ) -> None:
        """Record a change of *operation*, or of the contract as a whole.

        A place of a schema is reached on several ways: its change is recorded once, with the shortest witness, and once
        for each name that is missing there. So is a change of what is one place now, and was several ones.
        """
        self.recorded += 1
        key = (rule_id, spot.at, what) if witness is None else (rule_id, spot, witness.lacks)
        text = witness and witness.text
        known = self._found.get(key)
        named = () if operation is None else (operation,)
        if known is None or (text and known.witness and len(text) < len(known.witness)):
            operations = known.operations if known else ()
            known = Change(rule_id=rule_id, spot=spot, what=what, operations=operations, witness=text)
        if not set(named) <= set(known.operations):
            known = replace(known, operations=known.operations + named)
        self._found[key] = known
