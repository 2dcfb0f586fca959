from typing import Any

from contract.answers import Answer, ok
from tests.contract.sample.store import Work


async def put_note(work: Work, *, body: Any = "nothing") -> Answer:
    return ok({"given": [type(body).__name__, body.hex() if isinstance(body, bytes) else body]})
