"""`make gate URL=...`: every stage of the gate, for our contract and a running server made for it.

It creates on that server whom the stages need: everybody of the access matrix, and the two people of
tests/fuzzing/people.yaml. The server must let them: without a limit of requests, and without a mail server.
"""

from __future__ import annotations

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


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("url")
@click.argument("arguments", nargs=-1)
def gate(url: str, arguments: tuple[str, ...]) -> None:
    """Run `tickbox gate` for the server at URL, with everybody whom it needs. ARGUMENTS are the gate's."""
    with Client(url) as client:
        _require_server(client)
        for name, body in credentials().items():
            client.post("/v1/users", json={**body, "name": name})  # who is there already is refused
        settings = gate_callers.create(client)
    with tempfile.TemporaryDirectory(prefix="tickbox-gate-") as folder:
        file = Path(folder) / "gate.toml"
        file.write_text("\n".join(settings.lines), encoding="utf-8")
        tickbox = str(Path(sys.executable).with_name("tickbox"))
        command = [tickbox, "gate", "--url", url, "--config", str(file), *arguments]
        sys.exit(subprocess.run(command, cwd=ROOT, env=os.environ | settings.environment, check=False).returncode)


def _require_server(client: Client) -> None:
    try:
        client.get("/livez")
    except httpx.TransportError as error:
        raise click.ClickException(f"there is no server at {client.base_url}: {error}") from error


if __name__ == "__main__":
    gate()
