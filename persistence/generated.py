"""Functions of one argument that are built from lines of Python, as dataclasses build theirs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any


def function_of(lines: Sequence[str], known: Mapping[str, object]) -> Callable[[Any], Any]:
    """Return the function of the argument `given` whose body is *lines*, in which the names in *known* are defined."""
    namespace: dict[str, Any] = dict(known)
    body = "\n".join(f"    {line}" for line in lines)
    exec(f"def convert(given):\n{body}", namespace)  # noqa: S102  # built from the names of fields and parameters
    convert: Callable[[Any], Any] = namespace["convert"]
    return convert
