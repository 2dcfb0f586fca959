"""The members of a workspace: inviting, joining, roles and leaving, and what each of them allows."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from sqlalchemy import select

from app.main import URN_PREFIX, build
from app.settings import Settings
from persistence.memberships import workspaces
from tests.support.clients import (
    PASSWORD,
    Client,
    Person,
    created,
    everything,
    new_email,
    no_content,
    ok,
    register,
    rejected,
)
from tests.support.databases import SqliteDatabases
from tests.support.logs import check_log, read_log
from tests.support.programs import our_contract, quick_passwords
from tests.support.server import UNHINDERED, serving
from tests.support.tables import Tables
from tickbox_contract.engine.protocol import bounded_protocol

pytestmark = pytest.mark.mostly_on_one_database

TEAM = ("viewer", "editor", "admin", "owner")


def new_shared_workspace(owner: Person) -> str:
    """The path of a workspace that can be shared."""
    return f"/v1/workspaces/{owner.create('/v1/workspaces', name='Household')['id']}"


def invite(owner: Person, home: str, *, role: str = "editor", email: str = "") -> dict[str, Any]:
    body = {"email": email or new_email(), "role": role}
    sent = created(owner.client.post(f"{home}/invitations", json=body))
    return {name: value for name, value in sent.items() if name not in {"token", "link"}}


def accept(person: Person, token: str) -> Response:
    return person.client.post("/v1/invitations/accept", json={"token": token})


def add_member(owner: Person, home: str, guest: Person, tables: Tables, *, role: str = "editor") -> None:
    """Add *guest* through an invitation that they accept."""
    token = tables.send_invitation(invite(owner, home, role=role)["id"])
    assert ok(accept(guest, token))["role"] == role


def at_once(*calls: Callable[[], Response]) -> list[int]:
    """The statuses of requests that are sent at once, sorted."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(no_content.result().status_code for no_content in [pool.submit(call) for call in calls])


def test_accepting_an_invitation_creates_a_member(ada: Person, bob: Person, tables: Tables) -> None:
    home = new_shared_workspace(ada)
    invitation = invite(ada, home, role="editor", email="Bob@Example.com")
    assert (invitation["email"], invitation["role"], invitation["invited_by"]) == ("Bob@Example.com", "editor", ada.id)
    assert ok(ada.client.get(f"{home}/invitations"))["items"] == [invitation]
    assert ok(ada.client.get(f"{home}/invitations/{invitation['id']}")) == invitation
    rejected(bob.client.get(home), 404, "not-found")

    workspace = ok(accept(bob, tables.send_invitation(invitation["id"])))
    assert (workspace["id"], workspace["role"]) == (home.rpartition("/")[2], "editor")
    assert workspace == everything(bob.client, "/v1/workspaces")[1]
    bob.create(f"{home}/tasks", title="Wash up")
    assert ok(ada.client.get(f"{home}/invitations"))["items"] == []
    member = ok(ada.client.get(f"{home}/members/{bob.id}"))
    assert (member["role"], member["name"], member["revision"]) == ("editor", "Bob", 2)
    joined = check_log(tables, workspace["id"])[3]
    assert (joined.type, joined.actor_id, joined.payload) == ("member.added", bob.id, member)


def test_an_invitation_does_not_show_whether_its_address_has_an_account(ada: Person, bob: Person) -> None:
    home = new_shared_workspace(ada)
    known, unknown = (invite(ada, home, email=email) for email in (bob.user["email"], new_email()))
    assert known.keys() == unknown.keys()


def test_the_verified_address_of_a_member_cannot_be_invited_and_other_addresses_look_alike(
    ada: Person, bob: Person, client: Client, tables: Tables
) -> None:
    home, elsewhere = new_shared_workspace(ada), new_shared_workspace(bob)
    add_member(ada, home, bob, tables)
    body = {"email": bob.user["email"].upper(), "role": "viewer"}
    created(ada.client.post(f"{home}/invitations", json=body))  # anybody could have registered the address
    no_content(client.post("/v1/users/verify-email", json={"token": tables.send_token(bob.user, kind="verification")}))
    before = tables.digest()
    rejected(ada.client.post(f"{home}/invitations", json=body), 409, "already-member")
    assert tables.digest() == before
    created(ada.client.post(f"{new_shared_workspace(ada)}/invitations", json=body))
    rejected(bob.client.post(f"{elsewhere}/invitations", json=body), 409, "already-member")


