"""The one table of what a domain error is called on the wire.

Each row is declared in the contract: `tests/architecture` compares them.
"""

from domain import errors
from tickbox_contract.responses import Fault, Problem, ProblemType, problem

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="tickbox"'}
RETRY_AFTER_S = 1

NOT_FOUND = ProblemType("not-found", 404, "Not found")
UNAVAILABLE = ProblemType("unavailable", 503, "Not available right now")
INVALID_BODY = ProblemType("invalid-body", 422, "Invalid body")
ID_TAKEN = ProblemType("id-taken", 409, "The id is taken")
ALREADY_MEMBER = ProblemType("already-member", 409, "Already a member")
SESSION_ENDED = ProblemType("session-ended", 401, "The session has ended")

TABLE: dict[type[errors.DomainError], ProblemType] = {
    errors.UserNotFound: NOT_FOUND,
    errors.SessionNotFound: NOT_FOUND,
    errors.NoCurrentSession: NOT_FOUND,
    errors.TokenNotFound: NOT_FOUND,
    errors.WorkspaceNotFound: NOT_FOUND,
    errors.MemberNotFound: NOT_FOUND,
    errors.InvitationNotFound: NOT_FOUND,
    errors.ProjectNotFound: NOT_FOUND,
    errors.TaskNotFound: NOT_FOUND,
    errors.EmailTaken: ProblemType("email-taken", 409, "The e-mail address is taken"),
    errors.EmailVerified: ProblemType("email-verified", 409, "The e-mail address is verified"),
    errors.SoleOwner: ProblemType("sole-owner", 409, "A workspace would be left without an owner"),
    errors.PersonalWorkspace: ProblemType("personal-workspace", 409, "This is a personal workspace"),
    errors.AlreadyMember: ALREADY_MEMBER,
    errors.AddressOfMember: ALREADY_MEMBER,
    errors.TooManyWorkspaces: ProblemType("too-many-workspaces", 409, "You are in too many workspaces"),
    errors.InboxProtected: ProblemType("inbox-protected", 409, "This is the inbox"),
    errors.ProjectArchived: ProblemType("project-archived", 409, "The project is archived"),
    errors.WorkspaceFull: ProblemType("workspace-full", 409, "The workspace is full"),
    errors.IdTaken: ID_TAKEN,
    errors.WrongCredentials: ProblemType("invalid-credentials", 401, "Wrong e-mail address or password"),
    errors.RefreshTokenInvalid: SESSION_ENDED,
    errors.AccountGone: ProblemType("unauthenticated", 401, "Not authenticated"),
    errors.RegistrationClosed: ProblemType("registration-closed", 403, "Registration is closed"),
    errors.InvitationRequired: ProblemType("invitation-required", 403, "An invitation is required"),
    errors.RoleTooHigh: ProblemType("role-too-high", 403, "The role is too high"),
    errors.TimeZoneUnknown: INVALID_BODY,
    errors.PasswordWrong: INVALID_BODY,
    errors.PasswordMissing: INVALID_BODY,
    errors.TokenBroader: INVALID_BODY,
    errors.ScopeNotLimitable: INVALID_BODY,
    errors.ExpiryPast: INVALID_BODY,
    errors.WorkspaceUnknown: INVALID_BODY,
    errors.InvitationInvalid: INVALID_BODY,
    errors.PasswordCommon: INVALID_BODY,
    errors.TokenInvalid: INVALID_BODY,
    errors.ProjectUnknown: INVALID_BODY,
    errors.DueIncomplete: INVALID_BODY,
    errors.InvalidTogether: INVALID_BODY,
    errors.CursorInvalid: ProblemType("invalid-cursor", 400, "The cursor is not valid here"),
    errors.StorageUnavailable: UNAVAILABLE,
    errors.SchemaMismatched: UNAVAILABLE,
    errors.ProviderUnavailable: UNAVAILABLE,
    errors.Overloaded: UNAVAILABLE,
}


def translate(error: Exception) -> Problem | None:
    """The response that *error* stands for; None for an error that is not the domain's."""
    kind = TABLE.get(type(error)) if isinstance(error, errors.DomainError) else None
    if kind is None:
        return None
    return problem(kind, str(error), faults=_faults(error), headers=_headers(kind))


def _faults(error: Exception) -> tuple[Fault, ...]:
    match error:
        case errors.InvalidTogether():
            return tuple(fault for each in error.errors for fault in _faults(each))
        case errors.Invalid(parameter=str(name)):
            return (Fault(str(error), error.code, "parameter", name),)
        case errors.Invalid(pointer=str(place)):
            return (Fault(str(error), error.code, "pointer", place),)
        case errors.IdTaken():
            return (Fault("This id is in use, or was used before.", "id-taken", "pointer", "#/id"),)
        case _:
            return ()


def _headers(kind: ProblemType) -> dict[str, str]:
    if kind.status == 401:  # noqa: PLR2004  # RFC 9110, 15.5.2: a 401 always says how
        return CHALLENGE
    if kind.status == 503:  # noqa: PLR2004  # RFC 9110, 15.6.4
        return {"Retry-After": str(RETRY_AFTER_S)}
    return {}
