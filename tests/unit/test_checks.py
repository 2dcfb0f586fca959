from uuid import UUID

import pytest

from domain.checks import Checks
from domain.errors import DomainError, InvalidTogether
from domain.model.passwords import PasswordWrong
from domain.model.projects import ProjectArchived
from domain.model.tokens import ExpiryPast, ScopeNotLimitable


def raised(*errors: DomainError) -> list[DomainError]:
    """What comes of checks that raise *errors*, one after the other."""
    checks = Checks()
    for error in errors:
        with checks:
            raise error
    try:
        checks.finish()
    except InvalidTogether as together:
        return list(together.errors)
    except DomainError as alone:
        return [alone]
    return []


def test_where_nothing_is_invalid_nothing_is_raised() -> None:
    assert raised() == []


def test_all_that_is_invalid_is_raised_together_in_order() -> None:
    errors = [ExpiryPast(), ScopeNotLimitable(), PasswordWrong()]
    assert raised(*errors) == errors
    assert raised(errors[0], InvalidTogether(errors[1:])) == errors


def test_what_is_invalid_alone_is_raised_as_it_is() -> None:
    error = ExpiryPast()
    assert raised(error) == [error]


def test_what_is_not_about_a_value_ends_the_checks() -> None:
    checks = Checks()
    with checks:
        raise ExpiryPast
    with pytest.raises(ProjectArchived), checks:
        raise ProjectArchived(UUID(int=1))
