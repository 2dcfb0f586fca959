"""Mismatches: why a contract cannot be served, each with the line that it is about. All are raised together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import Pointer, fragment
from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.rules import Hit


class Mismatch(NamedTuple):
    """One reason, and the place in the contract that it is about; None if it is about no place in it."""

    text: str
    pointer: Pointer | None = None


class ContractMismatchError(Exception):
    """The contract cannot be served as it is. `texts` are all reasons, in the order of their lines.

    The message has a line for each, such as `  - line 214: get_task: its handler does not take 'body'`. Reasons that
    are about no place in the contract come last. A contract without lines, such as JSON in one line, has a JSON pointer
    in the place of the line.
    """

    def __init__(self, document: Document, mismatches: Iterable[Mismatch]) -> None:
        placed = [(_line(document, mismatch), mismatch) for mismatch in mismatches]
        placed.sort(key=lambda pair: (pair[1].pointer is None, pair[0] or 0))
        self.texts = tuple(mismatch.text for _, mismatch in placed)
        shown = (f"  - {_place(line, mismatch.pointer)}{mismatch.text}" for line, mismatch in placed)
        super().__init__("\n".join(("the contract cannot be served:", *shown)))


def _line(document: Document, mismatch: Mismatch) -> int | None:
    has_lines = b"\n" in document.raw.strip()
    return document.line(mismatch.pointer) if mismatch.pointer is not None and has_lines else None


def _place(line: int | None, pointer: Pointer | None) -> str:
    if pointer is None:
        return ""
    return f"{fragment(pointer)}: " if line is None else f"line {line}: "


@dataclass(slots=True)
class Mismatches:
    """Collects mismatches at start-up."""

    found: list[Mismatch] = field(default_factory=list)

    def add(self, text: str, pointer: Pointer | None = None) -> None:
        """Add one that is about no operation."""
        self.found.append(Mismatch(text, pointer))

    def add_hits(self, hits: Iterable[Hit]) -> None:
        """Add what breaks a rule."""
        self.found += [Mismatch(hit.message, hit.pointer) for hit in hits]

    def report(self, operation: Operation, text: str, at: Node | None = None) -> None:
        """Add one about *operation*; *at* is the part of it that is wrong, if that is known."""
        self.add(f"{operation.name}: {text}", (at or operation.node).pointer)
