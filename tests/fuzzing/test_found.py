"""Failures that Schemathesis has found, each as the smallest request that shows it."""

from collections.abc import Iterator

import httpx
import pytest

from tests.fuzzing.runs import serving
from tests.support.databases import SqliteDatabases

pytestmark = pytest.mark.unmeasured_processes

IF_NONE_MATCH = "If-None-Match"


@pytest.fixture(scope="module")
def client(sqlite_databases: SqliteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    url = sqlite_databases.migrated()
    with (
        serving(url, tmp_path_factory.mktemp("found")) as base_url,
        httpx.Client(base_url=base_url) as client,
    ):
        yield client
    sqlite_databases.remove(url)


def test_an_if_none_match_over_its_length_is_rejected_although_the_engine_itself_reads_it(
    client: httpx.Client,
) -> None:
    response = client.get("/openapi.json", headers={IF_NONE_MATCH: f'"{"0" * 1023}"'})

    assert response.status_code == 400
    assert [(fault["code"], fault["header"]) for fault in response.json()["errors"]] == [("max-length", IF_NONE_MATCH)]
    assert client.get("/openapi.json", headers={IF_NONE_MATCH: f'"{"0" * 1022}"'}).status_code == 200


def test_an_if_none_match_may_be_spread_over_several_lines(client: httpx.Client) -> None:
    etag = client.get("/openapi.json").headers["ETag"]

    response = client.get("/openapi.json", headers=[(IF_NONE_MATCH, '"another"'), (IF_NONE_MATCH, etag)])

    assert response.status_code == 304
