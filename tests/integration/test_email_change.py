"""Changing the address of an account, from the request over a real mail server to the log-in with it."""

from __future__ import annotations

import pytest

from tests.integration.test_mail import NEW_PASSWORD, Office, accepted, mailbox, newcomer, office
from tests.support.clients import (
    PASSWORD,
    Client,
    Person,
    created,
    everything,
    log_in,
    new_email,
    no_content,
    ok,
    rejected,
)
from tests.support.tables import Tables

pytestmark = pytest.mark.mostly_on_one_database

__all__ = ["mailbox", "newcomer", "office"]  # fixtures


@pytest.fixture
def grace(client: Client, office: Office, newcomer: Person) -> Person:
    """A user whose address is verified, and for whom no e-mail waits."""
    office.deliver()
    no_content(client.post("/v1/users/verify-email", json={"token": office.token(newcomer, "tbv_")}))
    return newcomer


def ask(person: Person, email: str) -> None:
    body = {"email": email, "current_password": PASSWORD}
    accepted(person.client.put("/v1/users/me/email", json=body))


def token_at(office: Office, email: str) -> str:
    return office.mailbox.to(email)[-1].token


def test_the_address_changes_with_the_token_that_the_new_one_got_and_the_old_one_is_notified(
    client: Client, office: Office, grace: Person, tables: Tables
) -> None:
    old, new = grace.user["email"], new_email()
    before = grace.client.get("/v1/users/me")
    ask(grace, new)
    office.deliver()
    assert ok(grace.client.get("/v1/users/me")) == ok(before)
    token = token_at(office, new)
    assert not tables.holds_text(token)
    no_content(client.post("/v1/users/verify-email", json={"token": token}))
    office.deliver()

    after = grace.client.get("/v1/users/me")
    assert (ok(after)["email"], ok(after)["revision"]) == (new, ok(before)["revision"] + 1)
    assert after.headers["ETag"] != before.headers["ETag"]
    log_in(client, new)
    rejected(client.post("/v1/sessions", json={"email": old, "password": PASSWORD}), 401, "invalid-credentials")
    texts = [received.text for received in office.to(grace)[1:]]
    assert ["about to" in str(received.message["Subject"]) for received in office.to(grace)[1:]] == [
        True,
        False,
    ]
    assert not any(new in text or "tbe_" in text for text in texts)
    events = [event["type"] for event in everything(grace.client, "/v1/users/me/events")]
    assert events[1:3] == ["email.changed", "email.change_requested"]
    created(client.post("/v1/users", json={"email": old, "password": PASSWORD, "name": "Somebody"}))


def test_a_wrong_or_missing_password_changes_nothing(grace: Person, tables: Tables) -> None:
    before = tables.digest()
    for proof, code in (
        ({"current_password": "a wrong password"}, "password"),
        ({}, "required"),
        ({"current_password": None}, "required"),
    ):
        response = grace.client.put("/v1/users/me/email", json={"email": new_email(), **proof})
        assert rejected(response, 422, "invalid-body") == {f"#/current_password {code}"}
    assert tables.digest() == before


def test_the_address_of_another_account_is_rejected_at_once_and_later(
    client: Client, office: Office, grace: Person, bob: Person
) -> None:
    body = {"email": bob.user["email"].upper(), "current_password": PASSWORD}
    rejected(grace.client.put("/v1/users/me/email", json=body), 409, "email-taken")
    new = new_email()
    ask(grace, new)
    office.deliver()
    created(client.post("/v1/users", json={"email": new, "password": PASSWORD, "name": "Faster"}))
    rejected(client.post("/v1/users/verify-email", json={"token": token_at(office, new)}), 409, "email-taken")
    assert ok(grace.client.get("/v1/users/me"))["email"] == grace.user["email"]


def test_a_new_password_cancels_the_change_of_an_intruder(client: Client, office: Office, grace: Person) -> None:
    new = new_email()
    ask(grace, new)
    accepted(client.post("/v1/users/forgot-password", json={"email": grace.user["email"]}))
    office.deliver()
    (reset,) = [received.token for received in office.to(grace) if "tbf_" in received.text]
    no_content(client.post("/v1/users/reset-password", json={"token": reset, "new_password": NEW_PASSWORD}))
    found = rejected(client.post("/v1/users/verify-email", json={"token": token_at(office, new)}), 422, "invalid-body")
    assert found == {"#/token token"}
    log_in(client, grace.user["email"], NEW_PASSWORD)


def test_a_mistyped_address_can_be_corrected_at_once(client: Client, office: Office, newcomer: Person) -> None:
    """This needs no pause, also while an e-mail waits: the corrected address is another recipient."""
    wrong, right = new_email(), new_email()
    for email in (wrong, right):
        ask(newcomer, email)
        office.deliver()
    no_content(client.post("/v1/users/verify-email", json={"token": token_at(office, right)}))
    found = rejected(
        client.post("/v1/users/verify-email", json={"token": token_at(office, wrong)}), 422, "invalid-body"
    )
    assert found == {"#/token token"}
    assert ok(newcomer.client.get("/v1/users/me"))["email"] == right
