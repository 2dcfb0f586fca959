"""URLs of an identity provider that are safe: nobody on the way can read or change the response."""

import ipaddress
from typing import Final
from urllib.parse import SplitResult, urlsplit

_PLAIN: Final = "http"


def split_safe(text: str) -> SplitResult | None:
    """Return the parts of an absolute https URL, or of an http URL of this machine; None for any other text.

    The URL must be printable ASCII and must not have a user.
    """
    if not (text.isascii() and text.isprintable()) or " " in text:
        return None
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError:  # an invalid port, or an invalid address in brackets
        return None
    if not host or port == 0 or "@" in url.netloc:
        return None
    return url if url.scheme == "https" or (url.scheme == _PLAIN and _is_loopback(host)) else None


def web_origin(url: SplitResult) -> str:
    """Return scheme, host and port as RFC 6454 compares them: in lower case, without the default port."""
    host = url.hostname or ""
    default = 443 if url.scheme == "https" else 80
    port = f":{url.port}" if url.port not in {None, default} else ""
    return f"{url.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
