"""Regular expressions of ECMA-262 as automata. What an automaton cannot do is not supported: look-around, references.

Source: JSON Schema Validation 2020-12, 6.3.3 (a pattern is not anchored); ECMA-262, 22.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from . import characters
from .characters import Ranges

_MOST_STATES = 20_000
_MOST_REPEATS = 2_000
_BRACES = re.compile(r"\{(\d+)(,?)(\d*)\}", re.ASCII)
_CLASSES: dict[str, Ranges] = {
    "d": characters.DIGITS,
    "w": characters.WORDS,
    "s": characters.SPACES,
    "D": characters.others(characters.DIGITS),
    "W": characters.others(characters.WORDS),
    "S": characters.others(characters.SPACES),
}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "v": "\v", "f": "\f"}
_HEX = {"x": re.compile(r"[0-9A-Fa-f]{2}"), "u": re.compile(r"[0-9A-Fa-f]{4}|\{[0-9A-Fa-f]{1,6}\}")}


class UnsupportedPatternError(ValueError):
    """A pattern that is not made an automaton."""


@dataclass(slots=True)
class Automaton:
    """States by number. State 0 is the first one, state 1 the last one.

    `moves` consume a character, `silent` ones do not. Those of `starts` and `ends` pass only at the start or the end.
    """

    moves: list[list[tuple[Ranges, int]]] = field(default_factory=lambda: [[], []])
    silent: list[list[int]] = field(default_factory=lambda: [[], []])
    starts: list[list[int]] = field(default_factory=lambda: [[], []])
    ends: list[list[int]] = field(default_factory=lambda: [[], []])

    def state(self) -> int:
        """The number of a new state."""
        if len(self.moves) >= _MOST_STATES:
            raise UnsupportedPatternError("the pattern is too large")
        self.moves.append([])
        for each in (self.silent, self.starts, self.ends):
            each.append([])
        return len(self.moves) - 1


_Build = Callable[[Automaton, int, int], None]
"""Adds a part of a pattern between two states."""


def automaton(pattern: str) -> Automaton:
    """The texts that have a match of *pattern* anywhere. Raises UnsupportedPatternError."""
    build = _Parser(pattern).pattern()
    made = Automaton()
    made.moves[0].append((characters.EVERY, 0))
    made.moves[1].append((characters.EVERY, 1))
    build(made, 0, 1)
    return made


def literals(texts: Iterable[str]) -> list[Automaton]:
    """Automata of the texts themselves: one, or none if there are no texts or too many."""
    made = Automaton()
    known: dict[tuple[int, str], int] = {}
    try:
        for text in texts:
            here = 0
            for character in text:
                if (here, character) not in known:
                    known[here, character] = made.state()
                    made.moves[here].append((characters.of(character), known[here, character]))
                here = known[here, character]
            made.ends[here].append(1)
    except UnsupportedPatternError:
        return []
    return [made] if known or made.ends[0] else []


class _Parser:
    """Recursive descent over the text of a pattern."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def pattern(self) -> _Build:
        found = self._choice()
        if self._at < len(self._text):
            raise UnsupportedPatternError("a bracket is not open")
        return found

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        character = self._peek()
        if not character:
            raise UnsupportedPatternError("the pattern ends too early")
        self._at += 1
        return character

    def _taken(self, text: str) -> bool:
        found = self._text.startswith(text, self._at)
        self._at += len(text) if found else 0
        return found

    def _choice(self) -> _Build:
        parts = [self._sequence()]
        while self._taken("|"):
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else _any_of(parts)

    def _sequence(self) -> _Build:
        parts = []
        while self._peek() not in {"", "|", ")"}:
            parts.append(self._repeated(self._atom()))
        return _row(parts)

    def _repeated(self, part: _Build) -> _Build:
        least, most = 1, 1 if self._peek() not in {"*", "+", "?", "{"} else None
        if self._taken("*"):
            least = 0
        elif self._taken("+"):
            pass
        elif self._taken("?"):
            least, most = 0, 1
        elif braces := _BRACES.match(self._text, self._at):
            self._at = braces.end()
            least = int(braces[1])
            most = int(braces[3]) if braces[3] else None if braces[2] else least
        elif self._peek() == "{":
            raise UnsupportedPatternError("a brace is not a number of repeats")
        else:
            return part
        self._taken("?")  # lazy: the same texts
        if self._peek() in {"*", "+", "?", "{"} or max(least, most or 0) > _MOST_REPEATS or least > (most or least):
            raise UnsupportedPatternError("a repeat is not supported")
        return _repeat(part, least, most)

    def _atom(self) -> _Build:
        character = self._next()
        if character == "(":
            return self._group()
        if character == "^":
            return lambda made, here, there: made.starts[here].append(there)
        if character == "$":
            return lambda made, here, there: made.ends[here].append(there)
        return _one_of(self._ranges(character))

    def _ranges(self, character: str) -> Ranges:
        """The characters that an atom which begins with *character* matches."""
        if character in "*+?{}])":
            raise UnsupportedPatternError(f"{character} has nothing before it")
        if character == "[":
            return self._set()
        if character == ".":
            return characters.NOT_LINE_ENDS
        return self._escape() if character == "\\" else characters.of(character)

    def _group(self) -> _Build:
        if self._taken("?") and not self._taken(":"):
            name = re.compile(r"P?<[A-Za-z_]\w*>").match(self._text, self._at)
            if name is None:
                raise UnsupportedPatternError("look-around and flags are not supported")
            self._at = name.end()
        self._depth += 1
        if self._depth > 50:  # noqa: PLR2004  # the interpreter's stack
            raise UnsupportedPatternError("the pattern is nested too deeply")
        inner = self._choice()
        self._depth -= 1
        if not self._taken(")"):
            raise UnsupportedPatternError("a bracket is not closed")
        return inner

    def _set(self) -> Ranges:
        is_negated = self._taken("^")
        found: list[tuple[int, int]] = []
        while not self._taken("]"):
            if self._peek() == "[" or self._text[self._at : self._at + 2] in {"&&", "--", "~~"}:
                raise UnsupportedPatternError("a set in a set is not supported")
            low = self._member()
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in {"]", ""}:
                self._at += 1
                high = self._member()
                is_range = len(low) == len(high) == 1 and low[0][0] == low[0][1] <= high[0][0] == high[0][1]
                if not is_range:
                    raise UnsupportedPatternError("a range in a set is not supported")
                low = ((low[0][0], high[0][1]),)
            found += low
        if not found:
            raise UnsupportedPatternError("an empty set is not supported")
        ranges = characters.joined(found)
        return characters.others(ranges) if is_negated else characters.common(ranges, characters.EVERY)

    def _member(self) -> Ranges:
        character = self._next()
        return self._escape() if character == "\\" else characters.of(character)

    def _escape(self) -> Ranges:
        character = self._next()
        if character in _CLASSES:
            return _CLASSES[character]
        if character in _HEX:
            digits = _HEX[character].match(self._text, self._at)
            point = int(digits[0].strip("{}"), 16) if digits else -1
            if digits is None or not 0 <= point <= characters.LAST or not characters.has(characters.EVERY, chr(point)):
                raise UnsupportedPatternError("an escape is not supported")
            self._at = digits.end()
            return characters.of(chr(point))
        if character in _CONTROLS:
            return characters.of(_CONTROLS[character])
        if character.isalnum():
            raise UnsupportedPatternError(f"the escape \\{character} is not supported")
        return characters.of(character)


def _one_of(ranges: Ranges) -> _Build:
    return lambda made, here, there: made.moves[here].append((ranges, there))


def _row(parts: list[_Build]) -> _Build:
    def build(made: Automaton, here: int, there: int) -> None:
        for part in parts:
            after = made.state()
            part(made, here, after)
            here = after
        made.silent[here].append(there)

    return build


def _any_of(parts: list[_Build]) -> _Build:
    def build(made: Automaton, here: int, there: int) -> None:
        for part in parts:
            part(made, here, there)

    return build


def _repeat(part: _Build, least: int, most: int | None) -> _Build:
    def build(made: Automaton, here: int, there: int) -> None:
        for _ in range(least):
            after = made.state()
            part(made, here, after)
            here = after
        if most is None:
            loop = made.state()
            made.silent[here].append(loop)
            after = made.state()
            part(made, loop, after)
            made.silent[after].append(loop)
            here = loop
        else:
            for _ in range(most - least):
                made.silent[here].append(there)
                after = made.state()
                part(made, here, after)
                here = after
        made.silent[here].append(there)

    return build
