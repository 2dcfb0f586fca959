"""Keep copies of all workspaces of a user, each in an SQLite file, and follow them by one stream.

    pip install httpx httpx-sse
    TICKBOX_TOKEN=tbp_... python local_copies.py https://todo.example FOLDER

It is started like local_copy.py, of which it uses the most. docs/local-copy.md explains it.
"""

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from httpx_sse import connect_sse
from local_copy import (  # type: ignore[import-not-found]  # it is beside this file, and in no package
    Copy,
    answered,
    connected,
    is_not_found,
    repeat,
    sync,
)


class Copies:
    """The copies of a user's workspaces in a folder, and the cursor of all of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._place = folder / "cursor"

    @property
    def cursor(self) -> str | None:
        """What is known; None before the first list."""
        return self._place.read_text() if self._place.exists() else None

    def begin_again(self) -> None:
        """Forget the cursor: the next list has all workspaces."""
        self._place.unlink(missing_ok=True)

    def move_to(self, cursor: str) -> None:
        """Store a cursor, once the changes of all workspaces before it are in their copies."""
        new = self._folder / "cursor.new"
        new.write_text(cursor)
        new.replace(self._place)

    def apply(self, change: dict[str, Any], client: httpx.Client) -> None:
        """Read the changes of a workspace, or delete its copy if the user is not in it any more."""
        path = self._folder / f"{change['workspace_id']}.db"
        if change["head"] is None:
            path.unlink(missing_ok=True)
            return
        try:
            with closing(Copy(str(path))) as copy:
                sync(copy, client, change["workspace_id"])
        except httpx.HTTPStatusError as error:
            if not is_not_found(error):  # otherwise the user has left it meanwhile
                raise
            path.unlink()

    def remind(self, fired: dict[str, Any]) -> None:
        """Show a reminder, once the changes of its workspace are applied: unless the task is closed or deleted by now.

        A task that recurs stays open. Its occurrence is another one if that of the reminder is done.

        If this program ends before the cursor is stored, it is shown again. An app that must not do so stores
        `reminder_id` with `fires_at`.
        """
        path = self._folder / f"{fired['workspace_id']}.db"
        if not path.exists():
            return
        with closing(Copy(str(path))) as copy:
            task = copy.find("task", fired["task_id"])
        if task is not None and task["status"] == "open" and task["occurrence"] == fired["occurrence"]:
            print(f"{fired['fires_at']} {task['title']}", flush=True)

    def delete_others(self, workspace_ids: set[str]) -> None:
        """Delete the copies of the workspaces that are not among these."""
        for path in self._folder.glob("*.db"):
            if path.stem not in workspace_ids:
                path.unlink()


def sync_all(copies: Copies, client: httpx.Client) -> None:
    """Read the changes of all workspaces that changed since the cursor, and show what fired; without one, of all."""
    page: dict[str, Any] = {"next_cursor": copies.cursor, "has_more": True}
    listed = set()
    while page["has_more"]:
        params = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
        page = answered(copies, client.get("users/me/changes", params=params)).json()
        for change in page["items"]:
            copies.apply(change, client)
            listed.add(change["workspace_id"])
        for fired in page["fired_reminders"]:
            copies.remind(fired)
    if copies.cursor is None:
        copies.delete_others(listed)
    copies.move_to(page["next_cursor"])  # not before: after a crash, the same workspaces are listed again


def listen(copies: Copies, client: httpx.Client) -> None:
    """Read the changes of each workspace that the stream names, and show what fires, until the stream ends."""
    with connect_sse(client, "GET", "users/me/changes/events", params={"cursor": copies.cursor}) as source:
        answered(copies, source.response)
        for message in source.iter_sse():
            event = json.loads(message.data) if message.data else {"changes": [], "fired_reminders": []}
            for change in event["changes"]:
                copies.apply(change, client)
            for fired in event["fired_reminders"]:
                copies.remind(fired)
            if message.id:
                copies.move_to(message.id)


def main() -> None:
    """Read the arguments, and run until stopped."""
    url, folder = sys.argv[1:]
    copies = Copies(Path(folder))
    with connected(url) as client:

        def attempt() -> None:
            sync_all(copies, client)
            listen(copies, client)

        repeat(attempt)


if __name__ == "__main__":
    main()
