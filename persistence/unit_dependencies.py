"""What all units of work of a process share."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from domain.model.passwords import PasswordHasher
from domain.policy import Policy
from persistence.database import Database
from persistence.event_writers import EncodeEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """The database, the rules of the operator, and where time, ids and randomness come from."""

    database: Database
    clock: Callable[[], dt.datetime]
    new_id: Callable[[], UUID]
    random_bytes: Callable[[int], bytes]
    passwords: PasswordHasher
    policy: Policy
    encode_event: EncodeEvent