def test_users_cannot_invite_their_own_address(ada: Person) -> None:
    home = new_shared_workspace(ada)  # Ada has not verified hers
    body = {"email": ada.user["email"].upper(), "role": "viewer"}
    rejected(ada.client.post(f"{home}/invitations", json=body), 409, "already-member")
    assert ok(ada.client.get(f"{home}/invitations"))["items"] == []


def test_without_a_mail_server_the_token_is_only_in_the_response(
    ada: Person, bob: Person, client: Client, tables: Tables
) -> None:
    home, email = new_shared_workspace(ada), new_email()
    response = ada.client.post(f"{home}/invitations", json={"email": email, "role": "editor"})
    sent = created(response)
    assert (sent["link"], response.headers["Cache-Control"]) == (None, "no-store")
    assert "token" not in ok(ada.client.get(response.headers["Location"]))
    assert not tables.holds_text(sent["token"])
    again = created(ada.client.post(f"{home}/invitations", json={"email": email, "role": "editor"}))
    assert rejected(accept(bob, sent["token"]), 422, "invalid-body") == {"#/token token"}
    account = {"email": email, "password": PASSWORD, "name": "Grace", "invitation_token": again["token"]}
    assert created(client.post("/v1/users", json=account))["email_verified_at"] is None
    assert len(everything(ada.client, f"{home}/members")) == 2


@pytest.mark.parametrize("smtp_url", [None, "smtp://127.0.0.1:1"])
def test_the_link_leads_to_the_app_unless_the_token_is_sent_by_email(
    sqlite_databases: SqliteDatabases, smtp_url: str | None
) -> None:
    url = sqlite_databases.migrated()
    given = {"database_url": url, "app_url": "https://app.example.com/", "smtp_url": smtp_url, **UNHINDERED}
    application = build(Settings.model_validate(given), background=False, contract=our_contract())
    with (
        serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port),
        Client(f"http://{host}:{port}") as client,
    ):
        ada = register(client)
        sent = ada.create(f"{new_shared_workspace(ada)}/invitations", email=new_email(), role="viewer")
    sqlite_databases.remove(url)
    if smtp_url is None:
        assert sent["link"] == f"https://app.example.com/accept-invitation#token={sent['token']}"
    else:
        assert (sent["token"], sent["link"]) == (None, None)


def test_the_token_of_an_invitation_works_once_and_for_a_week(ada: Person, client: Client, tables: Tables) -> None:
    home = new_shared_workspace(ada)
    first, second = (invite(ada, home)["id"] for _ in range(2))
    token = tables.send_invitation(first)
    ok(accept(register(client), token))
    assert rejected(accept(register(client), token), 422, "invalid-body") == {"#/token token"}
    late = tables.send_invitation(second)
    tables.expire_invitation(second)
    assert rejected(accept(register(client), late), 422, "invalid-body") == {"#/token token"}
    rejected(ada.client.get(f"{home}/invitations/{second}"), 404, "not-found")
    assert not tables.holds_text(token)


@pytest.mark.on_each_database
def test_of_concurrent_acceptances_one_succeeds(ada: Person, client: Client, tables: Tables) -> None:
    home = new_shared_workspace(ada)
    token = tables.send_invitation(invite(ada, home)["id"])
    guests = [register(client) for _ in range(6)]
    assert at_once(*(lambda guest=guest: accept(guest, token) for guest in guests)) == [200, *[422] * 5]
    assert len(everything(ada.client, f"{home}/members")) == 2


