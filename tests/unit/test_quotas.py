import datetime as dt

import pytest

from domain.limits import LimitReached
from domain.model.workspaces import WorkspaceFull
from domain.quotas import MOST_OPEN_TASKS, ROW_BYTES, Usage, day_of, row_bytes
from tests.support.defaults import NOON

DAY = dt.timedelta(days=1)


def test_a_row_counts_the_bytes_of_its_texts_and_some_more() -> None:
    assert row_bytes("abc", "ä", "😀") == ROW_BYTES + 3 + 2 + 4


@pytest.mark.parametrize(("used", "more", "fits"), [(0, 100, True), (1, 100, False), (100, 0, True), (200, -50, True)])
def test_content_may_grow_up_to_the_quota_and_may_always_shrink(used: int, more: int, *, fits: bool) -> None:
    usage = Usage(content_bytes=used)
    if fits:
        assert usage.with_content(more, quota_bytes=100).content_bytes == used + more
    else:
        with pytest.raises(WorkspaceFull):
            usage.with_content(more, quota_bytes=100)


@pytest.mark.parametrize(
    ("tasks", "more", "fits"),
    [
        (MOST_OPEN_TASKS - 1, 1, True),
        (MOST_OPEN_TASKS, 1, False),
        (MOST_OPEN_TASKS + 2, 0, True),
        (MOST_OPEN_TASKS + 2, -1, True),
    ],
)
def test_tasks_may_be_opened_up_to_the_limit_and_always_be_closed(tasks: int, more: int, *, fits: bool) -> None:
    usage = Usage(open_tasks=tasks)
    if fits:
        assert usage.with_open_tasks(more).open_tasks == tasks + more
    else:
        with pytest.raises(LimitReached):
            usage.with_open_tasks(more)


def test_no_size_is_below_zero() -> None:
    assert Usage().with_content(-1, quota_bytes=1).trimmed(1, log_from=0) == Usage()


def test_a_log_is_of_the_day_of_its_oldest_payload() -> None:
    usage = Usage().with_log(1, now=NOON).with_log(2, now=NOON + DAY)
    assert (usage.log_bytes, usage.log_day) == (3, day_of(NOON))


def test_a_day_is_the_one_in_utc() -> None:
    east = dt.timezone(dt.timedelta(hours=14))
    assert day_of(NOON.replace(hour=23, minute=59).astimezone(east)) == day_of(NOON) == day_of(NOON.replace(hour=0))


def test_kept_responses_count_until_the_end_of_the_next_day() -> None:
    size = 1000 - ROW_BYTES
    usage = Usage().with_kept(size, now=NOON, quota_bytes=1000)
    for later in (NOON, NOON + dt.timedelta(hours=11), NOON + DAY):
        with pytest.raises(WorkspaceFull):
            usage.with_kept(size, now=later, quota_bytes=1999)
        assert usage.with_kept(size, now=later, quota_bytes=2000)
    assert usage.with_kept(size, now=NOON + 2 * DAY, quota_bytes=1000)


def test_kept_responses_of_yesterday_no_longer_count_the_day_after() -> None:
    usage = Usage()
    for days in range(3):
        usage = usage.with_kept(0, now=NOON + days * DAY, quota_bytes=2 * ROW_BYTES)
    assert (usage.kept_bytes, usage.kept_before_bytes) == (ROW_BYTES, ROW_BYTES)
