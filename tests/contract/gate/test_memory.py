"""No file makes the gate take much memory, whatever is in it: each is read in a process of its own, and measured."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.databases import AT_LENGTH

pytestmark = pytest.mark.unmeasured

MOST_MB = 500 if AT_LENGTH else 130
"""What the issue demands of any file; or what a file of one or two megabytes may take. Without contract: some 40."""
GATE = """
import atexit, re, sys
from pathlib import Path
from tickbox_contract.gate.command import main

def peak():
    print(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1], file=sys.stderr)

atexit.register(peak)
main()
"""
"""The command, and the most memory that it had, in kB. The rusage of a child contains that of its parent's image."""
HEAD = b"openapi: 3.0.4\ninfo: {title: t, version: 1.0.0}\n"
NO_PATHS = HEAD + b"paths: {}\n"


def valid(number: int) -> Iterator[bytes]:
    """Operations and components, twenty of which lead to each other, with examples."""
    yield HEAD + b"paths:\n"
    for i in range(number):
        yield b"""\
  /v1/things%d/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}, example: a}]
      responses:
        '200':
          description: A thing, which has a name and a part.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Thing%d'}
              example: {name: a, count: 3, part: {name: b}}
        default: {description: An error that says what was wrong with the request.}
""" % (i, i)
    yield b"components:\n  schemas:\n"
    for i in range(number):
        yield b"""\
    Thing%d:
      type: object
      required: [name]
      properties:
        name: {type: string, minLength: 1, maxLength: 200, example: a}
        count: {type: integer, minimum: 0, default: 0}
        part: {$ref: '#/components/schemas/Thing%d'}
      example: {name: a, part: {name: b, part: {name: c}}}
""" % (i, i // 20 * 20 + (i + 1) % 20)


def malformed_operations(number: int) -> Iterator[bytes]:
    yield HEAD + b"paths:\n"
    methods = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
    for i in range(number // 8):
        yield b"  /p%d:\n" % i
        yield from (b"    %s: {responses: {}, x: 1, tags: 1}\n".replace(b"x:", b"y:") % m.encode() for m in methods)


def malformed_properties(number: int) -> Iterator[bytes]:
    """A schema that is a fault in each of its properties, each of which is nested in the alternatives of all around."""
    yield NO_PATHS + b"components:\n  schemas:\n"
    for i in range(number):
        yield b"    A%d:\n      properties:\n" % (i // 50_000) if i % 50_000 == 0 else b""
        yield b"        p%d: {type: text}\n" % i


def dangling_references(number: int) -> Iterator[bytes]:
    yield NO_PATHS + b"components:\n  schemas:\n"
    for i in range(number):
        yield b"    S%d: {properties: {a: {$ref: '#/components/schemas/A%d'}}}\n" % (i, i)


def wrong_examples(number: int) -> Iterator[bytes]:
    yield NO_PATHS + b"components:\n  schemas:\n"
    for i in range(number):
        yield b"    A%d: {type: object, properties: {a: {type: integer}}, example: {a: x}, default: {a: []}}\n" % i


def one_wrong_example(number: int) -> Iterator[bytes]:
    yield NO_PATHS + b"components: {schemas: {A: {type: array, items: {type: array, items: {type: string}}, example: ["
    yield from (b"[" + b"0, " * 1_000 + b"0]," for _ in range(number // 1_000))
    yield b"]}}}\n"


def empty_objects(number: int) -> Iterator[bytes]:
    yield b'{"openapi":"3.0.4","x-a":[[0'
    yield from (b"],[0" if i % 90_000 == 0 else b",{}" for i in range(number))
    yield b"]]}"


def anchors(number: int) -> Iterator[bytes]:
    yield NO_PATHS
    for i in range(number):
        yield b"x-%d:\n" % i if i % 90_000 == 0 else b"- &a%d b%d\n" % (i, i)


def one_text(number: int) -> Iterator[bytes]:
    yield NO_PATHS + b'x-a: "' + "\N{GRINNING FACE}".encode() + b"a" * number + b'"\n'


KINDS: list[tuple[Callable[[int], Iterator[bytes]], int, int, int]] = [
    (valid, 600, 25_000, 0),
    (malformed_operations, 12_000, 250_000, 1),
    (malformed_properties, 10_000, 450_000, 1),
    (dangling_references, 7_500, 90_000, 1),
    (wrong_examples, 2_500, 90_000, 1),
    (one_wrong_example, 50_000, 3_000_000, 1),
    (empty_objects, 1_500_000, 8_000_000, 2),
    (anchors, 50_000, 1_500_000, 0),
    (one_text, 10_000_000, 32_000_000, 0),
]
"""What a file has, how much of it in short and at length, and the exit code."""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says how much memory a process had")
@pytest.mark.parametrize(("kind", "short", "long", "exit_code"), KINDS)
def test_a_file_is_checked_or_refused_within_bounded_memory(
    tmp_path: Path, kind: Callable[[int], Iterator[bytes]], short: int, long: int, exit_code: int
) -> None:
    file = tmp_path / "contract"
    file.write_bytes(b"".join(kind(long if AT_LENGTH else short)))
    done = subprocess.run(
        [sys.executable, "-c", GATE, "gate", "valid", "--contract", str(file)],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == exit_code, done.stdout[-1000:]
    *messages, peak = done.stderr.splitlines()
    assert not [message for message in messages if "Traceback" in message]
    assert int(peak) < MOST_MB * 1024
