"""The tables that the twins use, for SQLAlchemy's ORM: Tickbox's own, as its migrations create them."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, LargeBinary, SmallInteger
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from bench.stack.twins.values import (
    EPOCH,
    MICROSECOND,
    PRIORITIES,
    Due,
    Priority,
    Recurrence,
    due_time_text,
    ids_of,
    metadata_of,
    occurrence_of,
    recurrence_of,
)


class Microseconds(TypeDecorator[dt.datetime]):
    """SQLite has no type for instants; Tickbox stores them as numbers."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 -- a TypeDecorator's signature
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002 -- as above
        return None if value is None else EPOCH + value * MICROSECOND


class Base(DeclarativeBase):
    type_annotation_map = {  # noqa: RUF012 -- SQLAlchemy's own name, on the class
        dt.datetime: DateTime(timezone=True).with_variant(Microseconds(), "sqlite"),
        bytes: LargeBinary,
    }


class AccessToken(Base):
    __tablename__ = "access_tokens"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    session_id: Mapped[UUID]
    expires_at: Mapped[dt.datetime]


class AuthSession(Base):
    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]


class Member(Base):
    __tablename__ = "members"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str]


class Project(Base):
    __tablename__ = "projects"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    is_inbox: Mapped[bool]


class Task(Base):
    __tablename__ = "tasks"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID]
    section_id: Mapped[UUID | None]
    parent_id: Mapped[UUID | None]
    title: Mapped[str]
    description: Mapped[str]
    status: Mapped[str]
    rank: Mapped[int] = mapped_column("priority", SmallInteger)
    start_date: Mapped[dt.date | None]
    start_time: Mapped[dt.time | None]
    start_time_zone: Mapped[str | None]
    due_date: Mapped[dt.date | None]
    due_time: Mapped[dt.time | None]
    due_time_zone: Mapped[str | None]
    due_key: Mapped[str]
    recurrence_rule: Mapped[str | None]
    recurrence_anchor: Mapped[str | None]
    recurrence_overdue: Mapped[str | None]
    series_start_date: Mapped[dt.date | None]
    series_start_time: Mapped[dt.time | None]
    occurrence_date: Mapped[dt.date | None]
    occurrence_time: Mapped[dt.time | None]
    remaining: Mapped[int | None] = mapped_column(BigInteger)
    labels: Mapped[str] = mapped_column("label_ids", default="")
    assignees: Mapped[str] = mapped_column("assignee_ids", default="")
    dependencies: Mapped[str] = mapped_column("depends_on_ids", default="")
    blocked: Mapped[bool] = mapped_column(default=False)
    own: Mapped[str] = mapped_column("metadata", default="")
    position: Mapped[str]
    completed_at: Mapped[dt.datetime | None]
    created_by: Mapped[UUID]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    revision: Mapped[int] = mapped_column(BigInteger)

    @property
    def priority(self) -> Priority:
        return PRIORITIES[self.rank]

    @property
    def start(self) -> Due | None:
        if self.start_date is None:
            return None
        return Due(self.start_date, due_time_text(self.start_time), self.start_time_zone)

    @property
    def label_ids(self) -> list[UUID]:
        return ids_of(self.labels)

    @property
    def assignee_ids(self) -> list[UUID]:
        return ids_of(self.assignees)

    @property
    def depends_on_ids(self) -> list[UUID]:
        return ids_of(self.dependencies)

    @property
    def metadata_(self) -> dict[str, str]:
        return metadata_of(self.own)

    @property
    def due(self) -> Due | None:
        if self.due_date is None:
            return None
        return Due(self.due_date, due_time_text(self.due_time), self.due_time_zone)

    @property
    def recurrence(self) -> Recurrence | None:
        return recurrence_of(self)

    @property
    def occurrence(self) -> Due | None:
        return occurrence_of(self)
