"""What the domain refuses, as one tree. Each error names the fact; the handlers decide on a status.

DomainError
├── NotFound                     the caller has no such thing
│   ├── UserNotFound
│   ├── SessionNotFound
│   ├── NoCurrentSession
│   ├── TokenNotFound
│   ├── WorkspaceNotFound
│   ├── MemberNotFound
│   ├── InvitationNotFound
│   ├── ProjectNotFound
│   └── TaskNotFound
├── Conflict                     the state of things forbids it
│   ├── EmailTaken
│   ├── EmailVerified
│   ├── IdentityTaken
│   ├── SoleOwner
│   ├── PersonalWorkspace
│   ├── AlreadyMember
│   ├── AddressOfMember
│   ├── TooManyWorkspaces
│   ├── InboxProtected
│   ├── ProjectArchived
│   ├── WorkspaceFull
│   └── IdTaken
├── Unauthenticated              the caller is not who they would have to be
│   ├── WrongCredentials
│   ├── RefreshTokenInvalid
│   └── AccountGone
├── RegistrationClosed           the operator lets nobody register
├── InvitationRequired           the operator lets nobody register who is not invited
├── RoleTooHigh                  a member would decide over somebody above them
├── Invalid                      a value that is well-formed and still wrong
│   ├── TimeZoneUnknown
│   ├── PasswordWrong
│   ├── PasswordMissing
│   ├── TokenBroader
│   ├── ScopeNotLimitable
│   ├── ExpiryPast
│   ├── WorkspaceUnknown
│   ├── InvitationInvalid
│   ├── PasswordCommon
│   ├── TokenInvalid
│   ├── ProjectUnknown
│   ├── DueIncomplete
│   └── CursorInvalid
├── InvalidTogether              several values that are Invalid
├── StorageUnavailable           the database cannot be reached, or is too busy
├── SchemaMismatched             the database is of another version of the program
├── ProviderUnavailable          the identity provider cannot be asked
├── Overloaded                   too many passwords wait to be hashed
└── OutcomeUnknown               the database went away during the commit
"""

from collections.abc import Sequence
from typing import ClassVar, Final
from uuid import UUID

_MAX_NAMED: Final = 10
"""How many of the things that stand in the way a text names."""


class DomainError(Exception):
    """The root: everything that a service raises on purpose."""


class NotFound(DomainError):
    """The caller has no such thing: it is not there, or it is not theirs, which looks the same."""


class UserNotFound(NotFound):
    """There is no account with this e-mail address. Only an operator is told."""

    def __init__(self) -> None:
        super().__init__("No account has this e-mail address.")


class SessionNotFound(NotFound):
    """The caller has no session of this id."""

    def __init__(self, session_id: UUID) -> None:
        super().__init__("You do not have a session with this id.")
        self.session_id = session_id


class NoCurrentSession(NotFound):
    """The call came with a token that belongs to no session of ours: a personal one, or an identity provider's."""

    def __init__(self) -> None:
        super().__init__(
            "Your token does not belong to a session. It is a personal token, or an identity provider's token."
        )


class TokenNotFound(NotFound):
    """The caller has no personal token of this id."""

    def __init__(self, token_id: UUID) -> None:
        super().__init__("You do not have a token with this id.")
        self.token_id = token_id


class WorkspaceNotFound(NotFound):
    """The caller is a member of no workspace of this id."""

    def __init__(self, workspace_id: UUID) -> None:
        super().__init__("Not found, or you do not have access to it.")
        self.workspace_id = workspace_id


class MemberNotFound(NotFound):
    """The workspace has no member of this id."""

    def __init__(self, user_id: UUID) -> None:
        super().__init__("This workspace does not have a member with this id.")
        self.user_id = user_id


class InvitationNotFound(NotFound):
    """The workspace has no invitation of this id that waits to be accepted."""

    def __init__(self, invitation_id: UUID) -> None:
        super().__init__("This workspace does not have an open invitation with this id.")
        self.invitation_id = invitation_id


class ProjectNotFound(NotFound):
    """The workspace has no project of this id."""

    def __init__(self, project_id: UUID) -> None:
        super().__init__("This workspace does not have a project with this id.")
        self.project_id = project_id


class TaskNotFound(NotFound):
    """The workspace has no task of this id."""

    def __init__(self, task_id: UUID) -> None:
        super().__init__("This workspace does not have a task with this id.")
        self.task_id = task_id


class Conflict(DomainError):
    """The state of things forbids it; another state would not."""


class EmailTaken(Conflict):
    """Somebody registered this address before, in whatever case they wrote it."""

    def __init__(self) -> None:
        super().__init__("An account has this e-mail address already.")


