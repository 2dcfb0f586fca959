"""Health checks, the contract, and requests that belong to no operation."""

from __future__ import annotations

import hashlib

import pytest
import yaml

from tests.support.checking import CONTRACT, read_contract
from tests.support.clients import Client, Person, ok, rejected

pytestmark = pytest.mark.mostly_on_one_database


def test_a_running_server_is_alive(client: Client) -> None:
    assert ok(client.get("/livez")) == {"status": "ok"}


@pytest.mark.on_each_database
def test_a_server_with_a_migrated_database_is_ready(client: Client) -> None:
    assert ok(client.get("/readyz")) == {"status": "ok"}


def test_the_contract_is_served_byte_for_byte(client: Client) -> None:
    response = client.get("/openapi.yaml")
    assert (response.status_code, response.content) == (200, CONTRACT.read_bytes())


def test_the_contract_is_served_as_json(client: Client) -> None:
    assert ok(client.get("/openapi.json")) == read_contract()


@pytest.mark.parametrize("path", ["/openapi.yaml", "/openapi.json"])
def test_an_unchanged_contract_is_not_sent_again(client: Client, path: str) -> None:
    etag = client.get(path).headers["ETag"]
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_every_response_names_the_contract(client: Client) -> None:
    assert client.get("/livez").headers["Link"] == '</openapi.yaml>; rel="service-desc"'


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/openapi.yaml", "/openapi.json"])
def test_an_unavailable_media_type_is_rejected(client: Client, path: str) -> None:
    rejected(client.get(path, headers={"Accept": "text/html"}), 406, "not-acceptable")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/openapi.yaml", "/openapi.json"])
def test_an_unknown_parameter_is_rejected(client: Client, path: str) -> None:
    assert rejected(client.get(path, params={"verbose": "1"}), 400, "invalid-parameters") == {"verbose unknown"}


def test_an_unknown_path_is_a_problem(client: Client) -> None:
    rejected(client.get("/v2/users/me"), 404, "not-found")


def test_an_unknown_method_is_a_problem_with_all_allowed_methods(client: Client) -> None:
    response = client.put("/v1/users/me")
    rejected(response, 405, "method-not-allowed")
    assert set(response.headers["Allow"].split(", ")) == {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH"}


def test_options_needs_no_token(client: Client) -> None:
    response = client.options("/v1/sessions")
    assert response.status_code == 204
    assert set(response.headers["Allow"].split(", ")) == {"DELETE", "GET", "HEAD", "OPTIONS", "POST"}


def test_head_has_the_headers_of_get(ada: Person) -> None:
    got, head = ada.client.get("/v1/users/me"), ada.client.head("/v1/users/me")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("ETag", "Content-Length", "Content-Type"):
        assert head.headers[name] == got.headers[name]


def test_the_contract_s_entity_tag_depends_on_its_bytes(client: Client) -> None:
    etag = client.get("/openapi.yaml").headers["ETag"]
    assert etag.strip('"') in hashlib.sha256(CONTRACT.read_bytes()).hexdigest()
    assert yaml.safe_load(client.get("/openapi.yaml").content)["openapi"].startswith("3.0")
