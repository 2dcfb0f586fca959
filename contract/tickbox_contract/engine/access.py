"""Access: `x-access` says what an operation needs, an `AuthContext` says what a caller has.

The contract says the former, the embedding application the latter. Only this module compares them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.problems import INSUFFICIENT_ROLE, INSUFFICIENT_SCOPE, NOT_FOUND
from tickbox_contract.openapi.servable import has_scope, unknown_words
from tickbox_contract.responses import ProblemType

from .mismatches import Mismatches
from .problems import refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthContext:
    """What a request may do because of its bearer token.

    `principal` is a value of the application, passed on unchanged. `role` is the caller's role in the place that the
    path names, None if they have none there. `withheld` are scopes that the token has, but not in this place, each with
    a reason that completes the sentence "your token is ...", such as "limited to certain places".
    """

    principal: Any
    scopes: frozenset[str]
    role: str | None
    withheld: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The words that the contract may use in `x-access`: `roles` from the lowest to the highest, and `scopes`.

    `role_parameter` is the path parameter that names the place of a role: exactly the operations with it need a role.
    A handler may leave it out, as its unit of work knows it (`RequestContext.path`); then its value is a
    `role_parameter_type`.

    `policies` are the ones that `x-rate-limit` may name; without any, no operation is limited. `problems` are the ones
    that `x-problems` may name, and `common_problems` the ones that any operation may also send; without any, an
    operation may send every problem whose status it declares.

    `scaffold` is a command that writes stubs of a handler when an operationId follows, for the message about one that
    is missing; empty if there is none. `new_problem` says how to add a problem, for the message about an unknown one.
    """

    roles: Sequence[str] = ()
    scopes: Sequence[str] = ()
    role_parameter: str | None = None
    role_parameter_type: Any = str
    policies: Collection[str] = ()
    problems: Collection[ProblemType] = ()
    common_problems: Collection[ProblemType] = ()
    scaffold: str = ""
    new_problem: str = ""


ANY_SCOPE = "any"
"""In `x-access`: any valid token is enough, even one without scopes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """The `x-access` of one operation. `roles` are the role that it names and then all higher ones; or none.

    `scope` may be ANY_SCOPE.
    """

    scope: str
    roles: tuple[str, ...]

    @classmethod
    def parse(cls, node: Any, vocabulary: Vocabulary) -> AccessRule:  # JSON
        """The rule of `x-access: {scope: ..., role: ...}`. Raises ValueError, which says what is wrong with it."""
        if not has_scope(node) or not set(node) <= {"scope", "role"}:
            message = "x-access must be {scope, role?}"
            raise ValueError(message)
        words = {"scope": (*vocabulary.scopes, ANY_SCOPE), "role": vocabulary.roles}
        for member, word in unknown_words(node, words):
            message = f"x-access names the unknown {member} {word!r}"
            raise ValueError(message)
        role = node.get("role")
        sufficient = () if role is None else vocabulary.roles[list(vocabulary.roles).index(role) :]
        return cls(scope=node["scope"], roles=tuple(sufficient))

    def admit(self, auth: AuthContext) -> None:
        """Raise Refused unless *auth* is enough: 404 without any role in the place, then 403."""
        self.admit_role(auth.role)
        if self.scope != ANY_SCOPE and self.scope not in auth.scopes:
            raise refuse(INSUFFICIENT_SCOPE, self._missing_scope(auth))

    def _missing_scope(self, auth: AuthContext) -> str:
        needs = f"This needs the scope '{self.scope}'"
        if self.scope in auth.withheld:
            return (
                f"{needs}, which does not count here: your token is {auth.withheld[self.scope]}. Use one that is not."
            )
        return f"{needs}, which your token does not have. Use one that has it."

    def admit_role(self, role: str | None) -> None:
        """The part of `admit` that can change while a write waits for its lock, to be checked again under it."""
        if not self.roles:
            return
        if role is None:
            raise refuse(NOT_FOUND, "Not found, or you do not have access to it.")
        if role not in self.roles:
            needed, *above = self.roles
            detail = f"This needs the role '{needed}'{' or a higher one' if above else ''}. Your role here is '{role}'."
            raise refuse(INSUFFICIENT_ROLE, detail)


def access_of(
    operation: Operation, document: Document, vocabulary: Vocabulary, mismatches: Mismatches
) -> AccessRule | None:
    """The access rule of *operation*; None if it needs no token, or its rule cannot be enforced, which is reported."""
    _check_schemes(operation, document, mismatches)
    access = operation.node.at("x-access")
    if not operation.needs_token or not has_scope(access.value):
        return None  # the rules `security-named` and `access-rule` have it
    try:
        rule = AccessRule.parse(access.value, vocabulary)
    except ValueError as error:
        mismatches.report(operation, str(error), access)
        return None
    place = vocabulary.role_parameter
    if place is not None and bool(rule.roles) != (f"{{{place}}}" in operation.path):
        mismatches.report(operation, f"x-access must name a role if, and only if, the path has {{{place}}}", access)
    return rule


def _check_schemes(operation: Operation, document: Document, mismatches: Mismatches) -> None:
    schemes = document.node.at("components").members("securitySchemes")
    for requirement in operation.security or ():
        if len(requirement) != 1:
            mismatches.report(operation, "a security requirement must name exactly one scheme")
        for name in requirement.keys() & schemes.keys():
            scheme = document.follow(schemes[name])
            if (scheme.get("type"), str(scheme.get("scheme")).lower()) != ("http", "bearer"):
                mismatches.report(operation, f"the security scheme {name!r} is not supported (http bearer is)")
