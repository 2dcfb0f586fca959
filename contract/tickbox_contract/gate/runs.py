"""One run of the gate: the contract, the rules, and what they need, as the command line and the settings name them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

from tickbox_contract.openapi.rules import FILE_STAGES, SERVER_STAGES, Rule, Stage

from .baselines import Baseline, BaselineError
from .compatible.releases import NoReleaseError, releases
from .compatible.stage import ReleaseComparer
from .contracts import Surroundings
from .exceptions import Decisions, is_excused
from .failures import CannotRun, shown
from .findings import Report, printable
from .handlers import finder
from .live.clients.attempts import Attempts
from .live.clients.recipes import recipes
from .live.servers import Server
from .progress import on_terminal, say
from .rule_sets import ADVICE, DEFAULT_SETS, RuleSet, chosen
from .rules import RULES, run
from .settings import Settings
from .texts import bytes_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A program's own contract, which its gate checks if no other one is named.

    `released` is the folder of its releases; `handlers` is the name of a package; `notes` are texts beside it; see
    Surroundings for the other two.
    """

    contract: Path
    released: Path
    handlers: str
    notes: tuple[Path, ...]
    access_words: Callable[[], Mapping[str, Collection[str]]]
    stale_models: Callable[[], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What to check, and by which rules. What the command line names replaces what the settings say."""

    path: Path
    own: Own | None
    settings: Settings
    today: date
    stages: tuple[Stage, ...] = ()
    rule_sets: tuple[RuleSet, ...] = ()
    handlers: str | None = None
    against: tuple[str, ...] = ()
    url: str | None = None
    client_names: tuple[str, ...] = ()
    client_logs: Path | None = None
    baseline: Path | None = None
    write_baseline: Path | None = None

    def report(self) -> Report:
        """Check the contract. Raises CannotRun, UnreadableError, NoReleaseError, OSError."""
        raw = bytes_of(self.path)
        known = self._baseline()
        comparer = self._comparer()
        stages = tuple(stage for stage in self._asked if stage != "compatible" or comparer)
        if not stages:
            raise NoReleaseError("there is no release to compare with: name one with --against")
        handlers = self._handlers if "complete" in stages else None
        surroundings = Surroundings(
            handlers=finder(handlers, is_own=self._is_ours(handlers)) if handlers else None,
            stale_models=self.own.stale_models if self.own else None,
            access_words=self._words,
            compare=comparer,
            progress=on_terminal,
            server=self._server,
            clients=self._clients() if "clients" in stages else None,
        )
        rules = self._rules()
        report = run(raw, file=shown(self.path), path=self.path, stages=stages, surroundings=surroundings, rules=rules)
        return self._decided(report, known)

    @property
    def _asked(self) -> tuple[Stage, ...]:
        """The stages: those that are named; otherwise those of the file, and if there is a URL those of the server."""
        return self.stages or (*FILE_STAGES, *(SERVER_STAGES if self.url else ()))

    @property
    def _server(self) -> Server:
        return replace(self.settings.server, url=self.url or self.settings.server.url)

    def _clients(self) -> Attempts:
        """The clients that are named, or those of the settings, or else all recipes."""
        known = {**recipes(), **{client.name: client for client in self.settings.clients}}
        for name in self.client_names:
            if name not in known:
                raise CannotRun(f"there is no client {printable(name)!r}: {', '.join(known)}")
        named = tuple(known[name] for name in dict.fromkeys(self.client_names)) or self.settings.clients
        return Attempts(
            clients=named or tuple(recipes().values()),
            is_named=bool(named),
            contract=self.path,
            settings=shown(self.settings.file) if self.settings.file else "",
            server=self._server,
            logs=self.client_logs,
            say=say,
        )

    @property
    def _handlers(self) -> str | None:
        return self.handlers or self.settings.handlers or (self.own.handlers if self.own else None)

    def _is_ours(self, handlers: str) -> bool:
        return self.own is not None and handlers == self.own.handlers

    @property
    def _words(self) -> Mapping[str, Collection[str]] | None:
        return self.settings.access or (self.own.access_words() if self.own else None)

    def _rules(self) -> tuple[Rule, ...]:
        """All rules hold for a program's own contract, and what is advice to others is an error."""
        if self.own:
            return tuple(replace(rule, severity="error") if rule.rule_id in ADVICE else rule for rule in RULES)
        sets = self.rule_sets or self.settings.rule_sets or DEFAULT_SETS
        followed = {"access-rule", "guarded-rights"} if self.settings.access else set()
        return chosen(RULES, sets, and_also=followed | ({"operation-handler"} if self._handlers else set()))

    def _comparer(self) -> ReleaseComparer | None:
        """Compare the contract with the releases that are named, or with our own; None if there is none."""
        if "compatible" not in self._asked:
            return None
        named = self.against or self.settings.against
        ours = (shown(self.own.released),) if self.own and self.own.released.is_dir() else ()
        found = tuple(release for name in named or ours for release in releases(name, contract=self.path))
        if named and not found:
            raise NoReleaseError(f"{', '.join(named)} has no contract: name a file, a folder or a git revision")
        roles = tuple((self._words or {}).get("role", ()))
        excused = partial(is_excused, self.settings, self.today)
        return ReleaseComparer(found, self.today, roles, excused) if found else None

    def _decided(self, report: Report, known: Baseline | None) -> Report:
        """*report* with the team's decisions, after the baseline is written, if it is to be."""
        file = self.write_baseline or self.baseline or self.settings.baseline
        decisions = Decisions(
            settings=self.settings,
            file=shown(self.settings.file) if self.settings.file else "",
            baseline=known,
            baseline_file=shown(file) if file else "",
            today=self.today,
            of_the_file=frozenset(rule.rule_id for rule in RULES if rule.stage in {"valid", "style", "complete"}),
        )
        if self.write_baseline is None:
            return decisions.applied(report)
        before = replace(decisions, baseline=None).applied(report)
        checked = {rule.rule_id for rule in report.rules} - {skip.rule.rule_id for skip in report.skipped}
        counting = [finding for finding in before.findings if finding.rule.stage != "settings"]
        written = (known or Baseline()).without(checked) | Baseline.of(counting)
        written.write(self.write_baseline)
        return replace(decisions, baseline=written).applied(report)

    def _baseline(self) -> Baseline | None:
        """The baseline to begin with: if one is written, the one that it replaces, which may not exist."""
        file = self.write_baseline or self.baseline or self.settings.baseline
        if file is None or (self.write_baseline and not file.exists()):
            return None
        try:
            return Baseline.read(file)
        except FileNotFoundError as error:
            name = shown(file)
            raise CannotRun(f"{name}: there is no such baseline: write it with --write-baseline {name}") from error
        except BaselineError as error:
            raise CannotRun(f"{shown(file)}: {error}") from error
