"""A contract as text: JSON, or YAML 1.2 with its core schema, read into plain data.

PyYAML reads YAML 1.1, in which `no` is false, `12:30` is 750 and `0o17` is a text. OpenAPI recommends YAML 1.2: every
scalar that is not one of the words and forms below is a text. Merge keys (`<<`) are of YAML 1.1; many contracts use
them, so they are supported.

    null     ~, null, Null, NULL, or nothing
    boolean  true, True, TRUE, false, False, FALSE
    integer  12, +12, -12, 0o14, 0xC
    number   1.5, .5, 1e3, .inf, .nan (rejected, because JSON does not have the last two)

Source: YAML 1.2.2, section 10.3; OpenAPI 3.0.4, "Format".
"""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

import jiter
import orjson
import yaml
from yaml.constructor import ConstructorError

_TAG = "tag:yaml.org,2002:"
_MERGE = _TAG + "merge"
_TEXT = _TAG + "str"
_MAX_DIGITS = 100

_FORMS: tuple[tuple[str, str, str], ...] = (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+0123456789.",
    ),
    ("merge", r"<<", "<"),
)
"""The kinds of plain scalars: tag, form, and the characters that it may begin with."""
_COMPILED = {name: re.compile(rf"(?:{form})\Z", re.ASCII) for name, form, _ in _FORMS}


class CoreLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C loader, if it was built
    """YAML 1.2, read into the types of JSON. A key is the text that is written, as in JSON."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML's own
    yaml_constructors: dict[str | None, Any] = {}  # noqa: RUF012  # PyYAML's own

    def __init__(self, stream: bytes) -> None:
        super().__init__(stream)
        self.has_repeated_keys = False

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # PyYAML's
        """An object. Raises ConstructorError on a key that is not a scalar."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                key.tag = _TEXT
                self.has_repeated_keys = self.has_repeated_keys or key.value in seen
                seen.add(key.value)
        constructed: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return constructed

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Insert merged keys, which are texts too."""
        super().flatten_mapping(node)
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                key.tag = _TEXT


class Read(NamedTuple):
    """The plain data of a text, and whether an object has a key twice (only the last one is read)."""

    data: Any
    has_repeated_keys: bool


def load(raw: bytes) -> Any:  # JSON
    """The plain data of a JSON or YAML text. Raises yaml.YAMLError, ValueError."""
    return read(raw).data


def read(raw: bytes) -> Read:
    """A JSON or YAML text. Raises yaml.YAMLError, ValueError."""
    try:
        # JSON first: as YAML, its tabs would be rejected and its surrogate pairs read as two characters.
        return Read(orjson.loads(raw), repeats_keys(raw))
    except orjson.JSONDecodeError:
        loader = CoreLoader(raw)
    try:
        data = loader.get_single_data()
    finally:
        loader.dispose()
    try:
        orjson.dumps(data)
    except TypeError as error:  # the only fault that is not found while the data is constructed
        raise yaml.MarkedYAMLError(problem="an anchor contains itself, or it is nested too deep") from error
    return Read(data, loader.has_repeated_keys)


def repeats_keys(raw: bytes) -> bool:
    """Whether an object of a JSON text has a key twice."""
    try:
        jiter.from_json(raw, catch_duplicate_keys=True)
    except ValueError as error:
        return "duplicate key" in str(error)
    return False


def compose(raw: bytes, *, max_depth: int) -> yaml.Node | None:
    """The YAML nodes of *raw*, with their lines; None for an empty text. Raises yaml.YAMLError.

    It is also raised if *raw* is nested deeper than *max_depth*: composing recurses in C, where 100,000 brackets crash
    the process.
    """
    depth = 0
    for event in yaml.parse(raw, Loader=CoreLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > max_depth:
            mark: Any = event.start_mark  # the C parser's, which the stubs do not know here
            raise yaml.MarkedYAMLError(problem="it is nested too deep", problem_mark=mark)
    return yaml.compose(raw, Loader=CoreLoader)


def is_finite(node: yaml.ScalarNode) -> bool:
    """Whether JSON has the number *node*."""
    return math.isfinite(_number(_checked(node, "float")))


def _checked(node: yaml.ScalarNode, name: str) -> str:
    """The text of a scalar whose form or tag says that it is a *name*. Raises ConstructorError if it is not one."""
    text = str(node.value)
    if not _COMPILED[name].match(text):
        raise ConstructorError(problem=f"this is not a YAML 1.2 {name}", problem_mark=node.start_mark)
    return text


def _null(node: yaml.ScalarNode) -> None:
    _checked(node, "null")


def _integer(node: yaml.ScalarNode) -> int:
    text, prefixes = _checked(node, "int"), {"0o": 8, "0x": 16}
    if len(text) <= _MAX_DIGITS:
        number = int(text[2:], prefixes[text[:2]]) if text[:2] in prefixes else int(text)
        if -(2**63) <= number < 2**64:
            return number
    raise ConstructorError(problem="this integer has more than 64 bits", problem_mark=node.start_mark)


def _number(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


def _finite(node: yaml.ScalarNode) -> float:
    number = _number(_checked(node, "float"))
    if not math.isfinite(number):
        raise ConstructorError(problem="JSON does not have this number", problem_mark=node.start_mark)
    return number


for _name, _, _first in _FORMS:
    for _character in _first:
        CoreLoader.yaml_implicit_resolvers.setdefault(_character.strip("\0"), []).append(
            (_TAG + _name, _COMPILED[_name])
        )
CoreLoader.yaml_constructors = {
    _TAG + "null": lambda _loader, node: _null(node),
    _TAG + "bool": lambda _loader, node: _checked(node, "bool").lower() == "true",
    _TAG + "int": lambda _loader, node: _integer(node),
    _TAG + "float": lambda _loader, node: _finite(node),
    _TEXT: yaml.SafeLoader.construct_yaml_str,
    _MERGE: yaml.SafeLoader.construct_yaml_str,  # as a value
    _TAG + "seq": yaml.SafeLoader.construct_yaml_seq,
    _TAG + "map": yaml.SafeLoader.construct_yaml_map,
    None: yaml.SafeLoader.construct_undefined,
}
