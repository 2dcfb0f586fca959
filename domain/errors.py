"""The base of everything that a service refuses to do, as one tree.

An error names the fact and carries its data; `handlers/problems.py` derives the response from its base class. The
errors of a resource are in its module under `domain/model`, each derived from one of these bases. What belongs to no
single resource is drawn, and defined, here:

DomainError
├── NotFound                     the caller does not have such a thing
├── Conflict                     the current state does not allow it
│   └── IdTaken
├── Expired                      what the request refers to is not kept any more
├── Forbidden                    the caller is known, and may not do this
├── Unauthenticated              the caller is not, or no longer, who they must be
├── Invalid                      a value that is well-formed and still wrong
├── InvalidTogether              several values that are Invalid
├── Unavailable                  the server cannot do it now; nothing was changed
│   ├── StorageUnavailable
│   └── SchemaMismatched
└── OutcomeUnknown               the database went away during the commit
"""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID


class DomainError(Exception):
    """The root of everything that a service raises on purpose. The text is for the caller."""


class NotFound(DomainError):
    """The resource does not exist, or the caller has no access to it: both look the same."""


class Conflict(DomainError):
    """The current state does not allow it; another state would. `summary` names the reason in a few words.

    `pointer` (as in Invalid) is the value that it is about, if there is one. `existing_id` is the id of what is in the
    way, if the caller may know it.
    """

    summary: ClassVar[str]
    pointer: str | None = None
    existing_id: UUID | None = None


class IdTaken(Conflict):
    """Another entity has the id that a client chose for a new one, or had it before it was deleted."""

    summary = "The id is taken"
    pointer = "#/id"

    def __init__(self) -> None:
        super().__init__("This id is in use, or was used for something that is deleted. Use a new id.")


class Expired(DomainError):
    """What the request refers to is not kept any more. `summary` names the reason in a few words."""

    summary: ClassVar[str]


class Forbidden(DomainError):
    """The caller is known, and may not do this. `summary` names the reason in a few words."""

    summary: ClassVar[str]


class Unauthenticated(DomainError):
    """The caller cannot be identified: the credentials are wrong, or a session or token is invalid or has ended."""


class Invalid(DomainError):
    """A value that is well-formed and still wrong.

    `code` says what is wrong with it. `pointer` (into the body, RFC 6901 as a URI fragment), `parameter` or `header`
    says where: of several, the last one counts.
    """

    code: ClassVar[str]
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None


class InvalidTogether(DomainError):
    """At least two values of one request that are Invalid."""

    def __init__(self, errors: Sequence[Invalid]) -> None:
        super().__init__("Several values are not valid. See `errors`.")
        self.errors = tuple(errors)


class Unavailable(DomainError):
    """The server cannot do it now. Nothing was changed, and the caller may repeat the request."""


class StorageUnavailable(Unavailable):
    """The database cannot be reached, cannot be written, or is too busy. *reason* is for the log only: it is a note."""

    def __init__(self, reason: str = "") -> None:
        super().__init__("The database cannot be reached, cannot be written, or is too busy. Try again.")
        if reason:
            self.add_note(reason)


class SchemaMismatched(Unavailable):
    """The database was migrated by a newer version of the program, or was not yet migrated for this one."""

    def __init__(self, found: str | None, *, needed: str, is_newer: bool) -> None:
        state = f"The database is at revision {found or 'none'}, and this version of Tickbox needs {needed}."
        advice = (
            "This version is older than the database: install the newer version, or restore a backup."
            if is_newer
            else "Run `tickbox migrate`."
        )
        super().__init__(f"{state} {advice}")
        self.found = found
        self.needed = needed


class OutcomeUnknown(DomainError):
    """The connection was lost during the commit: the change may be committed or not. Do not repeat it blindly."""

    def __init__(self) -> None:
        super().__init__(
            "The connection to the database was lost during the commit. Check whether the change was made."
        )
