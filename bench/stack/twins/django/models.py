"""The tables, as Tickbox's migrations create them."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import models

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


class InstantField(models.BigIntegerField):
    """SQLite has no type for instants; Tickbox stores them as numbers."""

    def from_db_value(self, value: int | None, *_: object) -> dt.datetime | None:
        return None if value is None else EPOCH + value * MICROSECOND

    def get_prep_value(self, value: dt.datetime | None) -> int | None:
        return None if value is None else (value - EPOCH) // MICROSECOND


class AuthSession(models.Model):
    id = models.UUIDField(primary_key=True)
    user_id = models.UUIDField()

    class Meta:
        app_label, db_table, managed = "stack", "sessions", False


class AccessToken(models.Model):
    digest = models.BinaryField(primary_key=True)
    session = models.ForeignKey(AuthSession, models.DO_NOTHING)
    expires_at = InstantField()

    class Meta:
        app_label, db_table, managed = "stack", "access_tokens", False


class Member(models.Model):
    pk = models.CompositePrimaryKey("workspace_id", "user_id")
    workspace_id = models.UUIDField()
    user_id = models.UUIDField()
    role = models.TextField()

    class Meta:
        app_label, db_table, managed = "stack", "members", False


class Project(models.Model):
    pk = models.CompositePrimaryKey("workspace_id", "id")
    workspace_id = models.UUIDField()
    id = models.UUIDField()
    is_inbox = models.BooleanField()

    class Meta:
        app_label, db_table, managed = "stack", "projects", False


class Task(models.Model):
    pk = models.CompositePrimaryKey("workspace_id", "id")
    workspace_id = models.UUIDField()
    id = models.UUIDField()
    project_id = models.UUIDField()
    section_id = models.UUIDField(null=True)
    parent_id = models.UUIDField(null=True)
    title = models.TextField()
    description = models.TextField()
    status = models.TextField()
    rank = models.SmallIntegerField(db_column="priority")
    start_date = models.DateField(null=True)
    start_time = models.TimeField(null=True)
    start_time_zone = models.TextField(null=True)  # noqa: DJ001 -- the column is
    due_date = models.DateField(null=True)
    due_time = models.TimeField(null=True)
    due_time_zone = models.TextField(null=True)  # noqa: DJ001 -- the column is
    due_key = models.TextField()
    recurrence_rule = models.TextField(null=True)  # noqa: DJ001 -- the column is
    recurrence_anchor = models.TextField(null=True)  # noqa: DJ001 -- the column is
    recurrence_overdue = models.TextField(null=True)  # noqa: DJ001 -- the column is
    series_start_date = models.DateField(null=True)
    series_start_time = models.TimeField(null=True)
    occurrence_date = models.DateField(null=True)
    occurrence_time = models.TimeField(null=True)
    remaining = models.BigIntegerField(null=True)
    labels = models.TextField(db_column="label_ids", default="")
    assignees = models.TextField(db_column="assignee_ids", default="")
    dependencies = models.TextField(db_column="depends_on_ids", default="")
    blocked = models.BooleanField(default=False)
    own = models.TextField(db_column="metadata", default="")
    position = models.TextField()
    completed_at = InstantField(null=True)
    created_by = models.UUIDField()
    created_at = InstantField()
    updated_at = InstantField()
    revision = models.BigIntegerField()

    class Meta:
        app_label, db_table, managed = "stack", "tasks", False

    @property
    def priority(self) -> Priority:
        return PRIORITIES[int(self.rank)]

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
    def metadata(self) -> dict[str, str]:
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
