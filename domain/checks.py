"""Checks several rules one after the other, so that a client gets all errors of its request at once."""

from types import TracebackType

from domain.errors import Invalid, InvalidTogether


class Checks:
    """Collects errors that are Invalid, and continues; any other error is raised at once.

        checks = Checks()
        with checks:
            check_zone(time_zone, pointer="#/time_zone")
        with checks:
            check_password(uow, password, pointer="#/password", email=email, name=name)
        checks.finish()

    A rule that needs the result of another one comes after `finish`.
    """

    def __init__(self) -> None:
        self._found: list[Invalid] = []

    def __enter__(self) -> None:
        """Begin a check."""

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        """Collect the error of the check, and suppress it."""
        match error:
            case Invalid():
                self._found.append(error)
            case InvalidTogether(errors=errors):
                self._found += errors
            case _:
                return False
        return True

    def finish(self) -> None:
        """Raise what was collected: an Invalid by itself, several as InvalidTogether."""
        if len(self._found) > 1:
            raise InvalidTogether(self._found)
        if self._found:
            raise self._found[0]
