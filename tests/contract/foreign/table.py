"""All rows, by the part of a contract that they are about."""

from collections.abc import Mapping, Sequence

from . import bodies, compositions, documents, operations, parameters, responses, schemas
from .rows import Row

TABLE: Mapping[str, Sequence[Row]] = {
    "The document": documents.ROWS,
    "Paths and operations": operations.ROWS,
    "Parameters": parameters.ROWS,
    "Request bodies": bodies.ROWS,
    "Responses": responses.ROWS,
    "Schemas": schemas.ROWS,
    "Schemas of one value": compositions.ROWS,
}
"""Each heading of `contract/SUPPORT.md` with its rows, in the order of the file."""

ROWS = [row for rows in TABLE.values() for row in rows]
