"""Content negotiation: the media type that a client accepts (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from .media import ANYTHING, is_range


def negotiate(accept: str, produces: tuple[str, ...]) -> str | None:
    """The media type of *produces* that *accept* prefers; the first of equals; None if it accepts none of them."""
    if not produces:
        return ""
    if not accept or accept == "*/*":
        return produces[0]
    ranges = [_media_range(item) for item in accept.split(",")]
    best, best_quality = None, 0.0
    for media_type in produces:
        fitting = [(len(name), quality) for name, quality in ranges if _matches(name, media_type)]
        quality = max(fitting)[1] if fitting else 0.0
        if quality > best_quality:
            best, best_quality = media_type, quality
    return best


def _media_range(item: str) -> tuple[str, float]:
    """The name and the quality of one element of `Accept`."""
    name, *parameters = (part.strip().lower() for part in item.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, float(parameter[2:])
            except ValueError:
                return name, 0.0
    return name, 1.0


def _matches(media_range: str, media_type: str) -> bool:
    """Whether a range of the client and a declared media type, which may be a range too, have something in common."""
    if media_type == ANYTHING or media_range in (ANYTHING, media_type, media_type.partition("/")[0] + "/*"):
        return True
    return is_range(media_type) and media_range.startswith(media_type[:-1])
