"""`make gate URL=...`: every stage of the gate, for our contract and a running server made for it.

It creates on that server whom the stages need: everybody of the access matrix, and the two people of
tests/fuzzing/people.yaml. The server must let them: without a limit of requests, and without a mail server.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import httpx

from tests.fuzzing.people import credentials
from tests.support import gate_callers
from tests.support.clients import Client

ROOT = Path(__file__).parents[1]
_HOW = "docs/gate.md says how to start it"


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("url", required=False)
@click.argument("arguments", nargs=-1)
def gate(url: str | None, arguments: tuple[str, ...]) -> None:
    """Run `tickbox gate` for the server at URL, with everybody whom it needs. ARGUMENTS are the gate's."""
    if url is None:
        raise click.ClickException(f"name the server, as in: make gate URL=http://127.0.0.1:8080 ({_HOW})")
    with Client(url) as client:
        _require_server(client)
        settings = _created(client)
    with tempfile.TemporaryDirectory(prefix="tickbox-gate-") as folder:
        file = Path(folder) / "gate.toml"
        file.write_text("\n".join(settings.lines), encoding="utf-8")
        tickbox = str(Path(sys.executable).with_name("tickbox"))
        command = [tickbox, "gate", "--url", url, "--config", str(file), *arguments]
        sys.exit(subprocess.run(command, cwd=ROOT, env=os.environ | settings.environment, check=False).returncode)


def _created(client: Client) -> gate_callers.Settings:
    """Everybody whom the gate needs. Raises ClickException, in one line, if the server refuses to create them."""
    for name, body in credentials().items():
        if client.post("/v1/users", json={**body, "name": name}).status_code == http.client.CONFLICT:
            raise click.ClickException(f"the database is not empty: start the server with a new one ({_HOW})")
    try:
        return gate_callers.create(client)
    except AssertionError as error:
        why = " ".join(str(error).split())
        message = f"the server refused a request of the preparation: {why}"
        raise click.ClickException(f"{message} Start it without limits, and with an empty database ({_HOW})") from error


def _require_server(client: Client) -> None:
    try:
        client.get("/livez")
    except httpx.TransportError as error:
        raise click.ClickException(f"there is no server at {client.base_url}: {error}") from error


if __name__ == "__main__":
    gate()
