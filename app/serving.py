"""`tickbox serve`: the application in uvicorn, until a signal stops it."""

import contextlib
import errno
import signal
import socket
import sys

import click
import uvicorn
from starlette.types import ASGIApp

from app.main import URN_PREFIX
from app.requests import problem_headers
from app.settings import Settings
from persistence.urls import name_of
from tickbox_contract.engine.protocol import bounded_protocol

_TRY = """\
Tickbox is ready on {url}
  it serves  {database}
  contract   curl {url}/openapi.yaml
  register   curl {url}/v1/users -H 'Content-Type: application/json' \\
               -d '{{"email": "ada@example.com", "password": "correct horse battery staple", "name": "Ada"}}'
  log in     curl {url}/v1/sessions -H 'Content-Type: application/json' \\
               -d '{{"email": "ada@example.com", "password": "correct horse battery staple"}}'
  the rest   README.md; stop with Ctrl-C
"""


def run_server(application: ASGIApp, settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Raises click.ClickException if it cannot listen; exits with 1 if it cannot."""
    server = _Server(
        uvicorn.Config(
            application,
            http=bounded_protocol(URN_PREFIX, problem_headers=problem_headers(https=settings.is_https)),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=settings.shutdown_timeout_s,
        ),
        database=name_of(settings.database_url),
    )
    # Once everything has stopped, uvicorn raises the signal again. A stop that was asked for is a success.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[_listen(settings)])
    if not server.started:
        sys.exit(1)


class _Server(uvicorn.Server):
    """Prints what to try once it listens, and which *database* it serves."""

    def __init__(self, config: uvicorn.Config, *, database: str) -> None:
        super().__init__(config)
        self._database = database

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            click.echo(_TRY.format(url=url, database=self._database), err=True)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except (OSError, UnicodeError) as error:  # the latter for what cannot be the name of a host
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise click.ClickException(
                f"another program uses port {settings.port}: stop it, or set TICKBOX_PORT"
            ) from error
        where = f"{settings.host}:{settings.port}"
        raise click.ClickException(
            f"cannot listen on {where} ({_reason(error)}): set TICKBOX_HOST, TICKBOX_PORT"
        ) from error


def _reason(error: OSError | UnicodeError) -> str:
    """Without the address, which Python adds; `os.strerror` does not know a name server's numbers."""
    return (getattr(error, "strerror", None) or "not the name of a host").partition(" (while")[0]
