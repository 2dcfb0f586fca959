"""How long tests wait for what must happen: so long that a busy machine does not fail them, and no test asserts it."""

from typing import Final

PATIENCE_S: Final = 180
