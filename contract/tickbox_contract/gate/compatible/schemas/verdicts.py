"""What a comparison of two schemas says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from tickbox_contract.openapi.objects import Pointer

JSON: TypeAlias = Any
"""A value of JSON as plain data."""


@dataclass(frozen=True, slots=True)
class Covered:
    """Every value is still accepted (request), or was already expected (response)."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A value breaks a client. `witness` was checked with validators of both schemas.

    `pointer` is the smallest place in the new contract, `old_pointer` in the old one. `is_undeclared`, which
    was proved: each such value has a property that the schema which accepts it leaves open and the other one declares,
    with a value that does not fit there.
    """

    witness: JSON
    pointer: Pointer
    old_pointer: Pointer
    what: str
    is_undeclared: bool = False
    lacks: str = ""
    """The required name that the part at this place does not have."""
    subject: str = ""
    """What of the value breaks: the beginning of `what`."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """Nothing was proved: a person must look. It never counts as safe."""

    why: str
    pointer: Pointer


Verdict = Covered | Broken | Undecided
