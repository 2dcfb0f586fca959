from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tickbox_contract.gate.compatible.schemas import JSON, Broken, Covered, Direction, Undecided

from .documents import AT, compared, is_accepted

HERE = Path(__file__).parent
ENTRIES = yaml.safe_load((HERE / "pairs.yaml").read_text(encoding="utf-8"))
DIRECTED = yaml.safe_load((HERE / "directed.yaml").read_text(encoding="utf-8"))
HANDED_OVER = json.loads((HERE / "handed_over.json").read_text(encoding="utf-8"))


class Pair(NamedTuple):
    """Two schemas, and whether a client of the old one breaks with the new one."""

    direction: Direction
    old: Any
    new: Any
    breaks: bool


class Proof(NamedTuple):
    """A value that fits one schema and does not fit the other."""

    value: JSON
    fits: Any
    fits_not: Any


def both_ways(covered: Any, covering: Any, *, breaks: bool) -> Iterator[Pair]:
    """The pairs in which each value of *covered* has to be one of *covering*."""
    yield Pair("request", covered, covering, breaks)
    yield Pair("response", covering, covered, breaks)


def pairs() -> Iterator[Any]:
    for entry in ENTRIES:
        first = entry.get("narrow", entry.get("one"))
        second = entry.get("wide", entry.get("other"))
        found = [*both_ways(first, second, breaks="only_one" in entry)]
        found += both_ways(second, first, breaks="only" in entry or "only_other" in entry)
        for pair in found:
            way = f"{pair.direction}, {'breaking' if pair.breaks else 'safe'}"
            yield pytest.param(pair, id=f"{entry['about']}: {way}")


def proofs() -> Iterator[Any]:
    for entry in ENTRIES:
        if "only" in entry:
            yield pytest.param(Proof(entry["only"], entry["wide"], entry["narrow"]), id=entry["about"])
        if "only_one" in entry:
            yield pytest.param(Proof(entry["only_one"], entry["one"], entry["other"]), id=entry["about"])
            yield pytest.param(Proof(entry["only_other"], entry["other"], entry["one"]), id=entry["about"])


@pytest.mark.parametrize("proof", list(proofs()))
def test_the_server_proves_that_a_pair_differs(proof: Proof) -> None:
    assert (is_accepted(proof.fits, proof.value), is_accepted(proof.fits_not, proof.value)) == (True, False)


@pytest.mark.parametrize("pair", list(pairs()))
def test_a_pair_has_its_proven_verdict(pair: Pair) -> None:
    found = compared(pair.old, pair.new, pair.direction)
    if not pair.breaks:
        assert found == Covered()
        return
    assert isinstance(found, Broken)
    fits, fits_not = (pair.old, pair.new) if pair.direction == "request" else (pair.new, pair.old)
    assert (is_accepted(fits, found.witness), is_accepted(fits_not, found.witness)) == (True, False)


@pytest.mark.parametrize("case", [pytest.param(each, id=f"{each['about']}: {each['direction']}") for each in DIRECTED])
def test_a_pair_has_the_verdict_of_its_direction(case: dict[str, Any]) -> None:
    found = compared(case["old"], case["new"], case["direction"])
    assert (found.witness if isinstance(found, Broken) else found) == case.get("breaks", Covered())


@pytest.mark.parametrize("case", [pytest.param(each, id=each["name"]) for each in HANDED_OVER])
def test_a_case_that_was_handed_over_comes_out_right(case: dict[str, Any]) -> None:
    found = compared(case["old"], case["new"], case["direction"])
    assert type(found) is {"safe": Covered, "breaking": Broken}[case["verdict"]]


def test_there_are_many_pairs() -> None:
    assert len(list(pairs())) + len(DIRECTED) > 500


def test_an_unknown_format_is_never_safe() -> None:
    found = compared({"type": "string"}, {"type": "string", "format": "colour"})
    assert found == Undecided("a proof was not found, nor a value that breaks a client", AT)


def test_an_unknown_format_is_not_safe_beside_an_enum() -> None:
    found = compared({"type": "string", "enum": ["red"]}, {"type": "string", "format": "colour"})
    assert isinstance(found, Undecided)
