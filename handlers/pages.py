"""A page of any list."""

from collections.abc import Callable
from typing import TypedDict, TypeVar

from domain.pages import Page

Item = TypeVar("Item")
View = TypeVar("View")


class PageView(TypedDict):
    """The body of every list's response; the contract describes the `items` of each list."""

    items: list[object]
    next_cursor: str | None
    has_more: bool


def page_view(page: Page[Item], view: Callable[[Item], View]) -> PageView:
    """A page, with its items converted by *view*."""
    items: list[object] = [view(item) for item in page.items]
    return {"items": items, "next_cursor": page.next_cursor, "has_more": page.has_more}
