"""What a new password must not be."""

from unicodedata import normalize

from domain.model.passwords import PasswordCommon
from domain.unit_of_work import UnitOfWork


def check_password(uow: UnitOfWork, password: str, *, pointer: str, email: str | None, name: str) -> None:
    """To be called before it is hashed. *pointer* is where it stands in the body; the rest is its owner's.

    Raises PasswordCommon.
    """
    address = () if email is None else (email, email.partition("@")[0])
    if _is_one_character(password) or uow.passwords.is_guessable(password, known=(*address, name)):
        raise PasswordCommon(pointer=pointer)


def _is_one_character(password: str) -> bool:
    """Whether it is one character over and over, in either case and any width: `aaAA`, or the mask `**********`."""
    return len(set(normalize("NFKC", password).casefold())) == 1
