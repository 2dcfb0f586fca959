"""Pydantic models of the contract: the engine's request body, and all that FastAPI checks with."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Status = Literal["open", "completed"]
Priority = Literal["none", "low", "medium", "high", "urgent"]


class ItemCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(min_length=1, max_length=200)]
    notes: Annotated[str, Field(max_length=2000)] = ""
    priority: Priority = "none"
    owner_id: UUID
    due_at: AwareDatetime
    estimate_min: Annotated[int, Field(ge=1, le=100_000)]


class Item(BaseModel):
    id: UUID
    title: str
    notes: str
    status: Status
    priority: Priority
    owner_id: UUID
    due_at: AwareDatetime
    estimate_min: int
    created_at: AwareDatetime


class ItemPage(BaseModel):
    items: list[Item]
    next_cursor: str | None
