"""The comparison of two schemas by meaning: whether each value of one is a value of the other.

comparisons     compares two schemas of two contracts: the face of this package
verdicts        what a comparison says
meanings        schemas as they are meant in one direction; readers: reads them from a contract
sameness        recognizes meanings that say the same
search          finds a value that fits some schemas and does not fit others, or proves that there is none
goals           what is searched, and what was found
lists           the values that a schema lists, and whether each can be checked
parts, cells    divide what must hold for a value until it is a conjunction of facts
evaluations     what a schema looks at in a value: `unevaluatedProperties` is about the rest
numbers, texts, arrays, objects     values for such facts
characters, patterns, languages     regular expressions as automata, for texts
validators      check each value that was found
inside          the same for a part of a value, shown with a whole value
places, sentences   where a value does not fit, and what that means for a client
"""

from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.schemas import Direction

from .comparisons import SchemaComparison
from .inside import Step
from .verdicts import JSON, Broken, Covered, Undecided, Verdict

__all__ = [
    "JSON", "Broken", "Covered", "Direction", "Node", "Pointer", "SchemaComparison", "Step", "Undecided", "Verdict",
]  # fmt: skip
