"""Keep a copy of a workspace, equal to the server, in an SQLite file.

    pip install httpx httpx-sse
    TICKBOX_TOKEN=tbp_... python local_copy.py https://todo.example WORKSPACE_ID copy.db

With a session instead of a personal token, `TICKBOX_SESSION` names a file with the response to `POST /v1/sessions`. It
runs until it is stopped, and continues where it was. docs/local-copy.md explains each step.
"""

import json
import os
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Protocol

import httpx
from httpx_sse import connect_sse

SILENCE_S = 45
"""The server sends something every 15 seconds. After this silence the connection is lost."""
LONGEST_DELAY_S = 30
STEADY_S = 60
"""After a stream that lasted for this long, delays are short again."""
PARTIAL = {"project", "task"}
"""The types of things whose description is left out of an event if it is as it was."""
TEMPORARY = {408, 429, 500, 502, 503, 504}
"""The statuses after which the same request may succeed later."""
UNUSABLE = {400, 410}
"""The statuses of a cursor that is of no use: it is not of this list, or the server does not keep what follows it."""

Token = Callable[[str | None], str]
"""Returns the access token. Its argument is the token that the server has rejected, if any: then it gets a new one."""


class OutOfStep(Exception):
    """The changes have to be read: an event cannot be applied by itself, or the cursor is of no use."""


class Place(Protocol):
    """What has a cursor."""

    @property
    def cursor(self) -> str | None:
        """Where to go on; None at the beginning."""

    def begin_again(self) -> None:
        """Forget it."""


class Copy:
    """The things of a workspace, and the cursor of what was applied. Both are stored in one transaction."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path)
        with self._db:
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS things "
                "(type TEXT, id TEXT, revision INTEGER, body TEXT, is_named INTEGER, PRIMARY KEY (type, id))"
            )
            self._db.execute("CREATE TABLE IF NOT EXISTS place (only_row INTEGER PRIMARY KEY, cursor TEXT)")

    def __len__(self) -> int:
        count: int = self._db.execute("SELECT count(*) FROM things").fetchone()[0]
        return count

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @property
    def cursor(self) -> str | None:
        """Where to go on; None before the first sync."""
        row = self._db.execute("SELECT cursor FROM place").fetchone()
        return row[0] if row else None

    def begin_again(self) -> None:
        """Prepare for a first sync: afterwards, what it has not named is deleted.

        After the restore of a backup, the revisions that the copy has are those of another history.
        """
        with self._db:
            self._db.execute("UPDATE things SET is_named = 0, revision = 0")
            self._db.execute("DELETE FROM place")

    def clear(self) -> None:
        """Delete all of it."""
        with self._db:
            self._db.execute("DELETE FROM things")
            self._db.execute("DELETE FROM place")

    def apply_page(self, page: dict[str, Any]) -> None:
        """Apply a page of changes: each is a thing in its latest state."""
        with self._db:
            for change in page["items"]:
                if change["deleted"]:
                    self._delete(change)
                elif change["revision"] >= self._find(change)[0]:
                    self._put(change, change[change["type"]])
            self._move_to(page["next_cursor"])
            if not page["has_more"]:
                self._db.execute("DELETE FROM things WHERE is_named = 0")

    def apply_event(self, event: dict[str, Any], cursor: str) -> None:
        """Apply an event of the stream: what one transaction has changed. Raises OutOfStep, and changes nothing."""
        with self._db:
            for change in event["changes"]:
                revision, known = self._find(change)
                if change["revision"] < revision:
                    continue  # the copy is newer, because the changes were read before the stream
                if change["deleted"]:
                    self._delete(change)
                else:
                    self._put(change, merged(change, known))
            self._move_to(cursor)

    def move_to(self, cursor: str) -> None:
        """Store a cursor that comes without an event: nothing before it concerns this client."""
        with self._db:
            self._move_to(cursor)

    def find(self, kind: str, thing_id: str) -> dict[str, Any] | None:
        """What the copy has of a thing; None if it does not have it."""
        return self._find({"type": kind, "id": thing_id})[1] or None

    def _find(self, change: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        key = change["type"], change["id"]
        row = self._db.execute("SELECT revision, body FROM things WHERE type = ? AND id = ?", key).fetchone()
        return (row[0], json.loads(row[1])) if row else (0, {})

    def _put(self, change: dict[str, Any], body: dict[str, Any]) -> None:
        row = (change["type"], change["id"], change["revision"], json.dumps(body))
        self._db.execute("INSERT OR REPLACE INTO things VALUES (?, ?, ?, ?, 1)", row)

    def _delete(self, change: dict[str, Any]) -> None:
        self._db.execute("DELETE FROM things WHERE type = ? AND id = ?", (change["type"], change["id"]))

    def _move_to(self, cursor: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO place VALUES (1, ?)", (cursor,))


def merged(change: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """A thing after a change. Raises OutOfStep if the event does not have all of it, nor has the copy."""
    if change["erased"]:  # the server does not keep what it was like
        raise OutOfStep
    body: dict[str, Any] = known | change[change["type"]]
    if change["type"] in PARTIAL and "description" not in body:
        raise OutOfStep
    return body


class Authentication(httpx.Auth):
    """Sends the access token. After a 401 it gets a new one, and sends the request once more."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Send a request, again if its token is rejected."""
        token = self._token(None)
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            request.headers["Authorization"] = f"Bearer {self._token(token)}"
            yield request


