"""Which requests share a count, when a window ends, and that memory is bounded; with a clock that the test sets."""

from __future__ import annotations

import asyncio
from collections import Counter
from uuid import UUID

import pytest

from app.adapters.rate_limits.limiter import (
    ADDRESS,
    CREDENTIALS,
    DEFAULT,
    FAILURES,
    CallLimiter,
    network_of,
    parse_rate,
)
from app.adapters.rate_limits.windows import ProcessWindows, Windows
from domain.principals import Principal
from tickbox_contract.engine.limits import Allowance

ADA = Principal(user_id=UUID(int=1), session_id=UUID(int=11))
ADA_ELSEWHERE = Principal(user_id=UUID(int=1), session_id=UUID(int=12))
BOB = Principal(user_id=UUID(int=2))
HERE = "192.0.2.1"
NOON = 1_800_000_000.0
MINUTE_S = 60


class Clock:
    """Seconds that pass only when a test sets them."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


class AskedWindows(ProcessWindows):
    """A storage that records how often each window was counted in."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        self.asked[key] += 1
        return await super().incr(key, expiry, amount)


class SilentWindows:
    """A storage in which counting fails."""

    async def incr(self, key: str, expiry: int, amount: int = 1) -> None:  # noqa: ARG002  # as the port says
        return None

    async def close(self) -> None:
        pass


@pytest.fixture
def clock() -> Clock:
    return Clock()


def limiter(clock: Clock, rate: str = "2/minute", *, windows: Windows | None = None, **rates: str) -> CallLimiter:
    """A limiter with the same rate for every policy that is not named."""
    policies = {policy: rates.get(policy, rate) for policy in (DEFAULT, ADDRESS, FAILURES, CREDENTIALS)}
    return CallLimiter(
        {policy: parse_rate(text) for policy, text in policies.items()},
        ProcessWindows(clock=clock) if windows is None else windows,
        clock=clock,
    )


async def by_ada(calls: CallLimiter) -> Allowance:
    allowance = await calls.count(DEFAULT, address=HERE, principal=ADA)
    assert allowance is not None
    return allowance


@pytest.mark.parametrize(
    ("text", "calls", "seconds"),
    [
        ("600/minute", 600, 60),
        ("1/second", 1, 1),
        ("10/5 minutes", 10, 300),
        ("3/2hours", 3, 7200),
        ("9/day", 9, 86400),
    ],
)
def test_a_rate_is_a_number_of_requests_in_a_time(text: str, calls: int, seconds: int) -> None:
    rate = parse_rate(text)
    assert rate is not None
    assert (rate.amount, rate.get_expiry()) == (calls, seconds)


@pytest.mark.parametrize(
    "text",
    ["", "0/minute", "10", "10/", "ten/minute", "1/second;5/minute", "-1/minute", "10/0 minutes", "10/fortnight"],
)
def test_an_invalid_rate_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        parse_rate(text)


async def test_requests_up_to_the_quota_pass_and_no_more(clock: Clock) -> None:
    calls = limiter(clock)
    found = [await by_ada(calls) for _ in range(4)]
    assert [allowance.exceeded for allowance in found] == [False, False, True, True]
    assert [allowance.remaining for allowance in found] == [1, 0, 0, 0]
    assert {allowance[:3] for allowance in found} == {(DEFAULT, 2, MINUTE_S)}


async def test_the_end_of_the_window_is_reported_and_then_a_new_one_begins(clock: Clock) -> None:
    calls = limiter(clock)
    spent = [await by_ada(calls) for _ in range(3)][-1]
    assert 1 <= spent.reset_s <= MINUTE_S
    clock.now += spent.reset_s - 1.5
    assert (await by_ada(calls)).exceeded
    clock.now += 1.5
    anew = await by_ada(calls)
    assert (anew.exceeded, anew.remaining) == (False, 1)


async def test_windows_of_different_callers_end_at_different_times(clock: Clock) -> None:
    calls = limiter(clock, "2/hour")
    ends = {(await calls.count(DEFAULT, address=f"192.0.2.{n}", principal=None)) for n in range(20)}
    assert len({allowance.reset_s for allowance in ends if allowance}) > 10


async def test_all_tokens_of_a_user_count_together_and_other_users_apart(clock: Clock) -> None:
    calls = limiter(clock)
    first = await calls.count(DEFAULT, address=HERE, principal=ADA)
    second = await calls.count(DEFAULT, address="192.0.2.2", principal=ADA_ELSEWHERE)
    other = await calls.count(DEFAULT, address=HERE, principal=BOB)
    assert [allowance.remaining for allowance in (first, second, other) if allowance] == [1, 0, 1]


async def test_each_policy_counts_separately(clock: Clock) -> None:
    calls = limiter(clock)
    found = [
        await calls.count(DEFAULT, address=HERE, principal=None),
        await calls.count(CREDENTIALS, address=HERE, principal=None),
        await calls.count_failure(HERE),
        await calls.count(DEFAULT, address=HERE, principal=ADA),
        await calls.count(CREDENTIALS, address=HERE, principal=ADA),
    ]
    assert [(a.policy, a.remaining) for a in found if a] == [
        (ADDRESS, 1),
        (CREDENTIALS, 1),
        (FAILURES, 1),
        (DEFAULT, 1),
        (CREDENTIALS, 1),
    ]


async def test_a_limit_that_is_off_lets_all_requests_pass(clock: Clock) -> None:
    calls = limiter(clock, "1/minute", default="off", failures="off")
    assert [await calls.count(DEFAULT, address=HERE, principal=ADA) for _ in range(3)] == [None] * 3
    assert [await calls.count_failure(HERE) for _ in range(3)] == [None] * 3
    assert await calls.look_at_failures(HERE) is None
    assert await calls.count(DEFAULT, address=HERE, principal=None) is not None


