from uuid import UUID

import pytest

from domain.checks import Checks
from domain.errors import DomainError, InvalidTogether
from domain.model.passwords import PasswordWrong
from domain.model.projects import ProjectArchived
from domain.model.tokens import ExpiryPast, ScopeNotLimitable


def raised(*errors: DomainError) -> list[DomainError]:
    """The errors that are raised after checks that raise *errors*, one after the other."""
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


def test_without_an_invalid_value_nothing_is_raised() -> None:
    assert raised() == []


def test_all_invalid_values_are_raised_together_in_order() -> None:
    errors = [ExpiryPast(), ScopeNotLimitable(), PasswordWrong()]
    assert raised(*errors) == errors
    assert raised(errors[0], InvalidTogether(errors[1:])) == errors


def test_a_single_invalid_value_is_raised_as_it_is() -> None:
    error = ExpiryPast()
    assert raised(error) == [error]


def test_an_error_that_is_not_about_a_value_ends_the_checks() -> None:
    checks = Checks()
    with checks:
        raise ExpiryPast
    with pytest.raises(ProjectArchived), checks:
        raise ProjectArchived(UUID(int=1))
