from __future__ import annotations

from typing import Any

import pytest

from tickbox_contract.gate.compatible.schemas.goals import Results, goal_of
from tickbox_contract.gate.compatible.schemas.lists import Formats, listed_values
from tickbox_contract.gate.compatible.schemas.meanings import Meaning, meaning
from tickbox_contract.gate.compatible.schemas.sameness import Sameness
from tickbox_contract.gate.compatible.schemas.search import Budget, Search
from tickbox_contract.gate.compatible.schemas.validators import Validators

FEW_STEPS = 50
NUMBERS = meaning((), oneOf=tuple(meaning((), const=number) for number in range(12)))


def kind(number: int) -> Meaning:
    """A number in an enum of its own, all numbers in its part: Discord tells alternatives apart with these."""
    return meaning((), type=("integer",), enum=[number], allOf=(NUMBERS,), range=(0, 100))


def test_listed_values_are_checked_and_not_the_ways_in_which_they_fit() -> None:
    budget = Budget()
    search = Search(Validators(), Sameness(), budget)
    kinds = [kind(number) for number in range(12)]
    for wanted, unwanted, values in ((kinds[3:4], kinds[4:], [3]), (kinds[3:5], kinds[5:], []), (kinds[:1], kinds, [])):
        budget.refill(FEW_STEPS)
        assert search.values(goal_of(wanted, unwanted), 2) == Results(values, is_complete=True)


def test_the_shortest_list_of_all_parts_is_taken() -> None:
    part = meaning((), allOf=(meaning((), const=2),))
    assert listed_values([meaning((), enum=[1, 2]), part]) == [2]
    assert listed_values([meaning((), enum=[1, 1.0, True])]) == [1.0, True]
    assert listed_values([meaning((), anyOf=(part,))]) is None


@pytest.mark.parametrize(
    ("keywords", "are_known"),
    [({"format": "date"}, True), ({"format": "colour"}, False), ({"pattern": "a"}, True)],
)
def test_a_format_that_nobody_checks_is_seen_wherever_it_is(keywords: dict[str, Any], *, are_known: bool) -> None:
    inner = meaning((), **keywords)
    formats = Formats()
    for outer in ({"not": inner}, {"anyOf": (inner,)}, {"properties": {"a": inner}}, {"items": inner}, keywords):
        assert formats.are_known(meaning((), **outer)) is are_known
    both = meaning((), allOf=(inner, inner))
    assert [formats.are_known(both), formats.are_known(both)] == [are_known] * 2
