"""The kinds of callers: members of each role, a stranger, and nobody, each with every kind of token that they could
have.
"""

from __future__ import annotations

import base64
import itertools
import secrets
from collections.abc import Iterator
from typing import Any

from domain import secret_tokens
from domain.secret_tokens import TokenKind
from tests.support.clients import PASSWORD, Client, Person, created, new_email, no_content, ok, register
from tests.support.household import Household
from tests.support.matrix import ELSEWHERE, HERE, ROLES, SCOPES, Caller
from tests.support.tables import Tables

WORKSPACE_SCOPES = tuple(scope for scope in SCOPES if scope != "account")
"""The scopes that a token for some workspaces can have."""


def create_household(client: Client, tables: Tables) -> Household:
    """A new household, with all its callers."""
    founder, stranger, guest = (register(client, name=name) for name in ("Founder", "Stranger", "Guest"))
    members = {role: register(client, name=role.capitalize()) for role in ROLES}
    home = f"/v1/workspaces/{founder.create('/v1/workspaces', name='Household')['id']}"
    elsewhere = f"/v1/workspaces/{stranger.create('/v1/workspaces', name='Elsewhere')['id']}"
    for role, person in (*members.items(), ("viewer", guest)):
        invitation = founder.create(f"{home}/invitations", email=person.user["email"], role=role)
        body = {"token": tables.send_invitation(invitation["id"])}
        assert ok(person.client.post("/v1/invitations/accept", json=body))["role"] == role
    house = Household(
        client=client.with_token(None),
        tables=tables,
        founder=founder,
        home=home,
        members=members,
        guest=guest,
        stranger=stranger,
        elsewhere=elsewhere,
    )
    good = [caller for role, person in members.items() for caller in _member(house, person, role)]
    house.callers = [*_nobody(house), *good, *_stranger(house)]
    house.set_base()
    return house


def _bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("Authorization", f"Bearer {token}"),)


def _token(house: Household, person: Person, *scopes: str, only: str | None = None) -> dict[str, Any]:
    """A new personal token, for all workspaces or *only* for one."""
    body: dict[str, Any] = {"name": "Script", "scopes": scopes}
    if only is not None:
        body["workspace_ids"] = [only.rpartition("/")[2]]
    token = created(person.client.post("/v1/tokens", json=body))
    house.things.setdefault(("token_id", person.id), token["id"])
    return token


def _member(house: Household, person: Person, role: str) -> Iterator[Caller]:
    """A member with a session, and with each kind of personal token."""
    everything = frozenset(SCOPES)
    session = person.tokens["access_token"]
    loud = (("Authorization", f"BEARER  {session}"),)
    for name, headers in ((role, _bearer(session)), (f"{role} who shouts", loud)):
        yield Caller(name=name, person=person, role=role, scopes=everything, headers=headers, through_session=True)
    less = [set(SCOPES) - {scope} for scope in SCOPES]
    for scopes in (set(SCOPES), *less, *({scope} for scope in SCOPES)):
        ordered = [scope for scope in SCOPES if scope in scopes]
        token = _token(house, person, *ordered)["token"]
        name = f"{role} with a token for {', '.join(ordered)}"
        yield Caller(name=name, person=person, role=role, scopes=frozenset(scopes), headers=_bearer(token))
    for where, only in ((HERE, house.home), (ELSEWHERE, person.home)):
        token = _token(house, person, *WORKSPACE_SCOPES, only=only)["token"]
        yield Caller(
            name=f"{role} with a token for a workspace {where}",
            person=person,
            role=role,
            scopes=frozenset(WORKSPACE_SCOPES),
            headers=_bearer(token),
            limited_to=where,
        )


def _stranger(house: Household) -> Iterator[Caller]:
    """A user who is not a member, with a session and with personal tokens."""
    person = house.stranger
    everything, bearer = frozenset(SCOPES), _bearer(person.tokens["access_token"])
    yield Caller(name="stranger", person=person, scopes=everything, headers=bearer, through_session=True)
    for scopes in (everything, *(frozenset({scope}) for scope in SCOPES)):
        ordered = [scope for scope in SCOPES if scope in scopes]
        name = f"stranger with a token for {', '.join(ordered)}"
        yield Caller(name=name, person=person, scopes=scopes, headers=_bearer(_token(house, person, *ordered)["token"]))
    limited = _token(house, person, *WORKSPACE_SCOPES, only=house.elsewhere)["token"]
    yield Caller(
        name="stranger with a token for a workspace elsewhere",
        person=person,
        scopes=frozenset(WORKSPACE_SCOPES),
        headers=_bearer(limited),
        limited_to=ELSEWHERE,
    )


