"""The files of a contract as they were at a revision of its git repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .trees import NOWHERE, OUTSIDE, MissingFileError

_BLOB = re.compile(rb"[0-9a-f]{40,64} blob ([0-9]+)")
_SHALLOW = "the clone is shallow: fetch all of it (GitHub: `fetch-depth: 0`, GitLab: `GIT_DEPTH: 0`)"
_OF_A_HOOK = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX"})
"""What git sets for its hooks. With them, git would take the folder of the contract for the root of the repository."""


class NoRevisionError(Exception):
    """The revision does not exist. The text is one line that says why, and what to do."""


@dataclass(frozen=True, slots=True)
class GitTree:
    """The files of one commit. `folder` is that of the first file, `home` the root of the working tree."""

    folder: Path
    home: Path
    commit: str

    @classmethod
    def at(cls, revision: str, folder: Path) -> GitTree:
        """The files at *revision* of the repository that *folder* is in. Raises NoRevisionError."""
        folder = folder.resolve()
        if shutil.which("git") is None:
            raise NoRevisionError(f"{revision} is not a file, and git is not installed: name a file")
        home = _git(folder, "rev-parse", "--show-toplevel")
        if home.returncode:
            raise NoRevisionError(f"{revision} is not a file, and git does not find the repository: {_said(home)}")
        commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if commit.returncode:
            is_shallow = _git(folder, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
            why = _said(commit) or (_SHALLOW if is_shallow else "fetch it, or name another one")
            raise NoRevisionError(
                f"{revision} is neither a file nor a git revision of the contract's repository: {why}"
            )
        return cls(folder, Path(os.fsdecode(home.stdout.removesuffix(b"\n"))), commit.stdout.decode().strip())

    def path(self, name: str) -> str:
        """The path of a file from the root of the repository. Raises MissingFileError if it is outside."""
        path = Path(os.path.normpath(self.folder / name))
        if not path.is_relative_to(self.home):
            raise MissingFileError(OUTSIDE)
        return path.relative_to(self.home).as_posix()

    def read(self, name: str) -> bytes:
        """The content of a file; see Tree. Symbolic links are followed, as far as they lead to files of the commit."""
        wanted = f"{self.commit}:{self.path(name)}"
        if not wanted.isprintable():  # a line break would be another request
            raise MissingFileError(NOWHERE)
        done = _git(self.home, "cat-file", "--batch", "--follow-symlinks", given=os.fsencode(f"{wanted}\n"))
        if done.returncode:
            raise MissingFileError(f"git cannot read it: {_said(done)}")
        header, _, content = done.stdout.partition(b"\n")
        found = _BLOB.fullmatch(header)
        if found is None:
            raise MissingFileError(OUTSIDE if header.startswith(b"symlink ") else NOWHERE)
        return content[: int(found[1])]


def _git(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run git in *folder*."""
    environment = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, input=given, capture_output=True, env=environment, check=False)  # noqa: S603  # no shell; after --end-of-options


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    """What git said about its failure, in one line; empty if nothing."""
    return " ".join(done.stderr.decode(errors="replace").split()).removeprefix("fatal: ")
