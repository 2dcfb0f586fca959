"""Accounts of users of an identity provider, which are created by the first request.

Such an account is found by issuer and subject, and by nothing else. If it were found by its e-mail address, whoever
gets a provider to confirm an address would get the account that somebody else created with it.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from domain import workspaces
from domain.emails import email_key
from domain.model.identities import Identity
from domain.model.users import User
from domain.unit_of_work import UnitOfWork
from domain.zones import is_zone

NAMELESS: Final = "New user"
MAX_NAME_CHARS: Final = 100
"""The greatest length of a name, as in the contract."""

_NOT_IN_NAMES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's general categories of control characters, surrogates and line separators."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalIdentity:
    """The claims about a person. `identity` is who they are; the rest is only used for a new account, and may be None.

    `email` is well-formed according to the contract. `names` come as they were sent, the best first.
    """

    identity: Identity
    email: str | None = None
    email_verified: bool = False
    names: tuple[str, ...] = ()
    time_zone: str | None = None


async def provision(uow: UnitOfWork, external_identity: ExternalIdentity) -> User:
    """Create an account without a password, with a personal workspace and its inbox.

    The address is stored only if the provider has verified it; it is then verified here, too. Whether registration is
    open does not matter: the provider decides who gets an account. Raises EmailTaken, IdentityTaken.
    """
    email = external_identity.email if external_identity.email_verified else None
    zone = external_identity.time_zone
    user = User(
        id=uow.new_id(),
        email=email,
        email_verified_at=None if email is None else uow.now,
        name=_name_of(external_identity.names),
        time_zone=zone if zone is not None and is_zone(zone) else "UTC",
        created_at=uow.now,
        updated_at=uow.now,
        revision=1,
    )
    await uow.users.add(user, email_key=None if email is None else email_key(email), password_hash=None)
    await uow.identities.add(external_identity.identity, user_id=user.id, at=uow.now)
    await uow.account_log.add("account.registered", user_id=user.id)
    await workspaces.create_with_inbox(uow, owner=user, name=workspaces.PERSONAL_NAME, personal=True)
    return user


def _name_of(names: Iterable[str]) -> str:
    """Return the first of *names* that is not empty once it is cleaned for display."""
    return next(filter(None, map(_fit, names)), NAMELESS)


def _fit(name: str) -> str:
    shown = "".join(char for char in name if unicodedata.category(char) not in _NOT_IN_NAMES)
    return shown.strip()[:MAX_NAME_CHARS].rstrip()
