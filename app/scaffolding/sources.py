"""Python modules as text, into which functions are inserted. Nothing else in them changes but the imports."""

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def functions(path: Path) -> dict[str, ast.AsyncFunctionDef | ast.FunctionDef]:
    """The functions of the module at *path* by name, in its order; none if there is no such file."""
    nodes = ast.parse(path.read_text(encoding="utf-8")).body if path.exists() else []
    return {node.name: node for node in nodes if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)}


def classes(path: Path) -> set[str]:
    """The names of the classes of the module at *path*; none if there is no such file."""
    nodes = ast.parse(path.read_text(encoding="utf-8")).body if path.exists() else []
    return {node.name for node in nodes if isinstance(node, ast.ClassDef)}


def insert(path: Path, function: str, *, imports: Sequence[str], after: Sequence[str], docstring: str) -> None:
    """Insert the text of a *function* behind the last function of *after* that exists, or else before all others.

    Without *after* it comes last. A module that does not exist is created, and begins with *docstring*.
    """
    if not path.exists():
        path.write_text(f'"""{docstring}"""\n' if docstring else "", encoding="utf-8")
    lines = path.read_text(encoding="utf-8").splitlines()
    known = functions(path)
    found = [node for name, node in known.items() if name in after]
    if found:
        at = max(node.end_lineno or 0 for node in found)
    elif after and known:
        at = min(node.lineno for node in known.values()) - 1
    else:
        at = len(lines)
    lines[at:at] = ["", "", *function.splitlines(), "", ""]
    begin = _end_of_imports(path)
    lines[begin:begin] = imports
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def tidy(paths: Sequence[Path]) -> bool:
    """Let ruff sort imports and count blank lines; False if it is not installed."""
    if importlib.util.find_spec("ruff") is None:
        return False
    for arguments in (["check", "-q", "--select", "I,F401", "--fix"], ["format", "-q"]):
        command = [sys.executable, "-m", "ruff", *arguments, *map(str, paths)]
        subprocess.run(command, check=True)  # noqa: S603  # nothing is from outside
    return True


def _end_of_imports(path: Path) -> int:
    """The line, from 0, behind the imports, or behind the docstring."""
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    heads = [node for i, node in enumerate(nodes) if isinstance(node, ast.Import | ast.ImportFrom) or _is_text(i, node)]
    return max((node.end_lineno or 0 for node in heads), default=0)


def _is_text(place: int, node: ast.stmt) -> bool:
    """Whether *node* is the module's docstring."""
    return place == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
