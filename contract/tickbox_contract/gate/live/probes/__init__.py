"""Requests that every server on the engine must reject: one table, for any target.

    probe         what a probe is, and what it needs of its target
    bodies        JSON and its media types; some are sent to every operation
    parameters    queries and paths
    headers       tokens, conditions, sizes, methods
    framing       HTTP/1.1 itself

A probe that needs what the target does not have (an array in a body, a parameter that is a boolean) is left out for it.
Each probe gives the status, the slug of the problem, and if known the places of the errors, as `Reply.places` writes
them. `{text}` and the like are replaced by the target's own names.
"""

from __future__ import annotations

from .bodies import BODIES, GENERAL
from .framing import HTTP
from .headers import HEADER_BLOCKS, METHODS
from .parameters import PARAMETER_TEXTS
from .probe import Probe, Target

__all__ = ["GENERAL", "PROBES", "Probe", "Target"]

PROBES: tuple[Probe, ...] = (*BODIES, *PARAMETER_TEXTS, *HEADER_BLOCKS, *METHODS, *HTTP)
