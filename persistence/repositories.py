"""All repositories, and the MetaData with all tables.

A new resource is one line in `Repositories`, and one in `domain/unit_of_work.py`. Each table is in the module of a
repository, or of what serves all of them; importing this module loads every one.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Protocol, TypeVar
from uuid import UUID

from persistence.account_log import AccountLog, Request
from persistence.activity import Activity
from persistence.change_log import ChangeLog
from persistence.changes import Changes
from persistence.comments import Comments
from persistence.completions import Completions
from persistence.credentials import CredentialReader
from persistence.due_reminders import DueReminders
from persistence.fired_reminders import FiredReminders
from persistence.identities import Identities
from persistence.invitations import Invitations
from persistence.labels import Labels
from persistence.members import Members
from persistence.metadata import metadata
from persistence.one_time_tokens import OneTimeTokens
from persistence.projects import Projects
from persistence.queued_emails import Outbox
from persistence.reminders import Reminders
from persistence.runners import Runner
from persistence.sections import Sections
from persistence.sessions import Sessions
from persistence.tasks import Tasks
from persistence.tokens import Tokens
from persistence.trash import Trash
from persistence.users import Users
from persistence.workspaces import Workspaces

__all__ = ["Needs", "Repositories", "metadata"]

Repository = TypeVar("Repository")


class Needs(Request, Protocol):
    """What repositories are created with: a unit of work. The runners are guarded."""

    @property
    def runner(self) -> Runner:
        """Runs the statements of the request."""

    @property
    def aside(self) -> Runner:
        """Reads what is committed, outside of the transaction."""

    def expect_lock(self, user_id: UUID) -> None:
        """Let the request wait for its turn with this account before it has a connection, if it has locked nothing."""

    @property
    def change_log(self) -> ChangeLog:
        """Changes the tables that are logged."""


def _created(make: Callable[[Needs], Repository]) -> "cached_property[Repository]":
    return cached_property(make)


class Repositories:
    """The repositories of a unit of work, each created when it is first used. A subclass implements Needs."""

    account_log = _created(lambda uow: AccountLog(uow.runner, uow))
    changes = _created(lambda uow: Changes(uow.runner))
    activity = _created(lambda uow: Activity(uow.runner))
    comments = _created(lambda uow: Comments(uow.runner, uow.change_log))
    completions = _created(lambda uow: Completions(uow.runner))
    credentials = _created(lambda uow: CredentialReader(uow.aside))
    due_reminders = _created(lambda uow: DueReminders(uow.runner))
    fired_reminders = _created(lambda uow: FiredReminders(uow.runner, uow.change_log.wake))
    identities = _created(lambda uow: Identities(uow.runner))
    invitations = _created(lambda uow: Invitations(uow.runner))
    labels = _created(lambda uow: Labels(uow.runner, uow.change_log))
    members = _created(lambda uow: Members(uow.runner, uow.change_log))
    one_time_tokens = _created(lambda uow: OneTimeTokens(uow.runner))
    outbox = _created(lambda uow: Outbox(uow.runner))
    projects = _created(lambda uow: Projects(uow.runner, uow.change_log))
    reminders = _created(lambda uow: Reminders(uow.runner))
    sections = _created(lambda uow: Sections(uow.runner, uow.change_log))
    sessions = _created(lambda uow: Sessions(uow.runner, uow.aside, uow.expect_lock))
    tasks = _created(lambda uow: Tasks(uow.runner, uow.change_log))
    tokens = _created(lambda uow: Tokens(uow.runner))
    trash = _created(lambda uow: Trash(uow.runner, uow.change_log))
    users = _created(lambda uow: Users(uow.runner, uow.expect_lock))
    workspaces = _created(lambda uow: Workspaces(uow.runner, uow.change_log))
