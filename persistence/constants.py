"""A word in the text of a statement, where others have a parameter.

SQLite uses an index of some rows only if it sees in the text that the statement is about those.
"""

from typing import Any

from sqlalchemy import Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class constant(FunctionElement[str]):  # noqa: N801  # beside SQLAlchemy's `literal`
    """`constant("word")`."""

    type = Text()
    inherit_cache = False

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word


@compiles(constant)
def _quoted(element: constant, compiler: SQLCompiler, **_options: Any) -> str:
    return compiler.render_literal_value(element.word, element.type)
