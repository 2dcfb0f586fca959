"""Turns what the validators say about the form of a document into faults that its author can mend.

One mistake is one fault. Of several alternatives the one that was meant is looked at; a property that is written wrong
is not missing as well; and what a validator says in general counts only where nothing exact is known.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from .faults import enum_detail, schema_faults, type_detail
from .form_hints import enum_hint, type_hint
from .objects import Pointer
from .published import published_schema
from .spelling import means_reference, meant

_Error = jsonschema_rs.ValidationError
_Names = frozenset[str]
_VAGUE = frozenset({"any-of", "one-of", "not", "invalid"})
_UNKNOWN, _MISSING = "There is no such property here.", "This property is required."
_A_PATH = "A path begins with a slash."
A_NAME = "A name has only letters, digits, dots, hyphens and underscores."
_NO_REFERENCE = "$ref: OpenAPI allows no reference here."
_A_STATUS = "A response has a status such as '200', a range such as 2XX, or is the default."
_WORDS = re.compile(r"\^\(([a-z|]+)\)\$")
"""A pattern of names that lists them, such as those of methods."""
NO_RESPONSE = "There is no response here."
_RANGE = re.compile(r"[1-5][xX]{2}")
_APPLICATORS = ("if", "then", "else")
_TYPES: Mapping[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array",
                              dict: "object", type(None): "null"}  # fmt: skip


class FormFault(NamedTuple):
    """A place that does not have the required form, and why. Its last step is *meant* to be another name, perhaps."""

    pointer: Pointer
    message: str
    meant: str | None = None


class _Found(NamedTuple):
    """A fault, with the code of its kind."""

    fault: FormFault
    code: str


class FormErrors:
    """The errors in one object *node*, which is at *above* in a document of that version of OpenAPI.

    It *may_refer*, if a reference can be written instead of it.
    """

    def __init__(self, node: Any, above: Pointer, version: str, *, may_refer: bool = False) -> None:
        self.above = above
        self._node = node
        self._version = version
        self._may_refer = may_refer
        self._wrong: set[Pointer] = set()

    def faults(self, errors: Sequence[_Error]) -> list[FormFault]:
        """The faults, each once."""
        for error in errors:
            place = self._place(error)
            levels = len(place) + (0 if isinstance(error.kind, Kind.UnevaluatedProperties) else 1)
            self._wrong.update(place[:length] for length in range(levels))
        found = [each for error in errors for each in self._innermost(error)]
        return [each.fault for each in _one_each(_without_vague(_without_renamed(found)))]

    def _place(self, error: _Error) -> Pointer:
        """Where *error* is. The validator takes the name of a property for a number if it looks like one."""
        pointer = [*self.above]
        node = self._node
        for step in error.instance_path:
            key = str(step) if isinstance(node, dict) else step
            pointer.append(key)
            node = _at(node, [key])
        return tuple(pointer)

    def _innermost(self, error: _Error) -> Iterator[_Found]:
        """The faults of the alternative that was meant, if all of several alternatives fail."""
        place = self._place(error)
        match error.kind:
            case Kind.OneOfNotValid(context=context) | Kind.AnyOf(context=context):
                yield from self._alternatives(error, context, place)
            case Kind.Required(property="default") if error.schema_path[-2:-1] == ["then"]:
                yield _Found(FormFault(place, _named(place, NO_RESPONSE)), "any-of")
            case Kind.Not() | Kind.OneOfMultipleValid() if names := _exclusive(self._version, error):
                yield _Found(FormFault(place, _named(place, f"{' and '.join(names)} exclude each other.")), "not")
            case Kind.Required(property=name):
                yield _Found(FormFault((*place, name), f"{name}: {_MISSING}"), "required")
            case Kind.PropertyNames(error=inner):
                name = str(inner.instance)
                yield _Found(FormFault((*place, name), f"{name}: {A_NAME}"), "name")
            case Kind.AdditionalProperties(unexpected=names) | Kind.UnevaluatedProperties(unexpected=names):
                allowed = _allowed(self._version, tuple(error.schema_path[:-1]))
                # In JSON Schema 2020-12, a subschema that fails knows no properties: what is allowed is a consequence.
                is_consequence = isinstance(error.kind, Kind.UnevaluatedProperties) and place in self._wrong
                yield from (
                    self._unexpected(place, name, allowed) for name in names if not (is_consequence and name in allowed)
                )
            case _:
                hint = _hint(error, self._value(place), place)
                for fault in schema_faults([error]):
                    yield _Found(FormFault(place, _named(place, f"{fault.detail}{hint}")), fault.code)

    def _alternatives(self, error: _Error, context: Sequence[Sequence[_Error]], place: Pointer) -> Iterator[_Found]:
        here = list(error.instance_path)
        value = self._value(place)
        is_reference = isinstance(value, dict) and "$ref" in value
        meant_ones = [branch for branch in context if _is_meant(branch, here, is_reference=is_reference)]
        wanted = [_types_wanted(branch, here) for branch in meant_ones]
        if wanted and all(types is not None for types in wanted):
            types = sorted({name for types in wanted for name in types or ()})
            yield _Found(
                FormFault(place, _named(place, f"{type_detail(types)}{type_hint(types, value, place)}")), "type"
            )
            return
        meant_ones = [branch for branch, types in zip(meant_ones, wanted, strict=True) if types is None]
        mark = _mark(meant_ones, here) if len(meant_ones) > 1 else None
        if mark is not None:
            options = [option for branch in meant_ones for option in _options(branch, mark)]
            meant_ones = [branch for branch in meant_ones if not _options(branch, mark)]
            if not meant_ones:
                at = (*place, *mark[len(here) :])
                yield _Found(
                    FormFault(at, _named(at, f"{enum_detail(options)}{enum_hint(options, self._value(at))}")), "enum"
                )
                return
        if len(meant_ones) == 1:
            for inner in meant_ones[0]:
                yield from self._innermost(inner)
            return
        needed = _needed(meant_ones, here)
        for each in schema_faults([error]):
            detail = f"This needs {' or '.join(needed)}." if needed else each.detail
            yield _Found(FormFault(place, _named(place, detail)), each.code)

    def _unexpected(self, place: Pointer, name: str, allowed: _Names) -> _Found:
        if name == "$ref":
            return _Found(FormFault((*place, name), _NO_REFERENCE), "reference")
        what, near = _UNKNOWN, _near(name, allowed)
        if place == ("paths",):
            what, near = _A_PATH, f"/{name}"
        elif allowed == {"default"}:
            what, near = _A_STATUS, name.upper() if _RANGE.fullmatch(name) else near
        if self._may_refer and place == self.above and means_reference(name, self._value(place)[name]):
            near = "$ref"
        if near in self._value(place):
            near = None
        hint = f" {near} may be meant." if near else ""
        return _Found(FormFault((*place, name), f"{name}: {what}{hint}", near), "unknown")

    def _value(self, place: Pointer) -> Any:  # JSON
        return _at(self._node, place[len(self.above) :])


@cache
def _published(version: str) -> Mapping[str, Any]:
    return published_schema(version)


@cache
def _allowed(version: str, path: tuple[str | int, ...]) -> _Names:
    """The names of properties that the published schema at *path* knows."""
    return frozenset(_names(_at(_published(version), path), _published(version)))


def _at(root: Any, path: Iterable[Any]) -> Any:  # JSON
    """What *path* leads to in *root*; None if it leads nowhere."""
    for step in path:
        root = root[step] if isinstance(root, list) or (isinstance(root, dict) and step in root) else None
    return root


def _names(schema: Any, published: Mapping[str, Any]) -> Iterator[str]:
    """The names of the properties of *schema* and of what it consists of."""
    waiting, seen = [schema], set()
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict) or id(node) in seen:
            continue
        seen.add(id(node))
        yield from node.get("properties", ())
        for pattern in node.get("patternProperties", ()):
            listed = _WORDS.fullmatch(pattern)
            yield from listed[1].split("|") if listed else ()
        waiting += [node.get(key) for key in _APPLICATORS]
        waiting += [each for key in ("allOf", "anyOf", "oneOf") for each in node.get(key, ())]
        waiting += node.get("dependentSchemas", {}).values()
        waiting.append(_target(node.get("$ref"), published))


def _target(reference: Any, published: Mapping[str, Any]) -> Any:
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    node: Any = published
    for step in reference.split("/")[1:]:
        node = node.get(step, {})
    return node


@lru_cache(maxsize=10_000)
def _near(name: str, known: _Names) -> str | None:
    return meant(name, known)


def _is_meant(branch: Iterable[_Error], here: list[str | int], *, is_reference: bool) -> bool:
    """Whether an alternative may be meant by a value with or without a `$ref`. That of a reference looks at it."""
    if is_reference:
        return any(list(error.instance_path) == [*here, "$ref"] for error in branch)
    return not any(isinstance(error.kind, Kind.Required) and error.kind.property == "$ref" for error in branch)


def _needed(branches: Sequence[Sequence[_Error]], here: list[str | int]) -> list[str]:
    """The names of the properties of which any one suffices; none if that is not what all alternatives lack."""
    lacking = [error for branch in branches for error in branch if list(error.instance_path) == here]
    names = [error.kind.property for error in lacking if isinstance(error.kind, Kind.Required)]
    return names if len(names) == len(branches) == sum(map(len, branches)) else []


def _exclusive(version: str, error: _Error) -> list[str]:
    """The names of the properties that exclude each other, if that is what the published schema says."""
    schema = _at(_published(version), error.schema_path)
    parts = schema if isinstance(schema, list) else [schema]
    return [name for part in parts if isinstance(part, dict) for name in part.get("required", ())]


def _types_wanted(branch: Iterable[_Error], here: list[str | int]) -> Collection[str] | None:
    """The types that a value must have for an alternative, if it fails because the value at *here* has another one."""
    for error in branch:
        if list(error.instance_path) != here:
            continue
        match error.kind:
            case Kind.Type(types=types):
                return list(types)
            case Kind.Enum(options=options):
                names = {_TYPES[type(option)] for option in options}
                return None if _TYPES.get(type(error.instance)) in names else names
            case Kind.OneOfNotValid(context=context) | Kind.AnyOf(context=context):
                inner = [_types_wanted(each, here) for each in context]
                if inner and all(types is not None for types in inner):
                    return {name for types in inner for name in types or ()}
    return None


def _mark(branches: Iterable[Iterable[_Error]], here: list[str | int]) -> list[str | int] | None:
    """The path of the property that says which of several alternatives is meant: most of them demand another value."""
    paths: Counter[tuple[str | int, ...]] = Counter()
    for branch in branches:
        paths.update({
            tuple(error.instance_path)
            for error in branch
            if isinstance(error.kind, Kind.Enum | Kind.Constant) and len(error.instance_path) == len(here) + 1
        })  # fmt: skip
    found = paths.most_common(1)
    return list(found[0][0]) if found else None


def _options(branch: Iterable[_Error], mark: list[str | int]) -> list[Any]:
    """The values that an alternative demands at *mark*, if it is what fails there."""
    found: list[Any] = []
    for error in branch:
        if list(error.instance_path) == mark:
            match error.kind:
                case Kind.Enum(options=options):
                    found += options
                case Kind.Constant(expected_value=value):
                    found.append(value)
    return found


def _hint(error: _Error, value: Any, place: Pointer) -> str:
    """A second sentence: how to write what is meant."""
    match error.kind:
        case Kind.Type(types=types):
            return type_hint(types, value, place)
        case Kind.Enum(options=options):
            return enum_hint(options, value)
    return ""


def _without_renamed(found: Sequence[_Found]) -> list[_Found]:
    """*found*, without properties that are missing because they are written wrong, or beside a reference."""
    renamed = {(*fault.pointer[:-1], fault.meant) for fault, _ in found if fault.meant}
    references = {fault.pointer[:-1] for fault, code in found if code == "reference" or fault.meant == "$ref"}
    return [
        each
        for each in found
        if each.code != "required" or not (each.fault.pointer in renamed or each.fault.pointer[:-1] in references)
    ]


def _without_vague(found: Sequence[_Found]) -> Iterator[_Found]:
    """*found*, without what is said in general of a place of which something exact is known."""
    exact = {fault.pointer[:n] for fault, code in found if code not in _VAGUE for n in range(len(fault.pointer) + 1)}
    return (each for each in found if each.code not in _VAGUE or each.fault.pointer not in exact)


def _one_each(found: Iterable[_Found]) -> Iterable[_Found]:
    """One of *found* for each place: a wrong type is more helpful to know than what follows from it."""
    kept: dict[Pointer, _Found] = {}
    for each in found:
        known = kept.setdefault(each.fault.pointer, each)
        if each.code == "type" and known.code != "type":
            kept[each.fault.pointer] = each
    return kept.values()


def _named(place: Pointer, detail: str) -> str:
    """*detail* after the last name in *place*, and the index in its list if it has one."""
    steps = [str(step) for step in place]
    if place and isinstance(place[-1], int):
        return f"{'/'.join(steps[-2:])}: {detail}"
    return f"{steps[-1]}: {detail}" if steps else detail
