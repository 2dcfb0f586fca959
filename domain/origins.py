"""Where a request comes from. It proves nothing, but the account's owner may recognise it."""

import ipaddress
from dataclasses import dataclass
from typing import Final

_LONGEST_DEVICE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """An address and a device; each None if it is not known. Both are short and printable."""

    address: str | None = None
    device: str | None = None


def origin_of(*, address: str | None, agent: str) -> Origin:
    """Return the origin of a request from *address* with the User-Agent *agent*, whatever a client sends."""
    return Origin(address=_ip_address(address or ""), device=_printable(agent, longest=_LONGEST_DEVICE))


def _ip_address(text: str) -> str | None:
    """Return None for an invalid address: a proxy's header may hold anything."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _printable(text: str, *, longest: int) -> str | None:
    return "".join(filter(str.isprintable, text)).strip()[:longest].strip() or None
