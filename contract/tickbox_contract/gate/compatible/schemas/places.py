"""Where a value does not fit a schema, and the same place in a schema that it fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tickbox_contract.openapi.objects import Pointer

from .meanings import Meaning
from .meanings import meaning as reduced
from .validators import Validators, parts_of_value
from .verdicts import JSON

Path = tuple[str | int, ...]
"""The steps from a value to a part of it."""

_ALTERNATIVES = ("anyOf", "oneOf")
_TOGETHER = {
    "additionalProperties": ("properties", "patternProperties"),
    "items": ("prefixItems",),
    "contains": ("minContains",),
    "maxContains": ("contains", "minContains"),
    "then": ("if",),
    "else": ("if",),
}
"""Keywords that mean something only beside others."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What does not fit: the part of the value at *path*, because of *keyword* of *meaning*.

    `subject` is the name that is missing (`required`) or not allowed (`additionalProperties`).
    """

    meaning: Meaning
    keyword: str
    path: Path
    value: JSON
    subject: str = ""

    @property
    def pointer(self) -> Pointer:
        """The smallest place in the contract that says so."""
        return place_of(self.meaning, self.keyword)


def place_of(meaning: Meaning, keyword: str) -> Pointer:
    """The place of *keyword*, or of the schema if it is not written there."""
    if not meaning.is_written or not keyword:
        return meaning.pointer
    return (*meaning.pointer, "format" if keyword == "range" else keyword)


class Places:
    """Finds places of schemas with the value at hand."""

    def __init__(self, validators: Validators) -> None:
        self._validators = validators

    def failure(self, meaning: Meaning, value: JSON, path: Path = ()) -> Failure | None:
        """The innermost reason why *value* does not fit *meaning*; None if it does."""
        if self._validators.accepts(meaning, value):
            return None
        found = self._inside(meaning, value, path)
        return found or Failure(meaning, self._keyword(meaning, value), path, value, _missing(meaning, value))

    def _inside(self, meaning: Meaning, value: JSON, path: Path) -> Failure | None:
        """The reason in a schema inside *meaning*."""
        keywords = meaning.keywords
        for step, inner, part in parts_of_value(meaning, value):
            found = self.failure(inner, part, (*path, step))
            if found is not None:
                return _refused(found, meaning, value, path, step) or found
        for inner in self._validators.applied(meaning, value):
            found = self.failure(inner, value, path)
            if found is not None:
                return found
        for keyword in _ALTERNATIVES:
            found = self._nearest([self.failure(each, value, path) for each in keywords.get(keyword, ())])
            if found is not None:
                return found
        return None

    def _nearest(self, failures: list[Failure | None]) -> Failure | None:
        """The reason in the alternative that was meant, if one was."""
        given = [each for each in failures if each is not None]
        if len(given) < len(failures) or not given:
            return None
        of_this_kind = [each for each in given if each.keyword not in {"type", "enum", "const"}]
        deepest = max(len(each.path) for each in given)
        for near in (of_this_kind, [each for each in given if len(each.path) == deepest]):
            if len(near) == 1:
                return near[0]
        return None

    def _keyword(self, meaning: Meaning, value: JSON) -> str:
        """The keyword of *meaning* itself that *value* does not fit."""
        keywords = meaning.keywords
        if "type" in keywords and not keywords["type"]:
            return ""
        late = [keyword for keyword in keywords if keyword.startswith("unevaluated")]
        for keyword in (each for each in keywords if each not in late):
            inner = {key: keywords[key] for key in (keyword, *_TOGETHER.get(keyword, ())) if key in keywords}
            if not self._validators.accepts(reduced(meaning.pointer, **inner), value):
                return keyword
        return late[0] if late else ""

    def counterpart(self, meaning: Meaning, failure: Failure, value: JSON) -> Pointer:
        """The place in *meaning*, which *value* fits, of what *failure* is about."""
        here = [*self._applied(meaning, value)]
        for step in failure.path:
            part = value[step]
            inner = [found for each in here for at, found, _ in parts_of_value(each, value) if at == step]
            if not inner:
                return here[0].pointer
            here, value = [found for each in inner for found in self._applied(each, part)], part
        same = [each for each in here if each.pointer == failure.meaning.pointer]
        if failure.keyword == "required" and failure.subject:  # another part that requires other names is not about it
            here = same or here[:1]
        told = [each for each in (*same, *here) if failure.keyword in each.keywords]
        return place_of(told[0], failure.keyword) if told else here[0].pointer

    def _applied(self, meaning: Meaning, value: JSON) -> Iterator[Meaning]:
        """*meaning* and its parts that *value* fits."""
        seen: set[Meaning] = set()
        waiting = [meaning]
        while waiting:
            each = waiting.pop(0)
            if each not in seen:
                seen.add(each)
                yield each
                waiting += self._validators.applied(each, value)
                alternatives = [inner for keyword in _ALTERNATIVES for inner in each.keywords.get(keyword, ())]
                waiting += [inner for inner in alternatives if self._validators.accepts(inner, value)]


def _refused(found: Failure, meaning: Meaning, value: JSON, path: Path, step: str | int) -> Failure | None:
    """The failure of the object, if no value at all is allowed for one of its names."""
    if found.keyword or found.meaning.keywords.get("type") != () or len(found.path) > len(path) + 1:
        return None
    is_named = step in meaning.keywords.get("properties", {})
    inner = found.meaning if is_named else meaning
    return Failure(inner, "" if is_named else "additionalProperties", path, value, str(step))


def _missing(meaning: Meaning, value: JSON) -> str:
    required = meaning.keywords.get("required", ()) if isinstance(value, dict) else ()
    return next((name for name in required if name not in value), "")
