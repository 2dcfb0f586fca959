"""`python -m bench.stack.plots`: draw bench/results/stack.json and stack-growth.json as SVG, beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from bench.databases import KINDS

RESULTS = Path(__file__).parents[1] / "results"
_WIDTH, _HEIGHT = 760, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 16, 46, 26
_COLOURS = ("#2563a8", "#c8641e", "#4d8a3d", "#8a4d8a")
_INK, _PAPER, _LINE = "#333", "#fff", "#ccc"
_TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_RATIO = "by clock"


@dataclass(slots=True)
class Panel:
    """A part of the picture with a scale of its own, from 0 to *highest*, and groups from left to right."""

    top: float
    highest: float
    groups: Sequence[str]
    parts: list[ET.Element] = field(default_factory=list)

    def y(self, value: float) -> float:
        room = _HEIGHT - _TOP - _BOTTOM
        return self.top + _TOP + room * (1 - value / self.highest)

    def x(self, group: int, share: float) -> float:
        """The place in a group, *share* of its width from its left."""
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) / len(self.groups) * (group + share)

    def add(self, tag: str, **attributes: object) -> ET.Element:
        element = ET.Element(tag, {name.replace("_", "-"): _number(value) for name, value in attributes.items()})
        self.parts.append(element)
        return element

    def line(self, start: tuple[float, float], end: tuple[float, float], colour: str, **more: object) -> None:
        self.add("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], stroke=colour, **more)

    def text(self, x: float, y: float, text: str, *, anchor: str = "middle") -> None:
        self.add("text", x=x, y=y, fill=_INK, text_anchor=anchor).text = text

    def frame(self, title: str, names: Sequence[str], ticks: Sequence[float]) -> None:
        """The title, the key of the colours, the scale, and what the groups are."""
        self.text(_LEFT, self.top + 16, title, anchor="start")
        for number, name in enumerate(names):
            x = _LEFT + 130 * number
            self.add("rect", x=x, y=self.top + 25, width=10, height=10, fill=_COLOURS[number])
            self.text(x + 15, self.top + 34, name, anchor="start")
        for tick in ticks:
            self.line((_LEFT, self.y(tick)), (_WIDTH - _RIGHT, self.y(tick)), _LINE)
            self.text(_LEFT - 6, self.y(tick) + 4, f"{tick:g}", anchor="end")
        for number, group in enumerate(self.groups):
            self.text(self.x(number, 0.5), self.top + _HEIGHT - _BOTTOM + 16, group)


def main() -> None:
    for source, draw in ((RESULTS / "stack.json", ratios), (RESULTS / "stack-growth.json", growth)):
        if source.exists():
            found = json.loads(source.read_text(encoding="utf-8"))
            source.with_suffix(".svg").write_text(draw(found), encoding="utf-8")
            print(source.with_suffix(".svg").name)


def ratios(found: Mapping[str, Any]) -> str:
    """Bars of Tickbox's rate over each twin's, with the lowest and the highest of the rounds."""
    panels: list[Panel] = []
    for kind in (kind for kind in KINDS if kind in found and found[kind]["ratios"][_RATIO]):
        by_name: dict[str, dict[str, dict[str, float]]] = found[kind]["ratios"][_RATIO]
        operations = list(next(iter(by_name.values())))
        highest = max(one["highest"] for by_operation in by_name.values() for one in by_operation.values())
        panel = Panel(len(panels) * _HEIGHT, highest * 1.1, operations)
        title = f"{_TITLES[kind]}: requests of Tickbox for each of the other's, by the clock"
        panel.frame(title, list(by_name), _ticks(panel.highest))
        for number, by_operation in enumerate(by_name.values()):
            for group, operation in enumerate(operations):
                _bar(panel, by_operation[operation], place=(group, number, len(by_name)))
        panel.line((_LEFT, panel.y(1)), (_WIDTH - _RIGHT, panel.y(1)), _INK, stroke_dasharray="4 3")
        panels.append(panel)
    return _picture(panels)


def _bar(panel: Panel, ratio: Mapping[str, float], *, place: tuple[int, int, int]) -> None:
    group, number, count = place
    width = 0.8 / count
    left, right = panel.x(group, 0.1 + width * number), panel.x(group, 0.1 + width * (number + 0.9))
    top, middle = panel.y(ratio["median"]), (left + right) / 2
    panel.add("rect", x=left, y=top, width=right - left, height=panel.y(0) - top, fill=_COLOURS[number])
    panel.line((middle, panel.y(ratio["lowest"])), (middle, panel.y(ratio["highest"])), _INK)
    panel.text(middle, panel.y(ratio["highest"]) - 4, f"{ratio['median']:.2f}")


def growth(found: Mapping[str, Any]) -> str:
    """Lines of the p50 (dashed) and the p99 of each operation, from the smallest database to the largest."""
    panels: list[Panel] = []
    for kind in (kind for kind in KINDS if kind in found):
        sizes = list(next(iter(found[kind].values())))
        highest = max(one["p99_us"] for by_size in found[kind].values() for one in by_size.values()) / 1000
        panel = Panel(len(panels) * _HEIGHT, highest * 1.1, sizes)
        title = f"{_TITLES[kind]}: milliseconds of a request, p99 and (dashed) p50"
        panel.frame(title, list(found[kind]), _ticks(panel.highest))
        for number, by_size in enumerate(found[kind].values()):
            for percentile, dashes in (("p50_us", "4 3"), ("p99_us", "none")):
                points = [
                    (panel.x(group, 0.5), panel.y(by_size[size][percentile] / 1000)) for group, size in enumerate(sizes)
                ]
                for start, end in pairwise(points):
                    panel.line(start, end, _COLOURS[number], stroke_dasharray=dashes, stroke_width=2)
        panels.append(panel)
    return _picture(panels)


def _ticks(highest: float) -> list[float]:
    """From three to seven round numbers from 0 on."""
    steps = (digit * 10.0**power for power in range(-3, 6) for digit in (1, 2, 5))
    step = next(step for step in steps if highest / step < 7)
    return [step * number for number in range(int(highest / step) + 1)]


def _picture(panels: Sequence[Panel]) -> str:
    size = {"width": str(_WIDTH), "height": str(_HEIGHT * len(panels))}
    picture = ET.Element(
        "svg", size | {"xmlns": "http://www.w3.org/2000/svg", "font-family": "sans-serif", "font-size": "12"}
    )
    picture.append(ET.Element("rect", size | {"fill": _PAPER}))
    for panel in panels:
        picture.extend(panel.parts)
    ET.indent(picture)
    return ET.tostring(picture, encoding="unicode") + "\n"


def _number(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
