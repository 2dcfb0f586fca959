"""E-mails, from the request that queues them, over the outbox and a real mail server, to the use of their tokens."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import re
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from app.jobs.loop import running
from app.jobs.mail import deliver, mail_job
from app.main import make_email_sender, make_parts
from app.settings import Settings
from domain.queued_emails import APART, ATTEMPTS, LONGEST_PAUSE
from persistence.one_time_tokens import one_time_tokens
from persistence.queued_emails import outbox
from persistence.users import users
from tests.integration.test_statements import counted
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
    register,
    rejected,
)
from tests.support.databases import FEW_BACKENDS
from tests.support.mailboxes import Certificate, Mailbox, Received, opened
from tests.support.patience import PATIENCE_S
from tests.support.programs import Program, our_contract, patiently, quick_passwords, serve
from tests.support.tables import NOW, Tables

pytestmark = pytest.mark.mostly_on_one_database

NEW_PASSWORD = "tea and analytical engines"
AT_ONCE = dt.timedelta()


@dataclass(frozen=True)
class Office:
    """Sends the e-mails of a server with this database, when and as of the time that a test chooses."""

    settings: Settings
    mailbox: Mailbox

    def to(self, person: Person) -> list[Received]:
        """The e-mails that *person* got, in order."""
        return self.mailbox.to(person.user["email"])

    def token(self, person: Person, prefix: str) -> str:
        """The last token of its kind that *person* got: e-mails are sent at once, and arrive in any order."""
        return [received.token for received in self.to(person) if received.token.startswith(prefix)][-1]

    def deliver(self, *, later: dt.timedelta = AT_ONCE, workers: int = 1) -> None:
        """Send what is due as *workers* servers would, *later* from now."""

        async def send_all() -> None:
            parts = make_parts(self.settings, our_contract().document, passwords=quick_passwords())
            dependencies = replace(parts.dependencies, clock=lambda: dt.datetime.now(dt.UTC) + later)
            try:
                await asyncio.gather(*(deliver(dependencies, make_email_sender(self.settings)) for _ in range(workers)))
            finally:
                await parts.close()

        asyncio.run(send_all())


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with opened(Mailbox()) as mailbox:
        yield mailbox


@pytest.fixture
def office(module_database_url: str, mailbox: Mailbox, tables: Tables) -> Office:
    """An office; e-mails that wait from earlier tests are deleted."""
    tables.write(outbox.delete())
    settings = Settings.model_validate({"database_url": module_database_url, "smtp_url": mailbox.url})
    return Office(settings, mailbox)


@pytest.fixture
def newcomer(office: Office, client: Client) -> Person:
    """A user whose e-mail waits to be sent."""
    return register(client)


def accepted(response: object) -> None:
    """Assert that the response is a 202 without a body."""
    assert (getattr(response, "status_code", None), getattr(response, "content", None)) == (202, b"")


def ask_for_reset(client: Client, email: str) -> None:
    accepted(client.post("/v1/users/forgot-password", json={"email": email}))


def reset_token(client: Client, office: Office, person: Person) -> str:
    """The token from the e-mail that a reset request sends."""
    ask_for_reset(client, person.user["email"])
    office.deliver()
    return office.token(person, "tbf_")


def waiting(tables: Tables) -> list[tuple[str, str, int]]:
    """The kind, address and number of attempts of each e-mail that waits."""
    columns = (outbox.c.kind, outbox.c.email, outbox.c.attempts)
    return [(kind, email, attempts) for kind, email, attempts in tables.rows(select(*columns).order_by(outbox.c.id))]


def verified_at(person: Person) -> str | None:
    found: str | None = ok(person.client.get("/v1/users/me"))["email_verified_at"]
    return found


# ---------------------------------------------------------------------------------------------------------------------
# Verification
# ---------------------------------------------------------------------------------------------------------------------


def test_a_new_account_is_sent_an_email_whose_token_verifies_its_address(
    client: Client, office: Office, newcomer: Person, tables: Tables
) -> None:
    before = newcomer.client.get("/v1/users/me")
    assert ok(before)["email_verified_at"] is None
    office.deliver()
    (received,) = office.to(newcomer)
    no_content(client.post("/v1/users/verify-email", json={"token": received.token}))
    after = newcomer.client.get("/v1/users/me")
    assert dt.datetime.fromisoformat(ok(after)["email_verified_at"]) > dt.datetime.fromisoformat(
        newcomer.user["created_at"]
    )
    assert (ok(after)["revision"], after.headers["etag"]) == (2, '"2"')
    assert waiting(tables) == []


def test_an_email_names_its_sender_and_says_that_it_was_automatically_generated(
    office: Office, newcomer: Person
) -> None:
    office.deliver()
    (received,) = office.to(newcomer)
    message = received.message
    assert (message["From"], message["To"]) == ("Tickbox <tickbox@localhost>", newcomer.user["email"])
    assert (message["Subject"], message["Auto-Submitted"]) == ("Confirm your e-mail address", "auto-generated")
    assert message.get_content_type() == "text/plain"
    assert re.fullmatch(r"<[^<>@\s]+@localhost>", message["Message-ID"])
    assert abs(message["Date"].datetime - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    assert f'/v1/users/verify-email with {{"token": "{received.token}"}}' in received.text


def test_no_text_that_a_stranger_chose_is_sent_to_the_owner_of_the_address(
    client: Client, office: Office, mailbox: Mailbox
) -> None:
    email = new_email()
    name = "You have won! https://evil.example"
    created(client.post("/v1/users", json={"email": email, "password": PASSWORD, "name": name}))
    ask_for_reset(client, email)
    office.deliver()
    assert len(mailbox.to(email)) == 2
    assert not [received for received in mailbox.to(email) if "won" in received.text or "evil" in received.text]


def test_a_token_verifies_once(client: Client, office: Office, newcomer: Person) -> None:
    office.deliver()
    body = {"token": office.token(newcomer, "tbv_")}
    no_content(client.post("/v1/users/verify-email", json=body))
    response = client.post("/v1/users/verify-email", json=body)
    assert rejected(response, 422, "invalid-body") == {"#/token token"}


def test_another_email_can_be_requested_and_its_token_replaces_the_first(
    client: Client, office: Office, newcomer: Person
) -> None:
    office.deliver()
    accepted(newcomer.client.post("/v1/users/me/send-verification"))
    office.deliver(later=APART)
    first, second = office.to(newcomer)
    old = client.post("/v1/users/verify-email", json={"token": first.token})
    assert rejected(old, 422, "invalid-body") == {"#/token token"}
    no_content(client.post("/v1/users/verify-email", json={"token": second.token}))


def test_repeated_requests_send_one_email_a_minute(
    client: Client, office: Office, newcomer: Person, tables: Tables
) -> None:
    for _ in range(3):
        accepted(newcomer.client.post("/v1/users/me/send-verification"))
        ask_for_reset(client, newcomer.user["email"].upper())
    assert sorted(kind for kind, _, _ in waiting(tables)) == ["reset", "verification"]
    for _ in range(3):
        office.deliver()
        ask_for_reset(client, newcomer.user["email"])
    assert len(office.to(newcomer)) == 2
    no_content(
        client.post(
            "/v1/users/reset-password",
            json={"token": office.token(newcomer, "tbf_"), "new_password": NEW_PASSWORD},
        )
    )


def test_a_verified_address_is_not_verified_again(
    client: Client, office: Office, newcomer: Person, tables: Tables
) -> None:
    office.deliver()
    accepted(newcomer.client.post("/v1/users/me/send-verification"))
    no_content(client.post("/v1/users/verify-email", json={"token": office.token(newcomer, "tbv_")}))
    office.deliver(later=APART)  # the e-mail that was requested before is no longer needed
    assert len(office.to(newcomer)) == 1
    before = tables.digest()
    rejected(newcomer.client.post("/v1/users/me/send-verification"), 409, "email-verified")
    assert tables.digest() == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
        lambda token: token.replace("tbv_", "tbf_"),
        lambda _token: "tbv_",
        lambda _token: "\u00e9",
    ],
)
def test_an_invalid_token_verifies_nothing(
    client: Client,
    office: Office,
    newcomer: Person,
    tables: Tables,
    spoil: Callable[[str], str],
) -> None:
    office.deliver()
    token = spoil(office.token(newcomer, "tbv_"))
    before = tables.digest()
    response = client.post("/v1/users/verify-email", json={"token": token})
    assert rejected(response, 422, "invalid-body") == {"#/token token"}
    assert tables.digest() == before


def test_a_token_expires(client: Client, office: Office, newcomer: Person, tables: Tables) -> None:
    token = reset_token(client, office, newcomer)
    verification = office.token(newcomer, "tbv_")
    tables.write(update(one_time_tokens).values(expires_at=NOW.replace(year=2020)))
    for path, body in (
        ("verify-email", {"token": verification}),
        ("reset-password", {"token": token, "new_password": NEW_PASSWORD}),
    ):
        response = client.post(f"/v1/users/{path}", json=body)
        assert rejected(response, 422, "invalid-body") == {"#/token token"}
    assert verified_at(newcomer) is None


def test_a_token_for_a_replaced_address_is_rejected(
    client: Client, office: Office, newcomer: Person, tables: Tables
) -> None:
    token = reset_token(client, office, newcomer)
    verification = office.token(newcomer, "tbv_")
    new = new_email()
    tables.write(update(users).where(users.c.email == newcomer.user["email"]).values(email=new, email_key=new))
    for path, body in (
        ("verify-email", {"token": verification}),
        ("reset-password", {"token": token, "new_password": NEW_PASSWORD}),
    ):
        response = client.post(f"/v1/users/{path}", json=body)
        assert rejected(response, 422, "invalid-body") == {"#/token token"}


# ---------------------------------------------------------------------------------------------------------------------
# A forgotten password
# ---------------------------------------------------------------------------------------------------------------------


def test_a_reset_password_ends_all_sessions_and_tokens_of_the_old_one(
    client: Client, office: Office, newcomer: Person
) -> None:
    token = reset_token(client, office, newcomer)
    no_content(client.post("/v1/users/reset-password", json={"token": token, "new_password": NEW_PASSWORD}))
    rejected(newcomer.client.get("/v1/users/me"), 401, "unauthenticated")
    refresh = client.post("/v1/sessions/refresh", json={"refresh_token": newcomer.tokens["refresh_token"]})
    rejected(refresh, 401, "session-ended")
    body = {"email": newcomer.user["email"], "password": PASSWORD}
    rejected(client.post("/v1/sessions", json=body), 401, "invalid-credentials")
    mine = client.with_token(log_in(client, newcomer.user["email"], NEW_PASSWORD)["access_token"])
    assert len(everything(mine, "/v1/sessions")) == 1
    assert ok(mine.get("/v1/users/me"))["email_verified_at"] is not None
    assert "tokens.deleted" not in [event["type"] for event in everything(mine, "/v1/users/me/events")], "it had none"
    again = client.post("/v1/users/reset-password", json={"token": token, "new_password": PASSWORD})
    assert rejected(again, 422, "invalid-body") == {"#/token token"}


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_reset_takes_an_account_away_from_a_stranger_who_registered_the_address(
    client: Client,
    office: Office,
    newcomer: Person,
    confirmed: bool,  # noqa: FBT001  # a parameter of a test
) -> None:
    in_wait = created(newcomer.client.post("/v1/tokens", json={"name": "in wait", "scopes": ["read", "account"]}))[
        "token"
    ]
    token = reset_token(client, office, newcomer)
    if confirmed:  # before they found out that the address was not theirs
        no_content(client.post("/v1/users/verify-email", json={"token": office.token(newcomer, "tbv_")}))
    no_content(client.post("/v1/users/reset-password", json={"token": token, "new_password": NEW_PASSWORD}))
    rejected(client.with_token(in_wait).get("/v1/users/me"), 401, "unauthenticated")
    mine = client.with_token(log_in(client, newcomer.user["email"], NEW_PASSWORD)["access_token"])
    logged = [event["type"] for event in everything(mine, "/v1/users/me/events")]
    at_the_reset = ["password.reset", "tokens.deleted"]
    assert logged[1:3] == at_the_reset
    assert set(logged[3:]) == {"email.verified", "token.created", "session.started", "account.registered"}


def test_an_address_that_cannot_be_in_an_email_is_given_up_at_once_and_not_logged(
    client: Client, office: Office, tables: Tables, caplog: pytest.LogCaptureFixture
) -> None:
    address = "=?utf-8?q?a?=@example.com"  # an encoded word (RFC 2047), which a parser of addresses decodes
    created(client.post("/v1/users", json={"email": address, "password": PASSWORD, "name": "Ada"}))
    office.deliver()
    assert waiting(tables) == []
    assert "InvalidHeaderDefect" in [getattr(record, "reason", None) for record in caplog.records]
    assert address not in caplog.text


def test_an_address_that_was_verified_before_keeps_its_time(client: Client, office: Office, newcomer: Person) -> None:
    token = reset_token(client, office, newcomer)
    no_content(client.post("/v1/users/verify-email", json={"token": office.token(newcomer, "tbv_")}))
    before = ok(newcomer.client.get("/v1/users/me"))
    no_content(client.post("/v1/users/reset-password", json={"token": token, "new_password": NEW_PASSWORD}))
    mine = client.with_token(log_in(client, newcomer.user["email"], NEW_PASSWORD)["access_token"])
    assert ok(mine.get("/v1/users/me")) == before


def test_the_name_of_a_verified_user_is_in_the_email_on_one_line_and_is_not_a_link(
    client: Client, office: Office, newcomer: Person
) -> None:
    ok(newcomer.client.merge("/v1/users/me", {"name": "Ada\r\n\r\nhttps://evil.example/?"}))
    office.deliver()
    no_content(client.post("/v1/users/verify-email", json={"token": office.token(newcomer, "tbv_")}))
    ask_for_reset(client, newcomer.user["email"])
    office.deliver()
    assert office.to(newcomer)[1].text.startswith("Hello Ada https evil. example ?,\n\nSomeone")


def test_a_reset_request_does_not_show_which_addresses_are_known(
    client: Client, office: Office, mailbox: Mailbox, newcomer: Person, tables: Tables
) -> None:
    office.deliver()
    unknown = new_email()
    seen = []
    for email in (newcomer.user["email"], unknown):
        with counted() as statements:
            response = client.post("/v1/users/forgot-password", json={"email": email})
        accepted(response)
        seen.append(({*response.headers} - {"x-request-id", "date"}, statements))
    assert seen[0] == seen[1]
    assert seen[0][1] == ["INSERT outbox"]
    office.deliver()
    assert len(office.to(newcomer)) == 2
    assert mailbox.to(unknown) == []
    assert waiting(tables) == []


@pytest.mark.on_each_database
def test_of_two_concurrent_uses_of_one_token_one_sets_the_password(
    client: Client, office: Office, newcomer: Person
) -> None:
    token = reset_token(client, office, newcomer)
    words = [NEW_PASSWORD, "notes on the engine"]

    def reset(word: str) -> int:
        return client.post("/v1/users/reset-password", json={"token": token, "new_password": word}).status_code

    with ThreadPoolExecutor(2) as threads:
        responses = list(threads.map(reset, words))
    assert sorted(responses) == [204, 422]
    log_in(client, newcomer.user["email"], words[responses.index(204)])


def test_an_older_email_cannot_undo_a_changed_password(client: Client, office: Office, newcomer: Person) -> None:
    token = reset_token(client, office, newcomer)
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    no_content(newcomer.client.put("/v1/users/me/password", json=body))
    response = client.post("/v1/users/reset-password", json={"token": token, "new_password": PASSWORD})
    assert rejected(response, 422, "invalid-body") == {"#/token token"}


def test_an_invalid_new_password_leaves_the_token_valid(client: Client, office: Office, newcomer: Person) -> None:
    token = reset_token(client, office, newcomer)
    response = client.post("/v1/users/reset-password", json={"token": token, "new_password": "short"})
    assert rejected(response, 422, "invalid-body") == {"#/new_password min-length"}
    no_content(client.post("/v1/users/reset-password", json={"token": token, "new_password": NEW_PASSWORD}))


def test_the_emails_and_tokens_of_an_account_are_deleted_with_it(
    client: Client, office: Office, newcomer: Person, tables: Tables
) -> None:
    token = reset_token(client, office, newcomer)
    accepted(newcomer.client.post("/v1/users/me/send-verification"))
    no_content(newcomer.client.delete("/v1/users/me"))
    assert tables.mentions(newcomer.id).keys() <= {"events"}, "in a workspace, until it is emptied"
    office.deliver(later=APART)
    assert len(office.to(newcomer)) == 2
    response = client.post("/v1/users/reset-password", json={"token": token, "new_password": NEW_PASSWORD})
    assert rejected(response, 422, "invalid-body") == {"#/token token"}


# ---------------------------------------------------------------------------------------------------------------------
# Sending
# ---------------------------------------------------------------------------------------------------------------------


def test_emails_that_a_mail_server_did_not_take_are_sent_when_it_is_up_again(
    office: Office, mailbox: Mailbox, newcomer: Person, tables: Tables
) -> None:
    mailbox.stop()
    office.deliver()
    assert waiting(tables) == [("verification", newcomer.user["email"], 1)]
    mailbox.start()
    office.deliver()
    assert mailbox.received == [], "it is too early"
    office.deliver(later=dt.timedelta(seconds=61))
    assert len(office.to(newcomer)) == 1
    assert waiting(tables) == []


def test_the_pauses_double_and_in_the_end_the_email_is_given_up(
    office: Office, mailbox: Mailbox, newcomer: Person, tables: Tables, caplog: pytest.LogCaptureFixture
) -> None:
    mailbox.refusals[newcomer.user["email"]] = f"450 {newcomer.user['email']} is busy"
    pauses = []
    later = AT_ONCE
    for attempt in range(1, ATTEMPTS + 1):
        assert waiting(tables) == [("verification", newcomer.user["email"], attempt - 1)]
        office.deliver(later=later)
        for (due_at,) in tables.rows(select(outbox.c.due_at)):
            pauses.append(round((due_at - dt.datetime.now(dt.UTC) - later).total_seconds()))
            later = due_at - dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
    assert pauses[:3] == pytest.approx([60, 120, 240], abs=2)
    assert pauses[-1] == pytest.approx(LONGEST_PAUSE.total_seconds(), abs=2)
    assert waiting(tables) == []
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == [
        "an e-mail was given up"
    ]
    assert newcomer.user["email"] not in caplog.text


def test_an_address_that_is_rejected_for_good_is_given_up_at_once_and_delays_nobody(
    client: Client, office: Office, mailbox: Mailbox, newcomer: Person, tables: Tables
) -> None:
    other = register(client)
    mailbox.refusals[newcomer.user["email"]] = "550 there is no such mailbox"
    office.deliver()
    assert waiting(tables) == []
    assert len(office.to(other)) == 1


@pytest.mark.on_each_database
def test_of_several_servers_one_sends_each_email(
    client: Client, office: Office, mailbox: Mailbox, tables: Tables
) -> None:
    emails = [new_email() for _ in range(12)]
    for email in emails:
        created(client.post("/v1/users", json={"email": email, "password": PASSWORD, "name": "Ada"}))
    office.deliver(workers=4)
    assert [len(mailbox.to(email)) for email in emails] == [1] * len(emails)
    assert waiting(tables) == []


@pytest.mark.on_each_database
async def test_an_email_of_a_server_that_stops_while_sending_is_sent_by_the_next(
    module_database_url: str, office: Office, mailbox: Mailbox, newcomer: Person, tables: Tables
) -> None:
    mailbox.holding = True
    parts = make_parts(office.settings, our_contract().document)
    async with running([mail_job(parts.dependencies, make_email_sender(office.settings), every_s=0.01)]):
        while not mailbox.begun.is_set():  # noqa: ASYNC110  # another thread sets it
            await asyncio.sleep(0.01)
    await parts.close()
    mailbox.stop()
    mailbox.received.clear()
    mailbox.holding = False
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(waiting, tables).result() == [("verification", newcomer.user["email"], 1)]
        mailbox.start()
        thread.submit(office.deliver, later=dt.timedelta(seconds=61)).result()
    assert len(office.to(newcomer)) == 1


@pytest.mark.on_each_database
async def test_an_email_that_cannot_be_rendered_does_not_delay_the_others(
    office: Office, newcomer: Person, client: Client, tables: Tables, caplog: pytest.LogCaptureFixture
) -> None:
    other = register(client)

    async def send_all() -> None:
        parts = make_parts(office.settings, our_contract().document)
        send = make_email_sender(office.settings)

        async def fail(rendered_email: object) -> None:
            if getattr(rendered_email, "to", "") == newcomer.user["email"]:
                raise KeyError
            await send(rendered_email)  # type: ignore[arg-type]  # it is one

        await deliver(parts.dependencies, fail)
        await parts.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, send_all()).result()
        assert thread.submit(waiting, tables).result() == [("verification", newcomer.user["email"], 1)]
    assert len(office.to(other)) == 1
    assert "could not send an e-mail" in caplog.text


# ---------------------------------------------------------------------------------------------------------------------
# `tickbox serve`
# ---------------------------------------------------------------------------------------------------------------------


def test_a_server_sends_over_tls_with_its_account_and_links_to_the_app(sqlite_url: str, tmp_path: Path) -> None:
    certificate = Certificate.make(tmp_path / "certificate.pem")
    mailbox = Mailbox(account=("tickbox", "a-mail-password"), starttls=certificate.context)
    settings = {
        "database_url": sqlite_url,
        "smtp_url": mailbox.url,
        "mail_from": "Lists <lists@example.net>",
        "app_url": "https://app.example/lists/",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(certificate.path))
        with opened(mailbox), serve(tmp_path, **settings) as program, Client(program.url) as client:
            ada = register(client)
            received = mailbox.wait_for(ada.user["email"])
            no_content(client.post("/v1/users/verify-email", json={"token": received.token}))
            assert verified_at(ada) is not None
            assert program.stop() == 0
    assert (received.over_tls, received.account, received.message["From"]) == (
        True,
        "tickbox",
        "Lists <lists@example.net>",
    )
    assert f"\nhttps://app.example/lists/verify-email#token={received.token}\n" in received.text
    for secret in (received.token, "a-mail-password", ada.user["email"]):
        assert secret not in program.output.replace("ada@example.com", "")


@pytest.mark.parametrize("databases", FEW_BACKENDS, indirect=True)
def test_a_server_that_is_killed_between_commit_and_sending_loses_no_email_and_stores_no_token(
    database_url: str, tmp_path: Path
) -> None:
    mailbox, tables = Mailbox(), Tables(database_url)
    mailbox.holding = True
    settings = {"database_url": database_url, "smtp_url": mailbox.url, "log_level": "warning"}
    with opened(mailbox):
        with serve(tmp_path, **settings) as program, Client(program.url) as client:
            ada = register(client)
            assert mailbox.begun.wait(PATIENCE_S)
            assert waiting(tables) == [("verification", ada.user["email"], 1)]
            assert not any(tables.holds_text(prefix) for prefix in ("tbv_", "tbf_"))
            program.stop(signal.SIGKILL)
        mailbox.stop()
        mailbox.received.clear()
        mailbox.holding = False
        mailbox.start()
        # As if its claim had expired.
        tables.write(update(outbox).values(due_at=NOW.replace(year=2020)))
        with serve(tmp_path, **settings) as program, Client(program.url) as client:
            received = mailbox.wait_for(ada.user["email"])
            no_content(client.post("/v1/users/verify-email", json={"token": received.token}))
            for _ in patiently():
                if waiting(tables) == []:
                    break
    assert len(mailbox.to(ada.user["email"])) == 1
    assert not tables.holds_text(received.token)
    tables.close()


def test_a_mail_server_that_does_not_respond_does_not_delay_requests(sqlite_url: str, tmp_path: Path) -> None:
    mailbox = Mailbox()
    mailbox.holding = True
    with opened(mailbox), serve(tmp_path, database_url=sqlite_url, smtp_url=mailbox.url) as program:
        with Client(program.url) as client:
            for _ in range(8):  # more than are sent at once
                register(client)
            assert mailbox.begun.wait(PATIENCE_S)
            ok(client.get("/readyz"))
        assert program.stop() == 0


def test_without_a_mail_server_the_link_is_logged_and_the_responses_are_the_same(
    sqlite_url: str, tmp_path: Path
) -> None:
    settings = {"database_url": sqlite_url, "log_level": "error", "app_url": "https://app.example"}
    with serve(tmp_path, **settings) as program, Client(program.url) as client:
        ada = register(client)
        verification = link_in_log(program, ada.user["email"], kind="verification")
        ask_for_reset(client, ada.user["email"])
        ask_for_reset(client, "nobody@example.com")
        reset = link_in_log(program, ada.user["email"], kind="reset")
        assert verification.startswith("https://app.example/verify-email#token=tbv_")
        assert reset.startswith("https://app.example/reset-password#token=tbf_")
        no_content(client.post("/v1/users/verify-email", json={"token": verification.partition("=")[2]}))
        body = {"token": reset.partition("=")[2], "new_password": NEW_PASSWORD}
        no_content(client.post("/v1/users/reset-password", json=body))
        assert "nobody@example.com" not in program.output


def link_in_log(program: Program, email: str, *, kind: str) -> str:
    for _ in patiently():
        lines = [json.loads(line) for line in program.stdout.read_text().splitlines() if line.endswith("}")]
        if found := [line["request"] for line in lines if (line.get("to"), line.get("kind")) == (email, kind)]:
            assert "an e-mail was not sent: TICKBOX_SMTP_URL is not set; pass this on to the user" in program.output
            return str(found[0])
    raise TimeoutError(program.output)