class EmailVerified(Conflict):
    """There is nothing left to prove about the address."""

    def __init__(self) -> None:
        super().__init__("Your e-mail address is verified already, or your account does not have one.")


class IdentityTaken(Conflict):
    """Another call by the same person, their first one too, was faster. Nobody is told: their account is there."""

    def __init__(self) -> None:
        super().__init__("This identity has an account already.")


class SoleOwner(Conflict):
    """Workspaces would be left without an owner, and the user is the only one who is."""

    def __init__(self, workspace_ids: Sequence[UUID]) -> None:
        named = ", ".join(map(str, workspace_ids[:_MAX_NAMED]))
        super().__init__(
            f"You are the only owner of {named}. Make another member an owner first, or delete the workspace."
        )
        self.workspace_ids = tuple(workspace_ids)


class PersonalWorkspace(Conflict):
    """A personal workspace goes with its account, and can be neither deleted alone, nor shared, nor left."""

    def __init__(self, workspace_id: UUID) -> None:
        super().__init__(
            "This is a personal workspace. It cannot be shared or left, and is deleted only with its account."
        )
        self.workspace_id = workspace_id


class AlreadyMember(Conflict):
    """Somebody accepted an invitation to a workspace that they are in."""

    def __init__(self, workspace_id: UUID) -> None:
        super().__init__(
            "You are a member of this workspace already, and an admin of it can change your role. The invitation was "
            "not used: another account can accept it."
        )
        self.workspace_id = workspace_id


class AddressOfMember(Conflict):
    """Somebody is to be invited to a workspace, and the address is the caller's, or a member of it has verified it."""

    def __init__(self) -> None:
        super().__init__("This is the address of a member of the workspace, who does not need an invitation.")


class TooManyWorkspaces(Conflict):
    """A person is to be in one workspace more than anybody may be."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"You are in {limit} workspaces, and cannot be in more. Leave or delete one first.")
        self.limit = limit


class InboxProtected(Conflict):
    """The inbox takes the tasks that name no project, so it can be neither archived nor deleted."""

    def __init__(self, project_id: UUID) -> None:
        super().__init__("The inbox cannot be archived or deleted.")
        self.project_id = project_id


class ProjectArchived(Conflict):
    """An archived project takes no new tasks."""

    def __init__(self, project_id: UUID) -> None:
        super().__init__("The project is archived. Unarchive it before you add tasks to it.")
        self.project_id = project_id


class WorkspaceFull(Conflict):
    """A workspace has as much in it as it may have; or, where *kept* says so, as many bytes of responses are kept."""

    def __init__(self, quota_bytes: int, *, kept: bool = False) -> None:
        super().__init__(
            f"The responses that are kept for an `Idempotency-Key` in this workspace have reached their limit of "
            f"{quota_bytes} bytes. Send the request without a key, or wait until the end of the next day (UTC)."
            if kept
            else f"The workspace has reached its limit of {quota_bytes} bytes. Delete tasks or projects."
        )
        self.quota_bytes = quota_bytes


class IdTaken(Conflict):
    """The id that a client made for a new thing belongs to something else, or did."""

    def __init__(self) -> None:
        super().__init__("This id is in use, or was used for something that is deleted. Use a new id.")


class Unauthenticated(DomainError):
    """The caller is not, or no longer, who they would have to be."""


class WrongCredentials(Unauthenticated):
    """No user has this address and this password; which of the two is wrong is not told."""

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong.")


class RefreshTokenInvalid(Unauthenticated):
    """The refresh token is malformed, unknown, expired, or of a session that has ended."""

    def __init__(self) -> None:
        super().__init__("The refresh token is unknown or expired, or its session has ended. Log in again.")


class AccountGone(Unauthenticated):
    """The account was deleted, or the call's session or token ended, while the call was on its way."""

    def __init__(self, user_id: UUID) -> None:
        super().__init__("The account is deleted, or the session or token of this request has ended. Log in again.")
        self.user_id = user_id


class RegistrationClosed(DomainError):
    """The operator lets nobody register."""

    def __init__(self) -> None:
        super().__init__("Registration is closed. Ask the operator of this server for an account.")


class InvitationRequired(DomainError):
    """The operator lets nobody register who is not invited."""

    def __init__(self) -> None:
        super().__init__("Registration needs an invitation. Send its token as `invitation_token`.")


class RoleTooHigh(DomainError):
    """A member would give a role above their own, or decide over somebody who has one."""

    def __init__(self) -> None:
        super().__init__(
            "You cannot give a role above your own, or change or remove a member or an invitation with such a role."
        )


class Invalid(DomainError):
    """A value that is well-formed and still wrong.

    `code` says how; `pointer` (into the body, RFC 6901 as a URI fragment) or `parameter` says where.
    """

    code: ClassVar[str]
    pointer: str | None = None
    parameter: str | None = None


