"""Who may call an operation: `x-access`, and what a caller has been granted.

The contract says what an operation needs; the embedding application says what a caller has (an `AuthContext`); the
comparison is here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tickbox_contract.responses import ProblemType

from .problems import INSUFFICIENT_ROLE, INSUFFICIENT_SCOPE, NOT_FOUND, refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthContext:
    """What a bearer token gives its holder.

    `principal` is the application's own value, handed on untouched. `role` is the caller's in the place that
    the path names, None where they have none there. `withheld` are scopes that the token has, but not here, each with
    the reason: what the token "is", such as "limited to certain places".
    """

    principal: Any
    scopes: frozenset[str]
    role: str | None
    withheld: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The words that the contract may use in `x-access`: `roles` from the smallest to the largest, and `scopes`.

    `role_parameter` is the path parameter that says where a role is held: operations with it need a role, others none.
    A handler may leave it out, as its unit of work knows it (`RequestContext.path`); then its value is a
    `role_parameter_type`.
    `policies` are those that `x-rate-limit` may name; where there are none, no operation is limited. `problems` are
    those that `x-problems` may name, and `common_problems` those that any operation may send beside; where there are
    none, an operation may send any problem whose status it declares.
    """

    roles: Sequence[str] = ()
    scopes: Sequence[str] = ()
    role_parameter: str | None = None
    role_parameter_type: Any = str
    policies: Collection[str] = ()
    problems: Collection[ProblemType] = ()
    common_problems: Collection[ProblemType] = ()


ANY_SCOPE = "any"
"""In `x-access`: any good token is enough, even one without scopes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """One operation's `x-access`. `roles` are the role it names, which comes first, and all above it; or none.

    `scope` may be ANY_SCOPE.
    """

    scope: str
    roles: tuple[str, ...]

    @classmethod
    def parse(cls, node: Any, vocabulary: Vocabulary) -> AccessRule:  # JSON
        """The rule that `x-access: {scope: ..., role: ...}` states. Raises ValueError, with what is wrong with it."""
        if not isinstance(node, Mapping) or not {"scope"} <= set(node) <= {"scope", "role"}:
            message = "x-access must be {scope, role?}"
            raise ValueError(message)
        if node["scope"] not in (*vocabulary.scopes, ANY_SCOPE):
            message = f"x-access names the unknown scope {node['scope']!r}"
            raise ValueError(message)
        role = node.get("role")
        if role is not None and role not in vocabulary.roles:
            message = f"x-access names the unknown role {role!r}"
            raise ValueError(message)
        sufficient = () if role is None else vocabulary.roles[list(vocabulary.roles).index(role) :]
        return cls(scope=node["scope"], roles=tuple(sufficient))

    def admit(self, auth: AuthContext) -> None:
        """Raise Refused unless *auth* is enough: 404 with no role at all there, then 403."""
        self.admit_role(auth.role)
        if self.scope != ANY_SCOPE and self.scope not in auth.scopes:
            raise refuse(INSUFFICIENT_SCOPE, self._missing_scope(auth))

    def _missing_scope(self, auth: AuthContext) -> str:
        needs = f"This needs the scope '{self.scope}'"
        if self.scope in auth.withheld:
            return (
                f"{needs}, which does not count here: your token is {auth.withheld[self.scope]}. Use one that is not."
            )
        return f"{needs}, which your token does not have here. Use one that has it."

    def admit_role(self, role: str | None) -> None:
        """The part of `admit` that can change while a write waits for its lock, to be asked again inside it."""
        if not self.roles:
            return
        if role is None:
            raise refuse(NOT_FOUND, "Not found, or you do not have access to it.")
        if role not in self.roles:
            needed, *above = self.roles
            detail = f"This needs the role '{needed}'{' or a higher one' if above else ''}. Your role here is '{role}'."
            raise refuse(INSUFFICIENT_ROLE, detail)