def test_accepting_again_with_the_same_key_returns_the_same_response(ada: Person, bob: Person, tables: Tables) -> None:
    home = new_shared_workspace(ada)
    token = tables.send_invitation(invite(ada, home)["id"])
    key = {"Idempotency-Key": "join"}
    first, again = (bob.client.post("/v1/invitations/accept", json={"token": token}, headers=key) for _ in range(2))
    assert ok(first) == ok(again)
    # The response is kept for the guest's account, so a full workspace rejects nobody.
    (kept,) = tables.rows(select(workspaces.c.kept_bytes).where(workspaces.c.id == UUID(home.rpartition("/")[2])))
    assert kept == (0,)


def test_a_member_cannot_join_again(ada: Person, bob: Person, tables: Tables) -> None:
    home = new_shared_workspace(ada)
    add_member(ada, home, bob, tables)
    token = tables.send_invitation(invite(ada, home)["id"])
    rejected(accept(bob, token), 409, "already-member")
    assert (
        ok(accept(register(ada.client, name="Carl"), token))["id"] == home.rpartition("/")[2]
    )  # the token was not used up


def test_a_personal_workspace_cannot_be_shared(ada: Person) -> None:
    body = {"email": new_email(), "role": "viewer"}
    rejected(ada.client.post(f"{ada.home}/invitations", json=body), 409, "personal-workspace")
    rejected(ada.client.delete(f"{ada.home}/members/me"), 409, "personal-workspace")
    rejected(ada.client.merge(f"{ada.home}/members/{ada.id}", {"role": "viewer"}), 409, "sole-owner")


def test_a_member_cannot_give_a_role_above_their_own(ada: Person, bob: Person, client: Client, tables: Tables) -> None:
    home = new_shared_workspace(ada)
    carl = register(client, name="Carl")
    add_member(ada, home, bob, tables, role="admin")
    add_member(ada, home, carl, tables, role="viewer")
    rejected(bob.client.merge(f"{home}/members/{carl.id}", {"role": "owner"}), 403, "role-too-high")
    rejected(bob.client.merge(f"{home}/members/{bob.id}", {"role": "owner"}), 403, "role-too-high")
    rejected(bob.client.merge(f"{home}/members/{ada.id}", {"role": "viewer"}), 403, "role-too-high")
    rejected(bob.client.delete(f"{home}/members/{ada.id}"), 403, "role-too-high")
    body = {"email": new_email(), "role": "owner"}
    rejected(bob.client.post(f"{home}/invitations", json=body), 403, "role-too-high")
    ok(bob.client.merge(f"{home}/members/{carl.id}", {"role": "admin"}))


@pytest.mark.on_each_database
def test_of_two_owners_who_leave_at_once_one_stays(ada: Person, client: Client, tables: Tables) -> None:
    for _ in range(5):
        home, bob = new_shared_workspace(ada), register(client)
        add_member(ada, home, bob, tables, role="owner")
        leave = f"{home}/members/me"
        assert at_once(lambda: ada.client.delete(leave), lambda: bob.client.delete(leave)) == [204, 409]  # noqa: B023  # called at once


@pytest.mark.on_each_database
def test_of_two_owners_who_demote_each_other_one_stays_an_owner(ada: Person, client: Client, tables: Tables) -> None:
    for _ in range(5):
        home, bob = new_shared_workspace(ada), register(client)
        add_member(ada, home, bob, tables, role="owner")
        calls = [
            lambda a=a, b=b: a.client.merge(f"{home}/members/{b.id}", {"role": "viewer"})  # noqa: B023  # called at once
            for a, b in ((ada, bob), (bob, ada))
        ]
        assert at_once(*calls) == [200, 403]
        watcher = next(person for person in (ada, bob) if person.client.get(home).status_code == 200)
        assert sorted(m["role"] for m in everything(watcher.client, f"{home}/members")) == ["owner", "viewer"]


