"""The machine and the Python that a figure depends on, and the processor time of its processes."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
from pathlib import Path
from typing import Any


def cores() -> list[int]:
    """The cores that this process may use: the server gets the first, wrk the last."""
    return sorted(os.sched_getaffinity(0))


def machine() -> dict[str, Any]:
    """What a figure depends on, apart from the code."""
    model = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?")
    return {
        "cpu": model,
        "cores": len(cores()),
        "python": sys.version.split()[0],
        "python_build": _python_build(),
        "load_average": os.getloadavg(),
    }


def _python_build() -> dict[str, str]:
    """How Python was compiled. Without profile-guided optimisation it is up to a third slower.

    A distribution such as Debian optimises without saying so to configure.
    """
    options = str(sysconfig.get_config_var("CONFIG_ARGS") or "")
    is_packaged = sys.base_prefix == "/usr"
    profiled = "yes" if "--enable-optimizations" in options else "as its distribution does" if is_packaged else "no"
    return {"compiler": platform.python_compiler(), "profile_guided_optimisation": profiled}


def cpu_s(process: Path) -> float:
    """The processor time of one thread or one-threaded process; 0 if it has just ended."""
    try:
        return int((process / "schedstat").read_text(encoding="ascii").split()[0]) / 1e9
    except OSError:
        return 0.0


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