def _nobody(house: Household) -> Iterator[Caller]:
    """Callers without a valid token, whose requests are about what an owner has."""
    owner = house.members["owner"]
    good = owner.tokens["access_token"]
    password = base64.b64encode(f"{owner.user['email']}:{PASSWORD}".encode()).decode()
    ways: dict[str, tuple[tuple[tuple[str, str], ...], str]] = {
        "nobody": ((), ""),
        "a good token in a cookie": ((("Cookie", f"access_token={good}; Authorization=Bearer {good}"),), ""),
        "an empty header": ((("Authorization", ""),), "invalid_request"),
        "a scheme without a token": ((("Authorization", "Bearer"),), "invalid_request"),
        "a good token without its scheme": ((("Authorization", good),), "invalid_request"),
        "a good token with another scheme": ((("Authorization", f"Token {good}"),), "invalid_request"),
        "a good password": ((("Authorization", f"Basic {password}"),), "invalid_request"),
        "a good token twice": (_bearer(good) * 2, "invalid_request"),
        "two good tokens in one header": (_bearer(f"{good}, Bearer {good}"), "invalid_request"),
        "a token that is too long": (_bearer("x" * 20_000), "invalid_request"),
        "a token of odd characters": (_bearer("'; DROP TABLE users; --"), "invalid_request"),
    }
    for name, text in itertools.chain(_malformed(good), _unknown(), _over(house)):
        ways[name] = (_bearer(text), "invalid_token")
    for name, (headers, fault) in ways.items():
        yield Caller(name=name, person=owner, headers=headers, fault=fault)


def _malformed(good: str) -> Iterator[tuple[str, str]]:
    """Malformed tokens."""
    yield "a token of another kind of server", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ."
    yield "a token with another checksum", good[:-1] + ("0" if good[-1] != "0" else "1")
    yield "a token with a digit changed", good[:20] + ("0" if good[20] != "0" else "1") + good[21:]
    yield "a session's token that claims to be personal", secret_tokens.PREFIXES["personal"] + good[4:]
    yield "a token with an unknown prefix", "tbx_" + good[4:]
    yield "a token in capitals", good.upper()
    yield "half a token", good[:30]


def _unknown() -> Iterator[tuple[str, str]]:
    """Well-formed tokens that the server never created."""
    kinds: tuple[TokenKind, ...] = ("session", "personal")
    for kind in kinds:
        yield f"an unknown {kind} token", secret_tokens.mint(kind, random_bytes=secrets.token_bytes).text


def _over(house: Household) -> Iterator[tuple[str, str]]:
    """Tokens that have ended, and valid ones of another kind."""
    owner, tables = house.members["owner"], house.tables
    expired, unrefreshed, ended = (owner.log_in() for _ in range(3))
    tables.expire_access_tokens(expired["session_id"])
    tables.expire_session(unrefreshed["session_id"])
    no_content(owner.client.delete(f"/v1/sessions/{ended['session_id']}"))
    yield "an expired access token", expired["access_token"]
    yield "a token of an expired session", unrefreshed["access_token"]
    yield "a token of an ended session", ended["access_token"]
    yield "a refresh token", owner.tokens["refresh_token"]

    late, deleted = (_token(house, owner, *SCOPES) for _ in range(2))
    tables.expire_token(late["id"])
    no_content(owner.client.delete(f"/v1/tokens/{deleted['id']}"))
    yield "an expired personal token", late["token"]
    yield "a deleted personal token", deleted["token"]

    body = {"email": new_email(), "role": "owner"}
    invitation = house.founder.create(f"{house.home}/invitations", **body)
    yield "the token of an invitation", tables.send_invitation(invitation["id"])

    gone = register(house.client)
    personal = _token(house, gone, *SCOPES)["token"]
    no_content(gone.client.delete("/v1/users/me"))
    yield "a session of a deleted account", gone.tokens["access_token"]
    yield "a personal token of a deleted account", personal
