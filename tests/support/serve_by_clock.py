"""`tickbox serve --port 0`, with another clock: `python -m tests.support.serve_by_clock <file> <seconds ahead>`.

All that it does, requests and jobs, takes the time from a SharedClock.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

from app.adapters.logging import configure_logging
from app.environment import read_settings
from app.main import build
from app.serving import run_server
from tests.support.shared_clocks import SharedClock


def main(path: str, ahead_s: str) -> None:
    """Serve until SIGINT or SIGTERM. The rest of `app.cli.serve` is for operators."""
    settings = read_settings(port=0)
    configure_logging(settings.log_level)
    clock = SharedClock(Path(path), ahead=dt.timedelta(seconds=float(ahead_s)))
    run_server(build(settings, clock=clock), settings)


if __name__ == "__main__":
    main(*sys.argv[1:])
