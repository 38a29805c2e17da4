"""What `check_assumptions` returns: the hypotheses of Li's theorems one by one, what follows, and the scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openweyl._core.display import block, html_facts, html_table
from openweyl._core.plain import plain_fields
from openweyl._core.text import cut, table
from openweyl.model.states import State
from openweyl.model.system import System

VERDICTS = {True: "holds", False: "fails", None: "open"}
"""What a hypothesis does, in words."""
HEADS = ("line", "verdict", "how", "what")
"""The columns of the table of hypotheses."""


@dataclass(frozen=True)
class Line:
    """One hypothesis: does it hold (None: not known), "proved" or "sampled", with which constant, and why.

    `name`, `text`: plain letters, or `Prose` where there are formulas in them.
    """

    name: str
    holds: bool | None
    how: str
    value: float | None
    text: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return plain_fields(self, "name", "holds", "how", "value", "text")


@dataclass(frozen=True)
class Assumptions:
    """The hypotheses line by line, what follows for each theorem, and the scales that the bounds are made of.

    reasons: for each theorem the lines that fail, empty if it applies. seminorms: sup |d^alpha p| by |alpha| >= 2, and
    sup <z>^{|alpha| - 1} |d^alpha l_j| by |alpha| >= 0. state_seminorms: h^{rho |alpha| - n} ||d^alpha a||_{L1} summed
    over each |alpha|. epsilon = sqrt(gamma h/2), rho_tilde = log epsilon/log h (5.5). lyapunov: log |d phi^T|/T along
    the orbit of the state's mean, T the time at which |d phi^T| = h^{-1/2} or the horizon of `stretching`; inf if the
    orbit leaves the range of double precision before. ehrenfest_time = log(1/h)/(2 lyapunov), None if nothing is
    stretched. correspondence_time: where (1.10), with C = 1 and without its first two terms, reaches 1. escape: a
    sentence if the flow of p is found to reach infinity in finite time, else empty.
    """

    system: System
    state: State
    lines: tuple[Line, ...]
    applies: dict[str, bool]
    reasons: dict[str, list[str]]
    seminorms: dict[str, dict[int, float]]
    state_seminorms: dict[int, float]
    rho: float | None
    epsilon: float
    rho_tilde: float | None
    lyapunov: float
    ehrenfest_time: float | None
    correspondence_time: float | None
    escape: str

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists: what `openweyl check --json` prints."""
        scales = ("rho", "epsilon", "rho_tilde", "lyapunov", "ehrenfest_time", "correspondence_time")
        return {
            "system": self.system.as_dict() | {"state": str(self.state)},
            **plain_fields(self, "applies", "reasons"),
            "escape": self.escape or None,
            **plain_fields(self, "lines", "seminorms", "state_seminorms", *scales),
        }

    def __repr__(self) -> str:
        words = {name: "applies" if good else "does not apply" for name, good in self.applies.items()}
        verdicts = ", ".join(f"{name.replace('_', ' ')} {word}" for name, word in words.items())
        return f"<Assumptions: {verdicts}; {cut(str(self.system))}; {cut(str(self.state))}>"

    def __str__(self) -> str:
        width = max(len(line.text) for line in self.lines)
        lines = table(HEADS, [(*row, text.ljust(width)) for *row, text in self._rows()])
        scales = table(("scale", "value"), self._scales())
        return "\n".join([str(self.system), str(self.state), "", lines, "", *self._verdicts(), "", scales])

    def _repr_html_(self) -> str:
        lines = html_table(HEADS, self._rows(), most=len(self.lines))
        return block(cut(str(self.system)), cut(str(self.state)), lines, *self._verdicts(), html_facts(self._scales()))

    def _rows(self) -> list[tuple[str, str, str, str]]:
        """The rows of the table under HEADS."""
        return [(line.name, VERDICTS[line.holds], line.how, line.text) for line in self.lines]

    def _verdicts(self) -> list[str]:
        """A sentence for each theorem, and a warning if orbits reach infinity."""
        return [*map(self._verdict, self.applies), *([f"Take care: {self.escape}"] if self.escape else [])]

    def _verdict(self, theorem: str) -> str:
        name = theorem.replace("_", " ").capitalize()
        if self.applies[theorem]:
            return f"{name} applies."
        return f"{name} does not apply: {'; '.join(self.reasons[theorem])}."

    def _scales(self) -> list[tuple[str, float | str]]:
        scales = (
            ("eps = sqrt(gamma h/2)", self.epsilon),
            ("rho of the state", self.rho),
            ("rho-tilde = log eps/log h", self.rho_tilde),
            ("Lyapunov exponent", self.lyapunov),
            ("Ehrenfest time", self.ehrenfest_time),
            ("time of correspondence", self.correspondence_time),
        )
        return [(name, "none" if value is None else value) for name, value in scales]
