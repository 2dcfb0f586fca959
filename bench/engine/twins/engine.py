"""The engine as it is, without `app/requests.py`: Connexion's stack, both checks; no database and no tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from bench.engine import handlers
from tickbox_contract.engine.access import AuthContext, Vocabulary
from tickbox_contract.engine.application import build_application, compile_contract
from tickbox_contract.engine.units import RequestContext, Settings
from tickbox_contract.openapi.document import Document

CONTRACT = Path(__file__).parents[1] / "openapi.yaml"
URN_PREFIX = "urn:bench:problem:"


class _UnitOfWork:
    """A unit of work with nothing to begin and nothing to commit."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def commit(self) -> None:
        pass

    async def require(self, check: Callable[[], Awaitable[None]]) -> None:
        await check()

    async def recall(self, _key: str, _request: bytes) -> None:
        pass

    async def record(self, _response: bytes) -> None:
        pass

    async def release(self) -> None:
        pass

    async def begin_part(self, *, alone: bool) -> None:
        pass

    async def end_part(self) -> None:
        pass

    async def undo_part(self) -> None:
        pass

    async def claim(self, _client_id: Any, _request: bytes) -> Literal["new"]:
        return "new"


def _unit(_call: RequestContext) -> _UnitOfWork:
    return _UnitOfWork()


async def _authenticate(_token: str, _path: Mapping[str, str]) -> AuthContext | None:
    return None


def build(document: Document | None = None, package: Any = handlers) -> Any:
    """*document*, or openapi.yaml, served with the functions of *package*."""
    contract = compile_contract(
        document or Document.read(CONTRACT), package, vocabulary=Vocabulary(), body_limit_bytes=256 * 1024
    )
    return build_application(
        contract,
        Settings(unit=_unit, translate=lambda _error: None, urn_prefix=URN_PREFIX),
        authenticate=_authenticate,
        realm="bench",
    )
