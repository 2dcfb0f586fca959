"""The entry point of `tickbox`: the gate, which needs nothing of the server, or `app.cli` for all other commands."""

import gc
import sys


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["gate"]:
        from app.gate import gate  # noqa: PLC0415  # half a second less than with the server

        gate.main(sys.argv[2:], prog_name="tickbox gate")
    else:
        gc.disable()  # nothing that is imported is garbage: to look for some took a sixth of the time
        from app.cli import main as server  # noqa: PLC0415  # as above

        gc.enable()
        server()
