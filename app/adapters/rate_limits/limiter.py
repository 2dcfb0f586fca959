"""Rate limits: the policies that the contract names, and which requests count together.

    default       600/minute   requests with a valid token, by user
    address       120/minute   requests of operations that need no token, by address
    failures      120/minute   requests without a valid token where one is needed, by address
    credentials    10/minute   requests that check or create passwords and accounts, by user or else by address; one
                               that the engine rejects before it is performed counts for `default` or `address`

Windows are fixed: counting takes one step in one place, and it is known exactly when a caller may go on. The windows of
each caller begin at another time, which follows from their name, so that every server knows it.
"""

from __future__ import annotations

import ipaddress
import math
import re
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from limits import RateLimitItem, parse

from app.adapters.rate_limits.windows import Windows
from domain.principals import Principal
from tickbox_contract.engine.limits import Allowance

DEFAULT: Final = "default"
CREDENTIALS: Final = "credentials"
ADDRESS: Final = "address"
FAILURES: Final = "failures"
POLICIES: Final = (DEFAULT, CREDENTIALS)
"""The policies that `x-rate-limit` may name."""
OFF: Final = "off"

_RATE: Final = re.compile(r"[1-9][0-9]{0,8}/([1-9][0-9]{0,3} ?)?(second|minute|hour|day|month|year)s?")
_MAX_SPENT: Final = 10_000
_UNKNOWN: Final = "unknown"


def parse_rate(text: str) -> RateLimitItem | None:
    """Parse `600/minute` or `10/5 minutes`; None for `off`. Raises ValueError for anything else."""
    if text == OFF:
        return None
    if not _RATE.fullmatch(text):
        raise ValueError
    return parse(text)


class CallLimiter:
    """Implements tickbox_contract.engine.limits.Limiter. *rates* are by policy; None means no limit.

    *clock* returns seconds since 1970. It must agree for all servers that share *windows*.
    """

    def __init__(
        self,
        rates: Mapping[str, RateLimitItem | None],
        windows: Windows,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._rates = {policy: rate for policy, rate in rates.items() if rate is not None}
        self._windows = windows
        self._clock = clock
        self._spent: OrderedDict[str, None] = OrderedDict()

    async def count(
        self, policy: str, *, address: str | None, principal: Principal | None, units: int = 1
    ) -> Allowance | None:
        """See `Limiter`. All tokens of a user count together."""
        return await self._count(*_counted(policy, address, principal), units=units)

    async def look(self, policy: str, *, address: str | None, principal: Principal | None) -> Allowance | None:
        """See `Limiter`. It uses only what this server knows: it learns of others' counts with its next request."""
        return self._look(*_counted(policy, address, principal))

    async def look_at_failures(self, address: str | None) -> Allowance | None:
        """See `Limiter`. It uses only what this server knows, too."""
        return self._look(FAILURES, network_of(address))

    async def count_failure(self, address: str | None) -> Allowance | None:
        """See `Limiter`."""
        return await self._count(FAILURES, network_of(address))

    async def close(self) -> None:
        """Close the storage of the counts."""
        await self._windows.close()

    def _look(self, policy: str, who: str) -> Allowance | None:
        rate = self._rates.get(policy)
        if rate is None or not self._spent:
            return None
        key, left_s = self._window(policy, rate, who)
        return _allowance(policy, rate, rate.amount + 1, left_s) if key in self._spent else None

    async def _count(self, policy: str, who: str, *, units: int = 1) -> Allowance | None:
        rate = self._rates.get(policy)
        if rate is None:
            return None
        key, left_s = self._window(policy, rate, who)
        if key in self._spent:
            return _allowance(policy, rate, rate.amount + 1, left_s)
        count = await self._windows.incr(key, rate.get_expiry(), units)
        if count is None:
            return None
        if count >= rate.amount:
            self._remember(key)
        return _allowance(policy, rate, count, left_s)

    def _window(self, policy: str, rate: RateLimitItem, who: str) -> tuple[str, float]:
        """Return the key of the current window, and the seconds until it ends."""
        length_s = rate.get_expiry()
        caller = f"{policy}/{who}"
        number, passed_s = divmod(self._clock() + zlib.crc32(caller.encode()) % length_s, length_s)
        return f"{caller}/{int(number)}", length_s - passed_s

    def _remember(self, key: str) -> None:
        """Remember that nothing is left of a window, so that the storage need not be asked again."""
        self._spent[key] = None
        if len(self._spent) > _MAX_SPENT:
            self._spent.popitem(last=False)


def _counted(policy: str, address: str | None, principal: Principal | None) -> tuple[str, str]:
    """The policy that a call counts against, and whose call it is."""
    if principal is not None:
        return policy, str(principal.user_id)
    return ADDRESS if policy == DEFAULT else policy, network_of(address)


@lru_cache(maxsize=1024)
def network_of(address: str | None) -> str:
    """Whose calls count together: an IPv4 address, or the /64 of an IPv6 address, which is what one customer gets.

    What is no address, such as the name in a proxy's header, is one caller.
    """
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return _UNKNOWN
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.IPv6Address(int(parsed) >> 64 << 64))


def _allowance(policy: str, rate: RateLimitItem, count: int, left_s: float) -> Allowance:
    return Allowance(
        policy=policy,
        quota=rate.amount,
        window_s=rate.get_expiry(),
        remaining=max(0, rate.amount - count),
        reset_s=max(1, math.ceil(left_s)),
        exceeded=count > rate.amount,
    )