async def test_an_address_that_failed_too_often_is_known_without_counting(clock: Clock) -> None:
    windows = AskedWindows()
    calls = limiter(clock, windows=windows)
    seen = []
    for _ in range(3):
        seen.append(await calls.look_at_failures(HERE))
        await calls.count_failure(HERE)
    assert [bool(allowance and allowance.exceeded) for allowance in seen] == [False, False, True]
    assert await calls.look_at_failures("192.0.2.2") is None
    clock.now += MINUTE_S
    assert await calls.look_at_failures(HERE) is None
    assert windows.asked.total() == 2


async def test_a_caller_with_an_exhausted_policy_is_known_without_counting(clock: Clock) -> None:
    windows = AskedWindows()
    calls = limiter(clock, windows=windows)
    assert await calls.look(CREDENTIALS, address=HERE, principal=ADA) is None
    for _ in range(2):
        await calls.count(CREDENTIALS, address=HERE, principal=ADA)
        await calls.count(DEFAULT, address=HERE, principal=None)
    asked = windows.asked.copy()
    found = await calls.look(CREDENTIALS, address="192.0.2.2", principal=ADA_ELSEWHERE)
    assert found is not None
    assert (found.policy, found.remaining, found.exceeded) == (CREDENTIALS, 0, True)
    of_the_address = await calls.look(DEFAULT, address=HERE, principal=None)
    assert of_the_address is not None
    assert of_the_address.policy == ADDRESS
    for policy, principal in ((CREDENTIALS, BOB), (CREDENTIALS, None), (DEFAULT, ADA)):
        assert await calls.look(policy, address=HERE, principal=principal) is None
    assert windows.asked == asked


async def test_a_caller_with_nothing_left_is_rejected_without_asking_the_storage(clock: Clock) -> None:
    windows = AskedWindows()
    calls = limiter(clock, windows=windows)
    assert [(await by_ada(calls)).exceeded for _ in range(9)][-1]
    assert windows.asked.total() == 2


async def test_the_number_of_remembered_exhausted_callers_is_bounded(clock: Clock) -> None:
    windows = AskedWindows()
    calls = limiter(clock, "1/hour", windows=windows)
    for number in range(10_001):
        await calls.count(DEFAULT, address=f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", principal=None)
    for address in ("10.0.0.0", "10.0.39.16"):
        again = await calls.count(DEFAULT, address=address, principal=None)
        assert again is not None
        assert again.exceeded
    assert sum(times == 2 for times in windows.asked.values()) == 1


async def test_requests_that_cannot_be_counted_are_not_limited(clock: Clock) -> None:
    calls = limiter(clock, windows=SilentWindows())
    assert [await calls.count(DEFAULT, address=HERE, principal=ADA) for _ in range(3)] == [None] * 3


async def test_of_concurrent_requests_no_more_than_the_quota_pass(clock: Clock) -> None:
    calls = limiter(clock, "10/minute")
    found = await asyncio.gather(*(by_ada(calls) for _ in range(100)))
    assert sum(not allowance.exceeded for allowance in found) == 10


async def test_servers_that_share_a_count_agree_on_its_window(clock: Clock) -> None:
    windows = ProcessWindows(clock=clock)
    one, other = limiter(clock, windows=windows), limiter(clock, windows=windows)
    assert [(await by_ada(calls)).remaining for calls in (one, other)] == [1, 0]
    assert (await by_ada(one)).exceeded


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:0db8:0001:0002::1", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("fe80::1%eth0", "fe80::"),
        ("unix:", "unknown"),
        ("192.0.2.1:80", "unknown"),
        ("x" * 20_000, "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_address_counts_with_its_network(address: str | None, network: str) -> None:
    assert network_of(address) == network


async def test_a_window_counts_until_it_ends(clock: Clock) -> None:
    windows = ProcessWindows(clock=clock)
    assert [await windows.incr("a", MINUTE_S) for _ in range(3)] == [1, 2, 3]
    assert await windows.incr("b", MINUTE_S) == 1
    clock.now += MINUTE_S
    assert await windows.incr("a", MINUTE_S) == 1


async def test_ended_windows_are_deleted_as_others_begin(clock: Clock) -> None:
    windows = ProcessWindows(clock=clock)
    for number in range(1000):
        await windows.incr(f"old {number}", MINUTE_S)
    await windows.incr("long", 3600)
    clock.now += MINUTE_S
    for number in range(200):
        await windows.incr(f"new {number}", MINUTE_S)
    assert len(windows) == 201
    assert await windows.incr("long", 3600) == 2


async def test_the_number_of_windows_is_bounded_and_the_oldest_is_deleted_first(clock: Clock) -> None:
    windows = ProcessWindows(clock=clock, max_windows=3)
    for key in "abcbd":
        await windows.incr(key, MINUTE_S)
    assert len(windows) == 3
    assert [await windows.incr(key, MINUTE_S) for key in "bdc"] == [3, 2, 2]
    assert await windows.incr("a", MINUTE_S) == 1


async def test_a_request_may_take_several_units(clock: Clock) -> None:
    calls = limiter(clock, "10/minute")
    await by_ada(calls)
    allowance = await calls.count(DEFAULT, address=HERE, principal=ADA, units=8)
    assert allowance is not None
    assert (allowance.remaining, allowance.exceeded) == (1, False)
    assert (await by_ada(calls)).remaining == 0
    assert (await by_ada(calls)).exceeded
