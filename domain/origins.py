"""Where a call comes from: nothing that could be relied on, but what its user may recognise."""

import ipaddress
from dataclasses import dataclass
from typing import Final

_LONGEST_DEVICE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """An address and what called from there; each None where it is not known. Both are short and printable."""

    address: str | None = None
    device: str | None = None


def origin_of(*, address: str | None, agent: str) -> Origin:
    """The origin of a call from *address* by what calls itself *agent*: whatever a client sends."""
    return Origin(address=_ip_address(address or ""), device=_printable(agent, longest=_LONGEST_DEVICE))


def _ip_address(text: str) -> str | None:
    """None for what is no address: a proxy's header may hold anything."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _printable(text: str, *, longest: int) -> str | None:
    return "".join(filter(str.isprintable, text)).strip()[:longest].strip() or None
