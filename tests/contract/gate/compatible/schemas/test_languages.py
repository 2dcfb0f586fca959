from __future__ import annotations

import pytest

from tickbox_contract.gate.compatible.schemas.languages import shortest
from tickbox_contract.gate.compatible.schemas.patterns import automaton
from tickbox_contract.gate.compatible.schemas.search import Budget, OverBudgetError


def found(wanted: list[str], unwanted: list[str], least: int = 0, most: float = float("inf")) -> str | None:
    return shortest(list(map(automaton, wanted)), list(map(automaton, unwanted)), least, most, lambda _: None)


@pytest.mark.parametrize(
    ("wanted", "unwanted", "least", "text"),
    [
        (["^[a-z]+$"], ["^[a-z]{1,5}$"], 0, "aaaaaa"),
        ([r"\S"], [], 5, "aaaaa"),
        (["a$", "^b"], [], 0, "ba"),
        ([], ["^$"], 0, "a"),
        ([], ["$^"], 0, "a"),
        (["^$"], [], 0, ""),
        (["é"], [], 0, "é"),
        ([], ["[ -~]"], 1, "é"),
    ],
)
def test_the_shortest_text_is_found(wanted: list[str], unwanted: list[str], least: int, text: str) -> None:
    assert found(wanted, unwanted, least) == text


@pytest.mark.parametrize(
    ("wanted", "unwanted", "least", "most"),
    [
        (["^a"], ["^[a-c]"], 0, 99),
        (["^(ab)*$"], ["^(ab|ba)*$"], 0, float("inf")),
        ([], [""], 0, float("inf")),
        (["^a{5}$"], [], 0, 4),
        (["^a{0,3}$"], [], 4, 9),
        ([], [], 2, 1),
    ],
)
def test_that_there_is_no_text_is_proved(wanted: list[str], unwanted: list[str], least: int, most: float) -> None:
    assert found(wanted, unwanted, least, most) is None


def test_a_search_of_many_states_ends() -> None:
    budget = Budget()
    budget.refill(10_000)
    with pytest.raises(OverBudgetError):
        shortest([automaton("^(a|b)*a(a|b){18}$")], [], 40, 80, budget.spend)
