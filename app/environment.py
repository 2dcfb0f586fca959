"""Reads settings from the environment, rejects wrong ones with reasons, and lists them without secrets."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from app.settings import PREFIX, Settings

_TESTS_PREFIX: Final = f"{PREFIX}TEST_"
_NEAREST: Final = 0.6
"""How similar a name must be to be suggested: `HOTS` and `HOST` are 0.75."""
_PASSWORD: Final = re.compile(r"(?<=://)([^:@/]*):.*@")
_PASSWORD_PARAMETER: Final = re.compile(r"(?<=[?&;])([^=&;]*pass[^=&;]*)=[^&;]*", re.IGNORECASE)
_HIDDEN: Final = "***"

_MESSAGES: Final[Mapping[str, str]] = {
    "int_parsing": "must be a whole number",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be {expected}",
}
"""Texts for types of pydantic's errors, with the values that it gives."""


class SettingsError(Exception):
    """Some variables are wrong. `faults` has a text for each, with its name; no value is quoted."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One variable. `value` and `default` are written as in the environment, empty for none, without passwords."""

    variable: str
    value: str
    default: str
    meaning: str


def read_settings(**given: Any) -> Settings:
    """Return the settings of the environment; *given* ones take precedence. Raises SettingsError."""
    faults = list(_unknown(os.environ))
    try:
        settings = Settings(**given)
    except ValidationError as error:
        faults += map(_explain, error.errors(include_url=False))
    if faults:
        raise SettingsError(faults)
    return settings


def rows(settings: Settings) -> Iterator[Row]:
    """Yield all variables, in the order of the class."""
    for name, field in Settings.model_fields.items():
        yield Row(
            variable=_variable(name),
            value=_shown(getattr(settings, name)),
            default=_shown(field.default),
            meaning=f"{field.description or ''}{_bounds(field.metadata)}",
        )


def _bounds(metadata: Iterable[object]) -> str:
    """Return the smallest and the largest value of a number, as in `; 1 to 10`. Empty without any."""
    bounds = {name: getattr(each, name) for each in metadata for name in ("ge", "le") if hasattr(each, name)}
    if "le" in bounds:
        return f"; {bounds['ge']} to {bounds['le']}"
    return f"; at least {bounds['ge']}" if bounds else ""


def _unknown(names: Iterable[str]) -> Iterator[str]:
    """Yield what is wrong with *names* that look like settings, in any case. The tests have their own prefix."""
    known = {_variable(name).removeprefix(PREFIX): _variable(name) for name in Settings.model_fields}
    for name in sorted(names):
        upper = name.upper()
        if not upper.startswith(PREFIX) or upper.startswith(_TESTS_PREFIX) or upper.removeprefix(PREFIX) in known:
            continue
        nearest = get_close_matches(upper.removeprefix(PREFIX), known, n=1, cutoff=_NEAREST)
        advice = f"did you mean {known[nearest[0]]}?" if nearest else "`tickbox settings` lists them all"
        yield f"{name}: this setting does not exist; {advice}"


def _explain(error: ErrorDetails) -> str:
    """Return `VARIABLE: what it must be`. The texts of our own validators are used without pydantic's prefix."""
    name = _variable(str(error["loc"][0])) if error["loc"] else PREFIX
    context = error.get("ctx", {})
    message = _MESSAGES.get(error["type"])
    if message is not None:
        return f"{name}: {message.format(**context)}"
    return f"{name}: {context.get('error', error['msg'])}"


def _variable(field: str) -> str:
    return f"{PREFIX}{field}".upper()


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case tuple():
            return ", ".join(map(str, value))
        case SecretStr():
            return _without_passwords(value.get_secret_value())
        case _:
            return _without_passwords(str(value))


def _without_passwords(text: str) -> str:
    """Hide the password in a URL: everything up to the last `@`, because a password may contain a raw `/` or `@`."""
    hidden = _PASSWORD.sub(rf"\1:{_HIDDEN}@", text)
    return _PASSWORD_PARAMETER.sub(rf"\1={_HIDDEN}", hidden)
