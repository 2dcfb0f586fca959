"""The examples of docs/local-copy.md, as they are: at the end each copy is equal to the server.

Meanwhile random requests change the workspace, and the server is restarted.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from docs.examples import local_copy
from domain import change_cursors
from domain.model.changes import LogPlace
from tests.support.clients import Client, Person, everything, new_id, no_content, ok, register
from tests.support.patience import PATIENCE_S
from tests.support.programs import environment, patiently, started
from tests.support.server import UNHINDERED

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
LISTS = {"project": "projects", "label": "labels", "section": "sections", "task": "tasks"}

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

needs_node = pytest.mark.skipif(not shutil.which("node"), reason="Node.js is not installed")

pytestmark = [pytest.mark.unmeasured, pytest.mark.mostly_on_one_database]

REMINDED = "reminded.txt"
Things = dict[tuple[str, str], Any]


@dataclass
class Place:
    """A server that can be restarted at one address, and a user with a workspace on it."""

    folder: Path
    settings: Mapping[str, Any]
    port: int
    person: Person
    chance: random.Random

    @property
    def workspace_id(self) -> str:
        return self.person.workspace_id

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def home(self) -> str:
        return self.person.home

    def served(self) -> AbstractContextManager[None]:
        return served(self.folder, self.settings, self.port)

    def change(self, count: int) -> None:
        """Send random requests, most of which change something."""
        for _ in range(count):
            self.chance.choice((self._create, self._create, self._patch, self._patch, self._act, self._delete))()

    def things(self) -> Things:
        """All that the server has."""
        client = self.person.client
        workspace = ok(client.get(self.home))
        found = {("workspace", workspace["id"]): {k: v for k, v in workspace.items() if k not in {"head", "role"}}}
        found |= {("member", each["user_id"]): each for each in everything(client, f"{self.home}/members")}
        for kind, path in LISTS.items():
            found |= {(kind, each["id"]): each for each in everything(client, f"{self.home}/{path}", limit=200)}
        archived = everything(client, f"{self.home}/projects", archived=True)
        found |= {("project", each["id"]): each for each in archived}
        for kind, task_id in list(found):
            if kind == "task":
                comments = everything(client, f"{self.home}/tasks/{task_id}/comments")
                found |= {("comment", each["id"]): each for each in comments}
        return found

    def _one(self, kind: str) -> str | None:
        """The path of a thing of some kind, if there is one."""
        found = everything(self.person.client, f"{self.home}/{LISTS[kind]}")
        return f"{self.home}/{LISTS[kind]}/{self.chance.choice(found)['id']}" if found else None

    def _create(self) -> None:
        kind = self.chance.choice(("task", "task", "task", "project", "label", "section", "comment"))
        text = f"{kind} {new_id()}"
        if kind == "comment":
            task = self._one("task")
            if task is not None:
                self.person.create(f"{task}/comments", text=text)
            return
        body: dict[str, Any] = {"title": text, "description": "**red**"} if kind == "task" else {"name": text}
        if kind == "section":
            body["project_id"] = (self._one("project") or "").rpartition("/")[2]
        self.person.client.post(f"{self.home}/{LISTS[kind]}", json=body)

    def _patch(self) -> None:
        kind = self.chance.choice(("task", "task", "project", "label", "section"))
        path = self._one(kind)
        body = {"title" if kind == "task" else "name": f"changed {new_id()}"}
        if kind in {"task", "project"} and self.chance.random() < 0.3:
            body |= {"description": new_id()}
        if path is not None:
            self.person.client.merge(path, body)

    def _act(self) -> None:
        path = self._one("task")
        if path is not None:
            self.person.client.post(f"{path}/{self.chance.choice(('complete', 'cancel', 'reopen'))}")

    def _delete(self) -> None:
        path = self._one(self.chance.choice(("task", "label", "section", "project")))
        if path is not None:
            self.person.client.delete(path)
            if self.chance.random() < 0.5:
                self.person.client.post(f"{path}/restore")


@contextmanager
def served(folder: Path, settings: Mapping[str, Any], port: int) -> Iterator[None]:
    with started(folder, "serve", "--port", str(port), **settings) as program:
        assert program.url
        yield


@pytest.fixture
def page_port() -> int:
    return _free_port()


@pytest.fixture
def place(tmp_path: Path, database_url: str, page_port: int) -> Iterator[Place]:
    port = _free_port()
    settings = UNHINDERED | {"database_url": database_url, "cors_origins": f"http://127.0.0.1:{page_port}"}
    with Client(f"http://127.0.0.1:{port}") as client:
        with served(tmp_path, settings, port):
            person = register(client)
            created = Place(tmp_path, settings, port, person, random.Random(16))  # noqa: S311  # no secret
            created.change(20)
        yield created


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def until(condition: Callable[[], bool]) -> None:
    for _ in patiently():
        if condition():
            return
    assert condition()


def until_equal(place: Place, copied: Callable[[], Things]) -> None:
    wanted = place.things()
    for _ in patiently():
        if copied() == wanted:
            return
    assert copied() == wanted


def stays_equal(place: Place, copied: Callable[[], Things]) -> None:
    """Change the workspace before, while and after the server is restarted, and compare."""
    with place.served():
        until_equal(place, copied)
        place.change(25)
        until_equal(place, copied)
        place.change(10)
    with place.served():
        place.change(15)
        until_equal(place, copied)


def _key(key: str) -> tuple[str, str]:
    kind, _, thing_id = key.partition(" ")
    return kind, thing_id


def stored(path: Path) -> Things:
    """What the file of a copy has."""
    if not path.exists():
        return {}
    with closing(sqlite3.connect(path, timeout=PATIENCE_S)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE name = 'things'").fetchall()
        rows = database.execute("SELECT type, id, body FROM things").fetchall() if tables else []
    return {(kind, thing_id): json.loads(body) for kind, thing_id, body in rows}


@contextmanager
def running(
    *command: str, folder: Path | None = None, printed: Path | None = None, **variables: str
) -> Iterator[Callable[[], None]]:
    """An example, which runs; what fails if it has ended. What it prints is added to the file *printed*."""
    given = environment() | variables
    with (
        nullcontext() if printed is None else printed.open("a") as stdout,
        subprocess.Popen(command, cwd=folder, env=given, stdout=stdout, stderr=subprocess.PIPE, text=True) as process,
    ):

        def still_runs() -> None:
            assert process.poll() is None, process.stderr and process.stderr.read()

        try:
            yield still_runs
        finally:
            process.kill()


@contextmanager
def python_copy(place: Place) -> Iterator[Callable[[], Things]]:
    """The example in Python, which runs; what its file has."""
    path = place.folder / "copy.db"
    token = place.person.tokens["access_token"]
    command = (sys.executable, str(EXAMPLES / "local_copy.py"), place.url, place.workspace_id, str(path))
    with running(*command, TICKBOX_TOKEN=token) as still_runs:

        def copied() -> Things:
            still_runs()
            return stored(path)

        yield copied


@contextmanager
def account_copies(place: Place) -> Iterator[Callable[[], dict[str, Things]]]:
    """The example for all workspaces, which runs; what the file of each has.

    The access token in its session's file is not valid: it has to get a new one first.
    """
    folder, session = place.folder / "copies", place.folder / "session.json"
    folder.mkdir(exist_ok=True)
    if not session.exists():
        session.write_text(json.dumps(place.person.tokens | {"access_token": "tbs_expired"}))
    command = (sys.executable, str(EXAMPLES / "local_copies.py"), place.url, str(folder))
    with running(*command, printed=place.folder / REMINDED, TICKBOX_SESSION=str(session)) as still_runs:

        def copied() -> dict[str, Things]:
            still_runs()
            return {path.stem: stored(path) for path in folder.glob("*.db")}

        yield copied


def test_the_copy_in_python_stays_equal_to_the_server(place: Place) -> None:
    with python_copy(place) as copied:
        stays_equal(place, copied)


NODE_SCRIPT = """
import {appendFileSync, renameSync, writeFileSync} from 'node:fs';
import {LocalCopies, keepAll} from 'EXAMPLE';
const bodies = (copy) => [...copy.things].map(([key, {body}]) => [key, body]);
const onChange = (copies) => {
  writeFileSync('new.json', JSON.stringify([...copies.byId].map(([id, copy]) => [id, bodies(copy)])));
  renameSync('new.json', 'copies.json');
};
const onReminder = ({fires_at: at}, {title}) => appendFileSync('reminded.txt', `${at} ${title}\n`);
await keepAll(new LocalCopies(), {url: 'URL', token: () => 'TOKEN', onChange, onReminder});
"""


@contextmanager
def account_copies_in_node(place: Place) -> Iterator[Callable[[], dict[str, Things]]]:
    """The example for browsers and all workspaces, which runs in Node.js; what each of its copies has."""
    values = {"EXAMPLE": str(EXAMPLES / "local-copies.mjs"), "URL": place.url}
    text = NODE_SCRIPT.replace("TOKEN", place.person.tokens["access_token"])
    for name, value in values.items():
        text = text.replace(name, value)
    script, stored_at = place.folder / "run.mjs", place.folder / "copies.json"
    script.write_text(text)
    with running("node", "--no-warnings", str(script), folder=place.folder) as still_runs:

        def copied() -> dict[str, Things]:
            still_runs()
            copies = json.loads(stored_at.read_text()) if stored_at.exists() else []
            return {place_id: {_key(key): body for key, body in things} for place_id, things in copies}

        yield copied


def reminded(place: Place) -> list[str]:
    """What an example has shown of reminders."""
    path = place.folder / REMINDED
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("copies", [account_copies, pytest.param(account_copies_in_node, marks=needs_node)])
def test_the_copies_of_an_account_stay_equal_to_the_server(
    place: Place, copies: Callable[[Place], AbstractContextManager[Callable[[], dict[str, Things]]]]
) -> None:
    home = place.workspace_id
    with copies(place) as copied:
        stays_equal(place, lambda: copied().get(home, {}))
        with place.served():
            joined = place.person.create("/v1/workspaces", name="Joined later")["id"]
            task = place.person.create(f"/v1/workspaces/{joined}/tasks", title="Water")["id"]
            until(lambda: ("task", task) in copied().get(joined, {}))
            at = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)).isoformat()
            reminder = place.person.create(f"/v1/workspaces/{joined}/tasks/{task}/reminders", at=at)
            until(lambda: reminded(place) == [f"{reminder['at']} Water"])
            no_content(place.person.client.delete(f"/v1/workspaces/{joined}"))
            until(lambda: set(copied()) == {home})


@pytest.mark.parametrize("copies", [account_copies, pytest.param(account_copies_in_node, marks=needs_node)])
def test_a_reminder_is_not_shown_for_what_is_done_by_then(
    place: Place, copies: Callable[[Place], AbstractContextManager[Callable[[], dict[str, Things]]]]
) -> None:
    """The reminders fire on another server of the database, which the client does not know."""
    home, day = place.home, {"date": dt.datetime.now(dt.UTC).date().isoformat()}
    recurring = {"due": day, "recurrence": {"rule": "FREQ=DAILY"}}
    with copies(place) as copied:
        with place.served():
            until(lambda: place.workspace_id in copied())
        elsewhere = _free_port()
        with served(place.folder, place.settings, elsewhere), Client(f"http://127.0.0.1:{elsewhere}") as client:
            person = replace(place.person, client=client.with_token(place.person.tokens["access_token"]))
            cursor = ok(person.client.get("/v1/users/me/changes"))["next_cursor"]
            paths, times = [], []
            for number, title in enumerate(("Done", "Skipped", "Closed", "Moved", "Same"), 1):
                task = person.create("tasks", title=title, **({} if title == "Closed" else recurring))
                paths.append(f"{home}/tasks/{task['id']}")
                at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1, milliseconds=number)
                times.append(person.create(f"{paths[-1]}/reminders", at=at.isoformat())["at"])
            new = {"cursor": cursor}
            until(lambda: len(ok(person.client.get("/v1/users/me/changes", params=new))["fired_reminders"]) == 5)
            for path, action in zip(paths, ("complete", "skip", "complete"), strict=False):
                ok(person.client.post(f"{path}/{action}"))
            ok(person.client.merge(paths[3], {"due": {"date": "2099-01-01"}}))
        with place.served():
            until(lambda: f"{times[4]} Same" in reminded(place))
    assert reminded(place) == [f"{times[3]} Moved", f"{times[4]} Same"]


def test_copies_of_an_account_begin_again_if_their_cursor_is_of_no_use(place: Place) -> None:
    folder = place.folder / "copies"
    folder.mkdir()
    (folder / f"{new_id()}.db").touch()
    (folder / "cursor").write_text("unusable")
    with place.served(), account_copies(place) as copied:
        until(lambda: set(copied()) == {place.workspace_id})
        until_equal(place, lambda: copied()[place.workspace_id])


def test_a_copy_that_continues_from_an_expired_cursor_begins_again(place: Place) -> None:
    with place.served():
        with python_copy(place) as copied:
            until_equal(place, copied)
        ahead = change_cursors.encode(LogPlace(10**6, 1), workspace_id=UUID(place.workspace_id), types=None)
        with closing(sqlite3.connect(place.folder / "copy.db")) as database, database:
            database.execute("UPDATE place SET cursor = ?", (ahead,))
            database.execute("UPDATE things SET revision = 1000000, body = '{}'")
            database.execute("INSERT INTO things VALUES ('task', 'unknown', 1, '{}', 1)")
        with python_copy(place) as copied:
            until_equal(place, copied)


def test_an_event_whose_body_is_erased_is_not_applied(tmp_path: Path) -> None:
    copy = local_copy.Copy(str(tmp_path / "copy.db"))
    label = {"type": "label", "id": "l", "revision": 1, "deleted": False, "erased": False, "label": {"name": "Wet"}}
    copy.apply_event({"changes": [label]}, "first")
    renamed = label | {"revision": 2, "label": {"name": "Dry"}}
    for erased in ({"erased": True, "label": None}, {"type": "task", "task": {"title": "no description"}}):
        with pytest.raises(local_copy.OutOfStep):
            copy.apply_event({"changes": [renamed, label | {"id": "other", **erased}]}, "second")
        assert copy.cursor == "first"


PAGE = """<!doctype html><title>A local copy</title><script type="module">
import {LocalCopy, keep} from './local-copy.mjs';
const send = (path, value) => fetch(path, {method: 'POST', body: JSON.stringify(value)});
let count = 0;
const bodies = (copy) => [...copy.things].map(([key, {body}]) => [key, body]);
const token = () => TOKEN;
const onChange = (copy) => send('/copy', {count: ++count, things: bodies(copy)});
keep(new LocalCopy(), {...OPTIONS, token, onChange}).catch((error) => send('/failed', String(error.stack)));
</script>"""


class Page(ThreadingHTTPServer):
    """Serves a page with the example, and takes the copies that it sends."""

    def __init__(self, port: int, options: Mapping[str, str], token: str) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.html = PAGE.replace("OPTIONS", json.dumps(options)).replace("TOKEN", json.dumps(token))
        self.copy: dict[str, Any] = {"count": 0, "things": []}
        self.failed: str | None = None

    def copied(self) -> Things:
        assert self.failed is None, self.failed
        return {_key(key): body for key, body in self.copy["things"]}


class _Handler(BaseHTTPRequestHandler):
    server: Page

    def do_GET(self) -> None:
        if self.path == "/local-copy.mjs":
            self._send("text/javascript", (EXAMPLES / "local-copy.mjs").read_text())
        else:
            self._send("text/html", self.server.html)

    def do_POST(self) -> None:
        value = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/failed":
            self.server.failed = value
        elif value["count"] > self.server.copy["count"]:  # a later one may be faster
            self.server.copy = value
        self._send("text/plain", "")

    def log_message(self, *_arguments: object) -> None:
        """Print nothing."""

    def _send(self, kind: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())


@contextmanager
def browser_copy(place: Place, page_port: int) -> Iterator[Callable[[], Things]]:
    """The example in a page, in a browser without a window; what the page has sent last."""
    options = {"url": place.url, "workspaceId": place.workspace_id}
    assert CHROMIUM is not None
    flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--no-proxy-server")
    profile = f"--user-data-dir={place.folder / 'profile'}"
    with Page(page_port, options, place.person.tokens["access_token"]) as page:
        thread = threading.Thread(target=page.serve_forever)
        thread.start()
        command = [CHROMIUM, *flags, profile, "--remote-debugging-port=0", f"http://127.0.0.1:{page_port}/"]
        with (place.folder / "chromium").open("wb") as output, subprocess.Popen(command, stderr=output) as process:
            try:
                yield page.copied
            finally:
                process.terminate()
                process.wait(PATIENCE_S)
                page.shutdown()
                thread.join()


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_the_copy_in_a_browser_stays_equal_to_the_server(place: Place, page_port: int) -> None:
    with browser_copy(place, page_port) as copied:
        stays_equal(place, copied)
