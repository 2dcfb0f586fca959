import datetime as dt
import json
from base64 import urlsafe_b64encode
from uuid import UUID

import orjson
import pytest

from domain import pages
from domain.pages import CursorInvalid, Page

ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
CURSOR = pages.encode("tasks by position", "a0", pages.id_to_key(ID))


def test_a_cursor_returns_the_keys_it_was_created_with() -> None:
    position, task_id = pages.decode(CURSOR, "tasks by position", count=2)

    assert (pages.text_from_key(position), pages.id_from_key(task_id)) == ("a0", ID)


def test_a_cursor_needs_no_escaping_in_a_url() -> None:
    assert set(CURSOR) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_a_cursor_of_another_list_is_rejected() -> None:
    with pytest.raises(CursorInvalid) as raised:
        pages.decode(CURSOR, "tasks by due", count=2)

    assert (raised.value.parameter, raised.value.code) == ("cursor", "cursor")


def test_a_cursor_with_another_number_of_keys_is_rejected() -> None:
    with pytest.raises(CursorInvalid):
        pages.decode(CURSOR, "tasks by position", count=1)


@pytest.mark.parametrize("at", range(len(CURSOR)))
def test_a_cursor_with_one_wrong_character_is_rejected(at: int) -> None:
    wrong = CURSOR[:at] + ("A" if CURSOR[at] != "A" else "B") + CURSOR[at + 1 :]

    with pytest.raises(CursorInvalid):
        pages.decode(wrong, "tasks by position", count=2)


@pytest.mark.parametrize(
    "garbage",
    ["", "A", "x" * 5000, "é", "\0", CURSOR + "=", CURSOR + "\n", " " + CURSOR, CURSOR[:-1], CURSOR + "A", "a-_/+"],
)
def test_garbage_is_rejected(garbage: str) -> None:
    with pytest.raises(CursorInvalid):
        pages.decode(garbage, "tasks by position", count=2)


def test_a_cursor_with_bytes_that_are_not_text_is_rejected() -> None:
    with pytest.raises(CursorInvalid):
        pages.decode(urlsafe_b64encode(b"\xff" * 12).decode(), "tasks by position", count=1)


@pytest.mark.parametrize(
    "instant",
    [
        dt.datetime(1, 1, 1, tzinfo=dt.UTC),
        dt.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC),
        dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
        dt.datetime(2026, 3, 2, 12, 0, 0, 1, tzinfo=dt.UTC),
        dt.datetime.max.replace(tzinfo=dt.UTC),
    ],
)
def test_an_instant_keeps_its_microseconds_in_a_cursor(instant: dt.datetime) -> None:
    assert pages.instant_from_key(pages.instant_to_key(instant)) == instant


@pytest.mark.parametrize("key", ["", "x", "01", "-0", "+1", "1.0", "\u0661", "9" * 30, "9" * 18])
def test_an_invalid_instant_is_rejected(key: str) -> None:
    with pytest.raises(CursorInvalid):
        pages.instant_from_key(key)


@pytest.mark.parametrize("key", ["-1", "5", "99999999999999999999", "x", ""])
def test_an_invalid_rank_is_rejected(key: str) -> None:
    with pytest.raises(CursorInvalid):
        pages.integer_from_key(key, below=5)


def test_a_rank_is_read_back() -> None:
    assert pages.integer_from_key("4", below=5) == 4


@pytest.mark.parametrize("key", ["", "x", ID.hex.upper(), str(ID), ID.hex + "0"])
def test_an_invalid_id_is_rejected(key: str) -> None:
    with pytest.raises(CursorInvalid):
        pages.id_from_key(key)


@pytest.mark.parametrize("key", ["", "a b", "a\0", "é", "a" * 201])
def test_an_invalid_sort_key_is_rejected(key: str) -> None:
    with pytest.raises(CursorInvalid):
        pages.text_from_key(key)


def test_the_last_page_has_no_next_cursor_even_when_it_is_full() -> None:
    page = pages.page_of([1, 2], limit=2, cursor_of=str)

    assert page == pages.Page(items=(1, 2), next_cursor=None)


def test_a_page_that_is_not_the_last_ends_at_its_limit_and_its_cursor_points_at_its_last_item() -> None:
    page = pages.page_of([1, 2, 3], limit=2, cursor_of=str)

    assert page == pages.Page(items=(1, 2), next_cursor="2")


def test_an_empty_list_is_one_empty_page() -> None:
    nothing: list[int] = []

    assert pages.page_of(nothing, limit=2, cursor_of=str) == pages.Page(items=(), next_cursor=None)


class Rows:
    """A list of texts, each at the place of its index; `asked` is the number of rows that each request wanted."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.asked: list[int] = []

    async def fetch(self, after: int | None, count: int) -> list[int]:
        self.asked.append(count)
        start = 0 if after is None else after + 1
        return list(range(len(self.texts)))[start : start + count]

    async def page(self, *, limit: int, after: int | None = None) -> Page[int]:
        return await pages.within_bytes(
            self.fetch,
            after=after,
            place_of=lambda index: index,
            weigh=lambda index: pages.weight(self.texts[index]),
            limit=limit,
            cursor_of=str,
        )


@pytest.mark.parametrize(("count", "limit", "cursor"), [(0, 5, None), (4, 5, None), (5, 5, None), (6, 5, "4")])
async def test_a_page_of_short_texts_has_as_many_as_its_limit(count: int, limit: int, cursor: str | None) -> None:
    page = await Rows(["short"] * count).page(limit=limit)
    assert (page.items, page.next_cursor) == (tuple(range(min(count, limit))), cursor)


@pytest.mark.parametrize("count", [199, 200, 201, 250])
async def test_a_long_page_is_read_in_several_statements(count: int) -> None:
    rows = Rows(["x" * 200] * count)
    page = await rows.page(limit=200)
    assert (len(page.items), page.next_cursor) == (min(count, 200), "199" if count > 200 else None)
    assert max(rows.asked) == 51


async def test_a_page_ends_before_its_limit_of_bytes_and_the_next_one_continues() -> None:
    rows = Rows(["\x01" * 16_384] * 25)
    seen: list[int] = []
    after = None
    while True:
        page = await rows.page(limit=200, after=after)
        assert len(json.dumps([rows.texts[index] for index in page.items])) <= pages.MAX_BYTES
        seen += page.items
        if page.next_cursor is None:
            break
        assert len(page.items) == 10
        after = int(page.next_cursor)
    assert seen == list(range(25))


async def test_a_page_has_at_least_one_item_however_large() -> None:
    page = await Rows(["x" * pages.MAX_BYTES, "y"]).page(limit=200)
    assert (page.items, page.next_cursor) == ((0,), "0")


@pytest.mark.parametrize(
    "text", ["", "a" * 200, "\x1f" * 200, "a" * 201, "\x1f" * 201, '"' * 300, "\n" * 300, "😀" * 201]
)
def test_a_weight_is_at_least_the_size_of_the_json(text: str) -> None:
    assert pages.weight(text) >= len(orjson.dumps({"text": text}))
