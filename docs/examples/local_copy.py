"""Keep a copy of a workspace, equal to the server, in an SQLite file.

    pip install httpx httpx-sse
    TICKBOX_TOKEN=tbp_... python local_copy.py https://todo.example WORKSPACE_ID copy.db

It runs until it is stopped, and continues where it was. docs/local-copy.md explains each step.
"""

import json
import os
import random
import sqlite3
import sys
import time
from typing import Any

import httpx
from httpx_sse import connect_sse

SILENCE_S = 45
"""The server sends something every 15 seconds. Whoever hears nothing for so long has lost the connection."""
LONGEST_DELAY_S = 30
PARTIAL = {"project", "task"}
"""The types of things whose description is left out of an event if it is as it was."""
RESTARTING = {429, 500, 502, 503, 504}


class OutOfStep(Exception):
    """An event cannot be applied by itself: the changes since the cursor have to be read."""


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


def sync(copy: Copy, client: httpx.Client) -> None:
    """Read what has changed since the cursor; without one, everything."""
    has_more = True
    while has_more:
        response = client.get("changes", params={"cursor": copy.cursor} if copy.cursor else {})
        if response.status_code == httpx.codes.GONE:  # the cursor is older than what the server keeps
            copy.begin_again()
            continue
        page = response.raise_for_status().json()
        copy.apply_page(page)
        has_more = page["has_more"]


def listen(copy: Copy, client: httpx.Client) -> None:
    """Apply what happens, until the server ends the stream, or the connection is lost."""
    with connect_sse(client, "GET", "events", params={"cursor": copy.cursor}) as source:
        if source.response.status_code == httpx.codes.GONE:
            return
        source.response.raise_for_status()
        for message in source.iter_sse():
            if message.data:
                copy.apply_event(json.loads(message.data), message.id)
            elif message.id:
                copy.move_to(message.id)


def delay_s(failures: int, response: httpx.Response | None) -> float:
    """How long to wait before the next attempt: longer each time, and not as long as all the others."""
    asked_s = 0 if response is None else int(response.headers.get("Retry-After", 0))
    return asked_s + random.uniform(0.5, 1) * min(LONGEST_DELAY_S, 0.25 * 2.0**failures)


def keep(copy: Copy, client: httpx.Client) -> None:
    """Keep the copy equal to the server. Raises httpx.HTTPStatusError once the token has no access any more."""
    failures = 0
    while True:
        response = None
        try:
            sync(copy, client)
            failures = 0
            listen(copy, client)
        except OutOfStep:
            continue
        except httpx.TransportError as error:
            print(f"lost the connection: {error!r}", file=sys.stderr)
        except httpx.HTTPStatusError as error:
            response = error.response
            if response.status_code not in RESTARTING:
                raise
        failures += 1
        time.sleep(delay_s(failures, response))


def main() -> None:
    """Read the arguments, and run until stopped."""
    url, workspace_id, path = sys.argv[1:]
    with httpx.Client(
        base_url=f"{url}/v1/workspaces/{workspace_id}/",
        headers={"Authorization": f"Bearer {os.environ['TICKBOX_TOKEN']}"},
        timeout=httpx.Timeout(10, read=SILENCE_S),
    ) as client:
        keep(Copy(path), client)


if __name__ == "__main__":
    main()
