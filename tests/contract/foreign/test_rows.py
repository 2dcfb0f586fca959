"""Each row of the table, tried."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.support.wire import Reply
from tickbox_contract.engine.mismatches import ContractMismatchError

from .rows import UNSET, Row, Trial
from .service import Shared, ask, built
from .support import PATH, support
from .table import ROWS

LONG = {"a chain of 1,100 compositions"}
"""Rows that take a second, and if their branches are counted eight."""

REFUSED = [
    pytest.param(row, id=row.name, marks=[pytest.mark.unmeasured] if row.name in LONG else [])
    for row in ROWS
    if row.verdict == "refused"
]
STARTING = [row for row in ROWS if row.verdict != "refused"]


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    with Shared().running() as shared:
        yield shared


@pytest.mark.parametrize("row", STARTING, ids=lambda row: row.name)
def test_what_is_served_or_ignored_does_as_the_row_says(shared: Shared, row: Row) -> None:
    assert row.trials
    with shared.of(row) as address:
        for trial in row.trials:
            check(trial, ask(address, trial, row.method))


@pytest.mark.parametrize("row", REFUSED)
def test_what_is_refused_is_named_at_start_up(row: Row) -> None:
    assert row.sentence
    with pytest.raises(ContractMismatchError) as caught, built(row):
        pass
    assert any(row.sentence in line for line in caught.value.texts), caught.value.texts


def check(trial: Trial, reply: Reply) -> None:
    """Fail unless *reply* is what *trial* says."""
    assert reply.status == trial.status, (trial, reply)
    if trial.given is not UNSET:
        assert reply.json == trial.given, trial
    if trial.places:
        assert reply.places == set(trial.places), trial
    assert trial.headers.items() <= reply.headers.items(), (trial, reply)
    if trial.content is not None:
        assert reply.body == trial.content, trial


def test_no_two_rows_have_one_name() -> None:
    assert [name for name, times in Counter(row.name for row in ROWS).items() if times > 1] == []


def test_the_document_says_what_the_rows_say() -> None:
    assert PATH.read_text(encoding="utf-8") == support(), "run make support"
