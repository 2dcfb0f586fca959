"""Reads the values of a TOML table strictly, and collects all mistakes: each is one line that says where and what."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from tickbox_contract.openapi.spelling import meant

from .findings import printable
from .rule_sets import RULE_SETS, RuleSet


class Table:
    """A table of the settings. Its mistakes, and those of the tables in it, are in one list.

    A value that is wrong is read as if it were absent. `number` counts the tables of one list, from 0.
    """

    def __init__(
        self,
        values: dict[str, Any],
        *,
        folder: Path,
        where: str = "",
        number: int = 0,
        mistakes: list[str] | None = None,
    ) -> None:
        self._values, self._folder, self._where, self._read = values, folder, where, set[str]()
        self.mistakes: list[str] = [] if mistakes is None else mistakes
        self.number = number
        self._is_wrong = False

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def mistake(self, text: str, key: str = "") -> None:
        """Note a mistake at *key*, or in the table itself."""
        where = self._place(key)
        self.mistakes.append(printable(f"{where}: {text}" if where else text))

    def refuse_others(self) -> None:
        """Note each name that was not read."""
        for key in (key for key in self._values if key not in self._read):
            self.mistake(f"there is no such setting{_nearest(key, self._read)}", key)

    def string(self, key: str, *, required: bool = False) -> str | None:
        """A text that is not empty."""
        value = self._value(key, str, "a text", required=required)
        if value is not None and not value.strip():
            self.mistake("this is empty", key)
        return cast("str | None", value)

    def word(self, key: str, words: Iterable[str], *, required: bool = False, more: str = "") -> str | None:
        """One of *words*. If they are many, *more* says where they are listed."""
        value = self.string(key, required=required)
        if value is not None:
            self.one_of(value, list(words), key, key, more=more)
        return value

    def one_of(self, value: str, words: Sequence[str], kind: str, key: str = "", *, more: str = "") -> bool:
        """Whether *value* is one of *words*; notes a mistake if it is not."""
        if value in words:
            return True
        listed = f": {', '.join(words)}" if len(words) < 8 else _nearest(value, words)  # noqa: PLR2004  # a short line
        self.mistake(f"there is no {kind} {value!r}{listed or (more and f': {more}')}", key)
        return False

    def date(self, key: str) -> dt.date | None:
        """A date, such as 2027-06-30."""
        value = self._values.get(key)
        self._read.add(key)
        if value is None or type(value) is dt.date:
            return value
        how = {str: " without quotes", dt.datetime: " without a time"}.get(type(value), "")
        self.mistake(f"this must be a date{how}: write {key} = {_day_of(value)}", key)
        return None

    def positive(self, key: str) -> int | None:
        """A whole number from 1 on."""
        value = self._value(key, int, "a whole number")
        if isinstance(value, bool) or (value is not None and value < 1):
            self.mistake("this must be a whole number from 1 on", key)
            return None
        return cast("int | None", value)

    def flag(self, key: str) -> bool:
        """A boolean; False if it is absent."""
        return bool(self._value(key, bool, "true or false"))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        given = self._values.get(key)
        hint = f': write ["{given}"]' if isinstance(given, str) and '"' not in given else ""
        values = self._value(key, list, f"a list of texts{hint}")
        if values is not None and not all(isinstance(value, str) and value.strip() for value in values):
            self.mistake("this must be a list of texts", key)
            return ()
        return tuple(values or ())

    def commands(self, key: str) -> tuple[tuple[str, ...], ...]:
        """A list of commands, each a list of texts of which the first is a program."""
        found = self._value(key, list, "a list of commands, each a list of texts") or []
        if not all(_is_command(command) for command in found):
            self.mistake('this must be a list of commands, each a list of texts: [["make", "client"]]', key)
            return ()
        return tuple(tuple(command) for command in found)

    def rule_sets(self, key: str) -> tuple[RuleSet, ...]:
        """A list of names of rule sets."""
        given = self.texts(key)
        if self._values.get(key) == []:
            self.mistake("this is empty: leave it out for the standard rules", key)
        names = [name for name in given if self.one_of(name, RULE_SETS, "rule set", key)]
        return cast("tuple[RuleSet, ...]", tuple(names))

    def path(self, key: str) -> Path | None:
        """A path, relative to the folder of the settings."""
        text = self.string(key)
        return self._folder / text if text else None

    def paths(self, key: str) -> tuple[Path, ...]:
        """A list of paths of files that exist."""
        texts = self.texts(key)
        for text in texts:
            if not (self._folder / text).is_file():
                self.mistake(f"there is no file {text}", key)
        return tuple(self._folder / text for text in texts)

    def references(self, key: str) -> tuple[str, ...]:
        """A list of paths, or of other names where no such path exists."""
        texts = self.texts(key)
        return tuple(str(self._folder / text) if (self._folder / text).exists() else text for text in texts)

    def table(self, key: str, *, hint: str = "") -> Table:
        """A table; an empty one if it is absent."""
        value = self._value(key, dict, f"a table: {hint or f'write [{self._place(key)}]'}")
        found = self._within(value or {}, key)
        found._is_wrong = value is None and key in self._values  # noqa: SLF001  # of this class
        return found

    def tables(self, key: str) -> list[Table]:
        """A list of tables."""
        values = self._value(key, list, f"a list of tables: write [[{key}]]") or []
        if not all(isinstance(value, dict) for value in values):
            self.mistake(f"this must be a list of tables: write [[{key}]]", key)
            return []
        return [self._within(value, f"{key}[{number}]", number) for number, value in enumerate(values)]

    def _within(self, values: dict[str, Any], key: str, number: int = 0) -> Table:
        where = self._place(key)
        return Table(values, folder=self._folder, where=where, number=number, mistakes=self.mistakes)

    def _place(self, key: str) -> str:
        return ".".join(part for part in (self._where, key) if part)

    def _value(self, key: str, kind: type, name: str, *, required: bool = False) -> Any:  # TOML
        self._read.add(key)
        value = self._values.get(key)
        if value is None and required and not self._is_wrong:
            self.mistake(f"`{key}` is missing")
        if value is not None and not isinstance(value, kind):
            self.mistake(f"this must be {name}", key)
            return None
        return value


def _day_of(value: Any) -> str:  # TOML
    """The day that *value* has, or else one to show how it is written."""
    day = re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(value))
    try:
        return dt.date.fromisoformat(day[0]).isoformat() if day else "2027-06-30"
    except ValueError:
        return "2027-06-30"


def _is_command(value: Any) -> bool:  # TOML
    return isinstance(value, list) and bool(value) and all(isinstance(part, str) for part in value) and bool(value[0])


def _nearest(name: str, names: Iterable[str]) -> str:
    near = meant(name, names)
    return f": did you mean {near!r}?" if near else ""