def test_a_removal_takes_effect_at_once_for_each_token(ada: Person, bob: Person, tables: Tables) -> None:
    home = new_shared_workspace(ada)
    add_member(ada, home, bob, tables)
    wanted = {"name": "Script", "scopes": ["read"], "workspace_ids": [home.rpartition("/")[2]]}
    script = bob.client.with_token(created(bob.client.post("/v1/tokens", json=wanted))["token"])
    ok(script.get(f"{home}/tasks"))
    no_content(ada.client.delete(f"{home}/members/{bob.id}"))
    for client in (bob.client, script):
        rejected(client.get(f"{home}/tasks"), 404, "not-found")
    rejected(ada.client.get(f"{home}/members/{bob.id}"), 404, "not-found")
    rejected(ada.client.delete(f"{home}/members/{bob.id}"), 404, "not-found")
    assert check_log(tables, home.rpartition("/")[2])[-1].type == "member.removed"


def test_a_removed_member_cannot_return_with_an_invitation_from_before(
    ada: Person, bob: Person, tables: Tables
) -> None:
    home = new_shared_workspace(ada)
    add_member(ada, home, bob, tables)
    kept = tables.send_invitation(invite(ada, home, email=bob.user["email"].upper())["id"])
    another = invite(ada, home)
    no_content(ada.client.delete(f"{home}/members/{bob.id}"))
    assert rejected(accept(bob, kept), 422, "invalid-body") == {"#/token token"}
    assert ok(ada.client.get(f"{home}/invitations"))["items"] == [another]


def test_a_member_cannot_change_an_invitation_to_a_role_above_their_own(
    ada: Person, bob: Person, tables: Tables
) -> None:
    home = new_shared_workspace(ada)
    add_member(ada, home, bob, tables, role="admin")
    partner = invite(ada, home, role="owner")
    again = {"email": partner["email"], "role": "viewer"}
    rejected(bob.client.post(f"{home}/invitations", json=again), 403, "role-too-high")
    rejected(bob.client.delete(f"{home}/invitations/{partner['id']}"), 403, "role-too-high")
    assert ok(ada.client.get(f"{home}/invitations"))["items"] == [partner]
    tables.expire_invitation(partner["id"])
    created(bob.client.post(f"{home}/invitations", json=again))


def test_a_member_who_left_may_come_back(ada: Person, bob: Person, tables: Tables) -> None:
    home = new_shared_workspace(ada)
    for role in ("viewer", "admin"):
        add_member(ada, home, bob, tables, role=role)
        assert ok(bob.client.get(home))["role"] == role
        no_content(bob.client.delete(f"{home}/members/me"))


def test_a_withdrawn_invitation_cannot_be_used(ada: Person, bob: Person, tables: Tables) -> None:
    home = new_shared_workspace(ada)
    invitation = invite(ada, home)
    token, path = tables.send_invitation(invitation["id"]), f"{home}/invitations/{invitation['id']}"
    rejected(ada.client.delete(path, headers={"If-Match": '"other"'}), 412, "precondition-failed")
    no_content(ada.client.delete(path, headers={"If-Match": ada.client.get(path).headers["ETag"]}))
    rejected(ada.client.delete(path), 404, "not-found")
    rejected(accept(bob, token), 422, "invalid-body")


def test_the_invitations_of_a_member_are_withdrawn_when_they_leave(ada: Person, bob: Person, tables: Tables) -> None:
    home = new_shared_workspace(ada)
    add_member(ada, home, bob, tables, role="admin")
    invite(bob, home)
    kept = invite(ada, home)
    no_content(bob.client.delete("/v1/users/me"))
    assert ok(ada.client.get(f"{home}/invitations"))["items"] == [kept]


def test_a_change_of_role_is_conditional_on_its_entity_tag(ada: Person, bob: Person, tables: Tables) -> None:
    home = new_shared_workspace(ada)
    add_member(ada, home, bob, tables)
    path = f"{home}/members/{bob.id}"
    tag = ada.client.get(path).headers["ETag"]
    ok(ada.client.merge(path, {"role": "viewer"}, If_Match=tag))
    rejected(ada.client.merge(path, {"role": "admin"}, If_Match=tag), 412, "precondition-failed")


def test_members_come_in_pages_with_their_current_names(ada: Person, bob: Person, tables: Tables) -> None:
    home = new_shared_workspace(ada)
    add_member(ada, home, bob, tables)
    ok(bob.client.merge("/v1/users/me", {"name": "Robert"}))
    assert [m["name"] for m in everything(ada.client, f"{home}/members", limit=1)] == ["Ada", "Robert"]
    assert "@" not in ada.client.get(f"{home}/members").text


