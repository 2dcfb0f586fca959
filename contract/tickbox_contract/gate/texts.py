"""The text of a file as plain data with its lines."""

from __future__ import annotations

import errno
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tickbox_contract.openapi.files import repeats_keys
from tickbox_contract.openapi.places import MAX_HEIGHT, Lines

from .json_lines import JsonLines
from .yaml_texts import MAX_MEMBERS, MOST_NODES, UnreadableError, YamlReader

MAX_BYTES = 32 * 2**20
"""How large a file may be. The largest published contracts have some 14 MB."""
_JSON_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Text:
    """The data of a file, and where it is in the file."""

    data: Any
    lines: Lines
    has_repeated_keys: bool


def read_text(raw: bytes, *, is_json: bool = False) -> Text:
    """The data of *raw*, JSON or YAML; only JSON if *is_json*. Raises UnreadableError."""
    if len(raw) > MAX_BYTES:
        raise UnreadableError(f"this file has more than {MAX_BYTES >> 20} MiB")
    if raw[:2] in _UTF_16 or b"\0" in raw[:4]:
        raise UnreadableError("this is not a text in UTF-8: save it as UTF-8")
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    _require_few_nodes(raw)
    has_repeated_keys = repeats_keys(raw)  # first: it reads the whole, and what it reads is freed
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if is_json and raw.strip():
            raise UnreadableError(f"line {error.lineno} is not valid JSON: {error.msg}") from error
    else:
        _require_bounds(data)
        return Text(data, JsonLines(raw), has_repeated_keys)
    reader = YamlReader(raw)
    return Text(reader.read(), reader.lines, bool(reader.lines.repeated))


def _require_few_nodes(raw: bytes) -> None:
    """Raise UnreadableError if *raw*, should it be JSON, has more nodes than a contract can have, counted as in YAML.

    They are counted in the text: as data, 32 MB of empty objects would take a gigabyte.
    """
    if raw.lstrip()[:1] not in {b"{", b"["} or _nodes(raw) <= MOST_NODES:
        return
    if _nodes(raw) - sum(_nodes(text[0]) for text in _JSON_TEXT.finditer(raw)) > MOST_NODES:
        raise UnreadableError(f"this has more than {MOST_NODES:,} objects, lists, keys and values: divide it")


def _nodes(text: bytes) -> int:
    return text.count(b",") + text.count(b":") + 2 * (text.count(b"{") + text.count(b"["))


def _require_bounds(data: Any) -> None:  # JSON
    """Raise UnreadableError if *data* is nested too deep, or an object or list in it is too large."""
    level = [data]
    for _ in range(MAX_HEIGHT):
        if any(len(each) > MAX_MEMBERS for each in level if isinstance(each, dict | list)):
            raise UnreadableError(f"this has an object or list of more than {MAX_MEMBERS:,}: divide it")
        inner = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        level = [value for values in inner for value in values if isinstance(value, dict | list)]
        if not level:
            return
    raise UnreadableError("this is nested too deep")


def bytes_of(path: Path) -> bytes:
    """The content of the file at *path*. Raises OSError, also for what is not a regular file: it may never end.

    Standard input and the other files that this process was given are read, whatever they are.
    """
    kind = path.stat().st_mode
    is_given = path == Path("/dev/stdin") or path.parent in {Path("/dev/fd"), Path("/proc/self/fd")}
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind) or is_given):
        raise OSError(errno.EINVAL, "this is not a regular file", str(path))
    return path.read_bytes()
