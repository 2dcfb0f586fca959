from collections.abc import Callable
from datetime import date
from typing import Any, Literal
from uuid import UUID

from tests.contract.sample.store import NameTakenError, UnitOfWork
from tickbox_contract.responses import ProblemType, Response, ok, problem

CONFLICT = ProblemType("conflict", 409, "Conflict")
GONE = ProblemType("gone", 410, "Gone")


async def echo_styles(  # noqa: PLR0913  # a parameter of every kind there is
    uow: UnitOfWork,
    *,
    level: Literal[1, 2, 3],
    codes: list[int],
    limit: int,
    counts: dict[str, int],
    ratio: float | None = None,
    open: bool | None = None,  # noqa: A002  # as the contract says
    since: date | None = None,
    owner: UUID | None = None,
    height: int | None = None,
    colour: str | None = None,
    word: list[str] | None = None,
    ids: list[int] | None = None,
    spaced: list[str] | None = None,
    piped: list[int] | None = None,
    near: dict[str, Any] | None = None,
    x_level: int | None = None,
    x_codes: list[int] | None = None,
    x_place: dict[str, Any] | None = None,
    x_pairs: dict[str, Any] | None = None,
    visits: int | None = None,
    colours: list[str] | None = None,
) -> Response:
    return ok({"given": {name: value for name, value in locals().items() if name != "uow" and value is not None}})


async def count_required(uow: UnitOfWork, *, word: str, near: dict[str, Any]) -> Response:
    return Response(status=204, headers={"X-Count": str(len(near))})


class NotSerialisable:
    """Something that is no plain data."""


def _fail(error: Exception) -> Response:
    raise error


def _noted(error: Exception, note: str) -> Exception:
    error.add_note(note)
    return error


def _plain(content: Any, **headers: str) -> Response:
    return Response(status=200, content=content, headers={k.replace("_", "-"): v for k, v in headers.items()})


GOOD = {"status": "good"}
RESPONSES: dict[str, Callable[[], Response]] = {
    "good": lambda: _plain(GOOD, X_Count="-1", X_Word="good"),
    "good-text": lambda: Response(status=200, content="good", media_type="text/plain"),
    "good-bytes": lambda: _plain(b'{"status": "good"}'),
    "good-empty": lambda: Response(status=202, headers={"X-Word": "later"}),
    "returned-problem": lambda: problem(CONFLICT, "Returned."),
    "raised-problem": lambda: _fail(NameTakenError()),
    "raised-server-problem": lambda: _fail(ConnectionError("the barometer is away")),
    "raised-noted-problem": lambda: _fail(_noted(ConnectionError(), "the barometer in Lund is away")),
    "undeclared-status": lambda: Response(status=203, content=GOOD),
    "undeclared-problem": lambda: problem(GONE, "Not declared."),
    "raised-undeclared-problem": lambda: _fail(TimeoutError()),
    "undeclared-media-type": lambda: Response(status=200, content="a,b", media_type="text/csv"),
    "undeclared-header": lambda: _plain(GOOD, X_Other="x"),
    "missing-header": lambda: Response(status=202),
    "wrong-header": lambda: _plain(GOOD, X_Word="9"),
    "header-of-wrong-type": lambda: _plain(GOOD, X_Count="many"),
    "header-too-small": lambda: _plain(GOOD, X_Count="-2"),
    "split-header": lambda: _plain(GOOD, X_Word="a\r\nSet-Cookie: b=c"),
    "non-ascii-header": lambda: _plain(GOOD, X_Word="é"),
    "missing-property": lambda: _plain({}),
    "leaked-property": lambda: _plain(GOOD | {"password_hash": "x"}),
    "wrong-type": lambda: _plain({"status": 1}),
    "not-a-number": lambda: _plain({"status": float("nan")}),
    "null": lambda: _plain(None),
    "leaking-bytes": lambda: _plain(b'{"status": "good", "password_hash": "x"}'),
    "broken-bytes": lambda: _plain(b"{"),
    "no-plain-data": lambda: _plain(NotSerialisable()),
    "long-text": lambda: Response(status=200, content="x" * 21, media_type="text/plain"),
    "long-text-bytes": lambda: Response(status=200, content=b"x" * 21, media_type="text/plain"),
    "text-no-utf8": lambda: Response(status=200, content=b"\xff", media_type="text/plain"),
    "text-of-dict": lambda: Response(status=200, content=GOOD, media_type="text/plain"),
    "undeclared-binary": lambda: Response(status=200, content=b"\x00", media_type="image/png"),
    "no-stream": lambda: Response(status=200, content=GOOD, media_type="text/event-stream"),
    "content-in-204": lambda: Response(status=204, content=GOOD),
    "failure": lambda: _fail(ZeroDivisionError("unexpected")),
}


async def give_answer(uow: UnitOfWork, *, kind: str) -> Response:
    uow.write_something()
    return RESPONSES[kind]()
