from __future__ import annotations

from collections import defaultdict

from tickbox_contract.gate.compatible.schemas.goals import Goal, Results
from tickbox_contract.gate.compatible.schemas.meanings import Meaning, anything
from tickbox_contract.gate.compatible.schemas.objects import Objects
from tickbox_contract.gate.compatible.schemas.parts import Members

FREE = anything(())


def unknown(_goal: Goal, _want: int) -> Results:
    return Results([], is_complete=False)


def ones(_goal: Goal, want: int) -> Results:
    return Results(list(range(1, want + 1)), is_complete=False)


def declaring(*names: str) -> defaultdict[str, list[Meaning]]:
    return defaultdict(list, {name: [FREE] for name in names})


def test_an_object_whose_property_is_not_known_is_not_known() -> None:
    assert Objects(unknown, required={"a"}).values(1, without_added=False) == Results([], is_complete=False)


def test_too_many_ways_are_not_looked_at() -> None:
    names = [f"p{number}" for number in range(15)]
    crowded = Objects(ones, declaring(*names), outliers=[Members(FREE)] * 3, least=2, most=1)
    assert crowded.values(1, without_added=False) == Results([], is_complete=False)


def test_objects_with_a_wrong_value_for_an_added_name_are_left_out() -> None:
    wide = Objects(ones, declaring("a"), misfits=declaring("b"))
    assert wide.values(1, without_added=False).values == [{"b": 1}]
    assert wide.values(1, without_added=True).values == []
    assert Objects(ones, declaring("a"), least=2).values(1, without_added=True).values == [{"a": 1, "other": 1}]


def test_further_objects_differ_in_one_property() -> None:
    narrow = Objects(ones, declaring("a", "b"), required={"a"}, most=1)
    assert narrow.values(3, without_added=False).values == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_an_object_that_is_full_gets_no_further_property() -> None:
    def two(_goal: Goal, want: int) -> Results:
        return Results([1, 2][:want], is_complete=False)

    full = Objects(two, declaring("a", "b"), required={"a"}, most=1)

    assert full.values(5, without_added=False).values == [{"a": 1}, {"a": 2}]