@pytest.mark.parametrize("deletes", [False, True])
def test_a_deleted_user_is_erased_from_the_logs_of_workspaces_they_had_left(
    ada: Person,
    client: Client,
    tables: Tables,
    deletes: bool,  # noqa: FBT001  # a parameter of a test
) -> None:
    home, carl = new_shared_workspace(ada), register(client, name="Carolus")
    add_member(ada, home, carl, tables)
    no_content(carl.client.delete(f"{home}/members/me"))
    if deletes:
        no_content(carl.client.delete("/v1/users/me"))
    mine = [event for event in read_log(tables, home.rpartition("/")[2]) if event.entity_id == carl.id]
    assert [event.type for event in mine] == ["member.added", "member.removed"]
    assert (mine[0].payload is None) == deletes


@pytest.mark.on_each_database
def test_a_user_who_joins_while_their_name_changes_has_the_new_name(ada: Person, bob: Person, tables: Tables) -> None:
    for n in range(5):
        home = new_shared_workspace(ada)
        token = tables.send_invitation(invite(ada, home)["id"])
        rename = {"name": f"Robert {n}"}
        assert at_once(lambda: accept(bob, token), lambda: bob.client.merge("/v1/users/me", rename)) == [200, 200]  # noqa: B023  # called at once
        assert ok(ada.client.get(f"{home}/members/{bob.id}"))["name"] == rename["name"]
        check_log(tables, home.rpartition("/")[2])


@pytest.mark.on_each_database
def test_a_user_who_joins_while_their_account_is_deleted_leaves_no_member(
    ada: Person, client: Client, tables: Tables
) -> None:
    for _ in range(5):
        home, carl = new_shared_workspace(ada), register(client)
        token = tables.send_invitation(invite(ada, home)["id"])
        statuses = at_once(lambda: accept(carl, token), lambda: carl.client.delete("/v1/users/me"))  # noqa: B023  # called at once
        assert statuses in ([200, 204], [204, 401])
        assert [m["user_id"] for m in everything(ada.client, f"{home}/members")] == [ada.id]


@pytest.mark.parametrize("role", TEAM)
def test_which_roles_may_list_members_and_invite(ada: Person, bob: Person, tables: Tables, role: str) -> None:
    home = new_shared_workspace(ada)
    add_member(ada, home, bob, tables, role=role)
    assert len(ok(bob.client.get(f"{home}/members"))["items"]) == 2
    response = bob.client.post(f"{home}/invitations", json={"email": new_email(), "role": "viewer"})
    assert response.status_code == (201 if role in {"admin", "owner"} else 403)


def test_where_registration_needs_an_invitation_registering_accepts_it(
    ada: Person, tables: Tables, module_database_url: str
) -> None:
    home = new_shared_workspace(ada)
    token = tables.send_invitation(invite(ada, home)["id"])
    application = build(
        Settings(database_url=module_database_url, registration="invited"),
        contract=our_contract(),
        passwords=quick_passwords(),
    )
    with (
        serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port),
        Client(f"http://{host}:{port}") as client,
    ):
        body = {"email": new_email(), "password": PASSWORD, "name": "New"}
        rejected(client.post("/v1/users", json=body), 403, "invitation-required")
        wrong = {**body, "invitation_token": token[:-1]}
        # Without an invitation, nobody learns which accounts exist.
        for each in (wrong, {**wrong, "email": ada.user["email"]}):
            assert rejected(client.post("/v1/users", json=each), 422, "invalid-body") == {"#/invitation_token token"}
        user = created(client.post("/v1/users", json={**body, "invitation_token": token}))
        again = {**body, "email": new_email(), "invitation_token": token}
        assert rejected(client.post("/v1/users", json=again), 422, "invalid-body") == {"#/invitation_token token"}
    assert user["id"] in {member["user_id"] for member in everything(ada.client, f"{home}/members")}
    assert check_log(tables, home.rpartition("/")[2])[-1].actor_id is None
