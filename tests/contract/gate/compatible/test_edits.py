"""The gate tells small edits of our contract apart: those that break a client, and those that do not.

`make test` tries two of each family, each on a small part of the contract: to compare the whole takes many times as
long, and longer with each operation. `make soak` tries all edits of the whole, and
`python -m tests.contract.gate.compatible.edits` prints what came out.
"""

from __future__ import annotations

from functools import cache

import pytest

from tests.support.checking import read_contract
from tests.support.databases import AT_LENGTH

from .edits import Trial, Trials, all_edits, sample, table
from .making import part

OF_EACH = 10_000 if AT_LENGTH else 2
PATHS = (
    ("/livez", "/v1/sessions"),
    ("/v1/workspaces/{workspace_id}/activity",),
    ("/v1/workspaces/{workspace_id}/tasks",),
    ("/v1/workspaces/{workspace_id}/tasks/batch",),
    ("/v1/workspaces/{workspace_id}/tasks/{task_id}/complete",),
)
"""The paths of each part. One of them needs a token. `test_every_family_of_edits_is_tried` fails if one is missing."""
WHOLE = read_contract()
PARTS = [WHOLE] if AT_LENGTH else [part(WHOLE, paths) for paths in PATHS]
PART_OF = {edit: number for number, root in enumerate(PARTS) for edit in all_edits(root)}
SUBTLE = {"bound of parameter narrowed: IfMatch maxLength"}
"""Edits that once passed: the search for a better witness had no more time, and a text counted as undeclared."""
EDITS = sample(list(PART_OF), of_each=OF_EACH)
EDITS += [edit for edit in PART_OF if edit.name in SUBTLE and edit not in EDITS]

pytestmark = pytest.mark.unmeasured


@cache
def trials() -> tuple[Trial, ...]:
    of_parts = [Trials(root) for root in PARTS]
    return tuple(of_parts[PART_OF[edit]].run(edit) for edit in EDITS)


def named(*outcomes: str) -> list[tuple[str, list[str]]]:
    return [(trial.edit.name, sorted(trial.rules)) for trial in trials() if trial.outcome in outcomes]


def test_every_family_of_edits_is_tried() -> None:
    assert {edit.family for edit in EDITS} == {edit.family for edit in all_edits(WHOLE)}


def test_there_are_many_edits_of_both_kinds() -> None:
    assert len(EDITS) >= 200
    assert all(sum(edit.verdict == verdict for edit in EDITS) >= 100 for verdict in ("breaks", "safe"))


def test_no_edit_that_breaks_a_client_passes() -> None:
    assert named("false safe") == [], table(list(trials()))


def test_no_edit_that_breaks_nobody_fails() -> None:
    assert named("false alarm") == [], table(list(trials()))


def test_few_edits_are_left_to_a_person() -> None:
    assert len(named("unknown")) <= len(EDITS) / 20, table(list(trials()))


def test_the_rule_that_an_edit_is_about_finds_it() -> None:
    known = [trial for trial in trials() if trial.outcome != "unknown"]
    missed = [(trial.edit.name, sorted(trial.rules)) for trial in known if not trial.edit.rule <= trial.rules]
    assert missed == []
