"""Who sends requests to a server: callers with a token, and what each of them may do."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tickbox_contract.gate.findings import NotCheckableError
from tickbox_contract.gate.settings_reading import Table


@dataclass(frozen=True, slots=True)
class Secret:
    """The name of a variable of the environment. It is read when it is needed: most runs do not need it."""

    variable: str

    def value(self) -> str:
        """What the variable holds. Raises NotCheckableError if it is not set: any server refuses an empty token."""
        value = os.environ.get(self.variable, "").strip()  # a file that it came from ends with a line end
        if not value:
            raise NotCheckableError(f"the variable {self.variable} is not set")
        return value

    def hidden_in(self, text: str) -> str:
        """*text* with the name of the variable in the place of what it holds."""
        return text.replace(self.value(), f"${self.variable}")


Values = Mapping[str, str | Secret]
"""Values of parameters of paths, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody with a token. `scopes` and `roles` are the words of `x-access` that the token is good for.

    `values` are those of path parameters whose resources belong to this caller, and not to others.
    """

    name: str
    token: Secret
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    is_expired: bool = False
    values: Values = field(default_factory=dict)

    def lacks(self, access: Mapping[str, object], ranks: Sequence[str]) -> str | None:
        """What the caller lacks of *access*, an `x-access`. A role is good for those before it in *ranks*, too."""
        scope, role = access.get("scope"), access.get("role")
        if isinstance(scope, str) and scope not in self.scopes:
            return f"the scope {scope}"
        enough = {role, *(ranks[ranks.index(role) :] if role in ranks else ())}
        return f"the role {role}" if isinstance(role, str) and not enough & self.roles else None

    @classmethod
    def read(cls, table: Table) -> Caller:
        """The caller in *table*. Notes mistakes in it."""
        caller = cls(
            name=str(table.string("name") or f"caller {table.number + 1}"),
            token=read_secret(table, "token", required=True) or Secret(""),
            scopes=frozenset(table.texts("scope")),
            roles=frozenset(table.texts("role")),
            is_expired=table.flag("is-expired"),
            values=read_values(table.table("values")),
        )
        table.refuse_others()
        return caller


def read_secret(table: Table, key: str, *, required: bool = False) -> Secret | None:
    """A token from the environment: one in the file would be in the repository, and is a mistake."""
    given = table.string(key, required=required)
    if given is not None and not re.fullmatch(r"\$\w+", given):
        table.mistake("name a variable of the environment, such as $TOKEN: a token does not belong in this file", key)
        return None
    return None if given is None else Secret(given.removeprefix("$"))


def read_values(table: Table) -> Values:
    """Values, each of which is a text or a variable of the environment."""
    texts = {name: table.string(name) or "" for name in table}
    return {name: Secret(text.removeprefix("$")) if text.startswith("$") else text for name, text in texts.items()}
