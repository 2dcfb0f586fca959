"""Which URLs of an identity provider are safe: nobody in between can read or change the response."""

import ipaddress
from typing import Final
from urllib.parse import SplitResult, urlsplit

_PLAIN: Final = "http"


def split_safe(text: str) -> SplitResult | None:
    """The parts of an absolute https URL, or of an http one that never leaves this machine; None for any other.

    It names no user, and is printable ASCII.
    """
    if not (text.isascii() and text.isprintable()) or " " in text:
        return None
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError:  # a port, or an address in brackets, that is none
        return None
    if not host or port == 0 or "@" in url.netloc:
        return None
    return url if url.scheme == "https" or (url.scheme == _PLAIN and _is_loopback(host)) else None


def web_origin(url: SplitResult) -> str:
    """Scheme, host and port, as RFC 6454 compares them: in small letters, and without the scheme's own port."""
    host = url.hostname or ""
    default = 443 if url.scheme == "https" else 80
    port = f":{url.port}" if url.port not in {None, default} else ""
    return f"{url.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