class TimeZoneUnknown(Invalid):
    """Not the name of a zone in the IANA time zone database."""

    code = "time-zone"

    def __init__(self, *, pointer: str) -> None:
        super().__init__("This must be the name of an IANA time zone, such as Europe/Berlin.")
        self.pointer = pointer


class PasswordWrong(Invalid):
    """The password that was to prove who is asking is not the stored one."""

    code = "password"
    pointer = "#/current_password"

    def __init__(self) -> None:
        super().__init__("This is not your current password.")


class PasswordMissing(Invalid):
    """An account with a password was to be changed without it."""

    code = "required"
    pointer = "#/current_password"

    def __init__(self) -> None:
        super().__init__("This is required, because your account has a password.")


class TokenBroader(Invalid):
    """A personal token was to make one that can do more than itself, or for longer."""

    code = "broader"

    def __init__(self, *, pointer: str) -> None:
        super().__init__("A token cannot create a token that can do more than itself, or that is valid for longer.")
        self.pointer = pointer


class ScopeNotLimitable(Invalid):
    """A token for certain workspaces was to have the scope `account`, which concerns all of them."""

    code = "not-limitable"
    pointer = "#/scopes"

    def __init__(self) -> None:
        super().__init__("A token for certain workspaces cannot have the scope 'account'.")


class ExpiryPast(Invalid):
    """Something was to expire before it is made."""

    code = "past"
    pointer = "#/expires_at"

    def __init__(self) -> None:
        super().__init__("This must be in the future.")


class WorkspaceUnknown(Invalid):
    """The body names a workspace that the caller is not a member of."""

    code = "workspace"
    pointer = "#/workspace_ids"

    def __init__(self) -> None:
        super().__init__("Each of these must be a workspace that you have access to.")


class InvitationInvalid(Invalid):
    """The token is of no invitation that waits to be accepted."""

    code = "token"

    def __init__(self, *, pointer: str) -> None:
        super().__init__("This token is unknown, expired, withdrawn or used. Ask for another invitation.")
        self.pointer = pointer


class PasswordCommon(Invalid):
    """The new password is one that whoever guesses would try first."""

    code = "common"

    def __init__(self, *, pointer: str) -> None:
        super().__init__(
            "This password is too easy to guess: it is a common one, one repeated character, or your own name or "
            "address. Choose another one."
        )
        self.pointer = pointer


class TokenInvalid(Invalid):
    """The token that a mail brought is malformed, unknown, expired or used; or it is of another address by now."""

    code = "token"
    pointer = "#/token"

    def __init__(self) -> None:
        super().__init__("This token is unknown, expired or used. Request another e-mail.")


class ProjectUnknown(Invalid):
    """The body names a project that the workspace does not have."""

    code = "project"
    pointer = "#/project_id"

    def __init__(self, project_id: UUID) -> None:
        super().__init__("This workspace does not have a project with this id.")
        self.project_id = project_id


class DueIncomplete(Invalid):
    """The due value, after merging, lacks the member that another one needs."""

    code = "required"

    def __init__(self, *, missing: str, because: str) -> None:
        super().__init__(f"This is required {because}.")
        self.pointer = f"#/due/{missing}"


class CursorInvalid(Invalid):
    """Not a cursor that this list gave out, with this sort and these filters."""

    code = "cursor"
    parameter = "cursor"

    def __init__(self) -> None:
        super().__init__(
            "This cursor is not from this list with this `sort` and these filters. Start at the first page again."
        )


class InvalidTogether(DomainError):
    """Several values of one request that are Invalid, at least two."""

    def __init__(self, errors: Sequence[Invalid]) -> None:
        super().__init__("Several values are not valid. See `errors`.")
        self.errors = tuple(errors)


class StorageUnavailable(DomainError):
    """The database cannot be reached, or is too busy. Nothing was changed; the call may be repeated."""

    def __init__(self) -> None:
        super().__init__("The database cannot be reached, or is too busy. Try again.")


class SchemaMismatched(DomainError):
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


class ProviderUnavailable(DomainError):
    """A token of the identity provider's cannot be checked: it does not answer, and the key is not known."""

    def __init__(self) -> None:
        super().__init__("The identity provider cannot be reached. Try again.")


class Overloaded(DomainError):
    """Too many passwords wait to be hashed. Nothing was changed; the call may be repeated."""

    def __init__(self) -> None:
        super().__init__("The server is too busy. Try again.")


class OutcomeUnknown(DomainError):
    """The database went away during the commit: the change was made, or it was not. It must not be repeated blindly."""

    def __init__(self) -> None:
        super().__init__(
            "The connection to the database was lost during the commit. Check whether the change was made."
        )
