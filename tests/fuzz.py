"""`make fuzz`: a long run of Schemathesis, with a random seed that it prints. `--help` lists the options."""

import contextlib
import secrets
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from tests.fuzzing.runs import run, serving
from tests.support import leftovers
from tests.support.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.support.own_postgres import own_postgres


@click.command()
@click.option("--minutes", type=click.FloatRange(0.5), default=10, show_default=True, help="How long, about.")
@click.option("--seed", type=int, help="That of an earlier run, to find the same again.")
@click.option("--examples", type=click.IntRange(1), default=200, show_default=True, help="For each operation, at most.")
@click.option("--postgres", is_flag=True, help="On PostgreSQL, started for this; otherwise on SQLite.")
@click.option("--url", help="Do not start a server: test this one, where the people of tests/fuzzing/people.yaml are.")
def fuzz(minutes: float, seed: int | None, examples: int, url: str | None, *, postgres: bool) -> None:
    """Test a server with requests from the contract until the time is up; exit with 1 if it fails."""
    leftovers.guard()
    seed = secrets.randbits(32) if seed is None else seed
    click.echo(f"Again with the same seed: python -m tests.fuzz --seed {seed}\n")
    options = ["--seed", str(seed), "--max-examples", str(examples), "--max-time", str(round(minutes * 60))]
    with tempfile.TemporaryDirectory(prefix="tickbox-fuzz-") as name:
        folder = Path(name)
        with contextlib.nullcontext(url) if url else _started(folder, postgres=postgres) as tested:
            report = run(tested, folder, options, capture=False)
    click.echo(f"\n{report}\nseed {seed}")
    sys.exit(report.exit_code)


@contextlib.contextmanager
def _started(folder: Path, *, postgres: bool) -> Iterator[str]:
    with contextlib.ExitStack() as stack:
        databases: Databases = SqliteDatabases(folder)
        if postgres:
            databases = PostgresDatabases(stack.enter_context(own_postgres()))
        yield stack.enter_context(serving(databases.migrated(), folder))


if __name__ == "__main__":
    fuzz()
