"""What `bench.large` counts. The times that it measures are not tested."""

import pytest

from bench.large.__main__ import measure
from bench.large.requests import FAMILY
from tests.support.databases import AT_LENGTH, FEW_BACKENDS

pytestmark = [
    pytest.mark.unmeasured,
    pytest.mark.skipif(not AT_LENGTH, reason="it takes half a minute: `make soak` runs it"),
]

TASKS = 1_300


@pytest.mark.parametrize("kind", FEW_BACKENDS)
def test_all_that_a_change_is_about_is_in_the_log(kind: str) -> None:
    costs = measure(kind, TASKS, quiet_s=0.1)
    left = TASKS + 1 - 100  # one was created, and a hundred deleted
    assert {name: cost.log_rows for name, cost in costs.items() if name.startswith("list")} == {
        "list the first 200": 0,
        "list the last 200": 0,
    }
    assert (costs[FAMILY].log_rows, costs[FAMILY].changes) == (1_000, 1)
    for name in ("delete a label of all tasks", "restore it", "remove a member, assigned to all"):
        assert costs[name].log_rows == left  # the new task has neither; the label and the member are the ones more
    for name in ("delete the project", "restore the project", "delete it again"):
        assert (costs[name].log_rows, costs[name].changes) == (left + 1, 4)
