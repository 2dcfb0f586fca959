from typing import Any

from tests.contract.sample.store import UnitOfWork
from tickbox_contract.responses import Response, ok


async def put_note(uow: UnitOfWork, *, body: Any = "nothing") -> Response:
    return ok({"given": [type(body).__name__, body.hex() if isinstance(body, bytes) else body]})
