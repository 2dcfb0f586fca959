"""`tickbox gate`: the gate, which checks our own contract unless another one is named.

It needs the files alone, and loads neither the server nor the database.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Collection
from importlib import resources
from pathlib import Path

from tickbox_contract.gate.command import Own, gate_command
from tickbox_contract.gate.findings import NotCheckableError

_SPEC = resources.files("spec")
OUR_NOTES = (Path(str(_SPEC / "architecture.md")), *sorted(Path(str(_SPEC / "decisions")).glob("*.md")))


def _access_words() -> dict[str, Collection[str]]:
    from domain.principals import SESSION_SCOPES  # noqa: PLC0415  # a foreign contract needs nothing of ours
    from domain.roles import ROLES  # noqa: PLC0415  # as above
    from tickbox_contract.engine.access import ANY_SCOPE  # noqa: PLC0415  # as above

    return {"role": ROLES, "scope": {*SESSION_SCOPES, ANY_SCOPE}}


def _stale_models() -> list[str]:
    """Return the files that `make models` would change. The generator is a development dependency."""
    if importlib.util.find_spec("datamodel_code_generator") is None:
        raise NotCheckableError("the development dependencies are not installed")
    command = [sys.executable, "-P", "-m", "spec.generate", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # nothing is from outside
    stale = [line.partition(" is not what ")[0] for line in done.stderr.splitlines() if " is not what " in line]
    return stale or ["what spec.generate makes"] * (done.returncode != 0)


gate = gate_command(
    Own(
        contract=Path(str(_SPEC / "openapi.yaml")),
        released=Path(str(_SPEC / "released")),
        handlers="handlers",
        notes=OUR_NOTES,
        access_words=_access_words,
        stale_models=_stale_models,
    )
)