class Session:
    """The tokens of a session, in a file. Only one program may use the file: a refresh token works once."""

    def __init__(self, url: str, path: Path) -> None:
        self._url = url
        self._path = path

    def token(self, rejected: str | None) -> str:
        """Return the access token. Raises httpx.HTTPStatusError (401) if it was rejected, and the session has ended."""
        tokens = json.loads(self._path.read_text())
        if tokens["access_token"] == rejected:
            body = {"refresh_token": tokens["refresh_token"]}
            tokens = httpx.post(f"{self._url}/v1/sessions/refresh", json=body).raise_for_status().json()
            new = self._path.with_suffix(".new")
            new.write_text(json.dumps(tokens))
            new.replace(self._path)  # stored before it is used
        access_token: str = tokens["access_token"]
        return access_token


def sync(copy: Copy, client: httpx.Client, workspace_id: str) -> None:
    """Read what has changed since the cursor; without one, everything."""
    has_more = True
    while has_more:
        params = {"cursor": copy.cursor} if copy.cursor else {}
        page = answered(copy, client.get(f"workspaces/{workspace_id}/changes", params=params)).json()
        copy.apply_page(page)
        has_more = page["has_more"]


def listen(copy: Copy, client: httpx.Client, workspace_id: str) -> None:
    """Apply what happens, until the server ends the stream, or the connection is lost."""
    path = f"workspaces/{workspace_id}/events"
    with connect_sse(client, "GET", path, params={"cursor": copy.cursor}) as source:
        answered(copy, source.response)
        for message in source.iter_sse():
            if message.data:
                copy.apply_event(json.loads(message.data), message.id)
            elif message.id:
                copy.move_to(message.id)


def answered(place: Place, response: httpx.Response) -> httpx.Response:
    """Raise OutOfStep if the cursor is of no use, and httpx.HTTPStatusError for another error."""
    if response.status_code in UNUSABLE and place.cursor is not None:
        place.begin_again()
        raise OutOfStep
    return response.raise_for_status()


def delay_s(ends: int, response: httpx.Response | None) -> float:
    """How long to wait before the next attempt: longer each time, and not as long as other clients."""
    asked = "" if response is None else response.headers.get("Retry-After", "")
    return (int(asked) if asked.isdecimal() else 0) + random.uniform(0.5, 1) * min(LONGEST_DELAY_S, 0.5 * 2.0**ends)


def repeat(
    attempt: Callable[[], None],
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Repeat an attempt, and wait after each end. Raises httpx.HTTPStatusError if the next one would fail, too."""
    ends = 0
    while True:
        response = None
        began = clock()
        try:
            attempt()
        except (OutOfStep, httpx.TransportError) as error:
            print(f"connecting again: {error!r}", file=sys.stderr)
        except httpx.HTTPStatusError as error:
            response = error.response
            if response.status_code not in TEMPORARY:
                raise
        ends = 0 if clock() - began >= STEADY_S else ends
        sleep(delay_s(ends, response))
        ends = min(ends + 1, 10)


def is_not_found(error: httpx.HTTPStatusError) -> bool:
    """Whether Tickbox itself, and not a proxy, has responded that the user cannot access this workspace."""
    is_problem = error.response.headers.get("Content-Type", "").startswith("application/problem+json")
    return is_problem and error.response.status_code == httpx.codes.NOT_FOUND


def keep(
    copy: Copy,
    client: httpx.Client,
    workspace_id: str,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Keep the copy equal to the server. Ends once the user is not a member any more: then the copy is deleted.

    Raises httpx.HTTPStatusError, and keeps the copy, if the user must log in again (401), or has no right to it (403).
    """

    def attempt() -> None:
        sync(copy, client, workspace_id)
        listen(copy, client, workspace_id)

    try:
        repeat(attempt, sleep, clock)
    except httpx.HTTPStatusError as error:
        if not is_not_found(error):
            raise
        copy.clear()


def connected(url: str) -> httpx.Client:
    """A client of the API, with the token or the session that the environment names."""
    session = os.environ.get("TICKBOX_SESSION")
    token = Session(url, Path(session)).token if session else lambda _rejected: os.environ["TICKBOX_TOKEN"]
    timeout = httpx.Timeout(10, read=SILENCE_S)
    return httpx.Client(base_url=f"{url}/v1/", auth=Authentication(token), timeout=timeout)


def main() -> None:
    """Read the arguments, and run until stopped."""
    url, workspace_id, path = sys.argv[1:]
    with connected(url) as client:
        keep(Copy(path), client, workspace_id)


if __name__ == "__main__":
    main()
