"""Several rules, checked one after the other, so that a client learns at once all that is invalid in its request."""

from types import TracebackType

from domain.errors import Invalid, InvalidTogether


class Checks:
    """Collects what is raised as Invalid, and goes on; any other error is raised at once.

        checks = Checks()
        with checks:
            check_zone(time_zone, pointer="#/time_zone")
        with checks:
            check_password(work, password, pointer="#/password", email=email, name=name)
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
        """Keep what the check found, and suppress it."""
        match error:
            case Invalid():
                self._found.append(error)
            case InvalidTogether(errors=errors):
                self._found += errors
            case _:
                return False
        return True

    def finish(self) -> None:
        """Raise what was found: an Invalid by itself, several as InvalidTogether."""
        if len(self._found) > 1:
            raise InvalidTogether(self._found)
        if self._found:
            raise self._found[0]
