"""What a process does with its memory, set once, when serving begins."""

import contextlib
import ctypes
import gc
from typing import Final

_GC_THRESHOLD: Final = 50_000
"""Young objects before a collection. A request creates few cycles, and a pause delays every request (ADR 14)."""
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_LARGE_BYTES: Final = 1024 * 1024


def collect_garbage_rarely() -> None:
    """What exists when serving begins stays, so the collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD, 20, 20)


def return_large_blocks() -> None:
    """Let glibc return large blocks to the system when they are freed.

    Otherwise it learns to keep them: 7 MiB for each thread that hashes passwords. Other C libraries keep nothing.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _LARGE_BYTES)
