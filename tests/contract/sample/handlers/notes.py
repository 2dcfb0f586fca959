from typing import Any

from contract.responses import Response, ok
from tests.contract.sample.store import UnitOfWork


async def put_note(uow: UnitOfWork, *, body: Any = "nothing") -> Response:
    return ok({"given": [type(body).__name__, body.hex() if isinstance(body, bytes) else body]})
