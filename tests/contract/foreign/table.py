"""All rows, by the part of a contract that they are about."""

from collections.abc import Mapping, Sequence

from . import parameters
from .rows import Row

TABLE: Mapping[str, Sequence[Row]] = {
    "Parameters": parameters.ROWS,
}
"""Each heading of `contract/SUPPORT.md` with its rows, in the order of the file."""

ROWS = [row for rows in TABLE.values() for row in rows]
