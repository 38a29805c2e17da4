"""tr(A e^{tau L} B rho) by evolving B rho as states, for all systems that have no closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf, log
from typing import Any

import numpy as np

from openweyl._core.progress import Progress, shares
from openweyl.evolution.applied import applied
from openweyl.evolution.evolve import Kind, evolve
from openweyl.model.system import System
from openweyl.weyl.symbol import Symbol

from .factors import Factor
from .polarization import Part, states_of
from .reading import change

NOISE = 1.2
"""A rate is measured between a distance and the last one before that was so many times larger: closer ones differ by
their errors."""


@dataclass
class EvolvedProduct:
    """B rho on its way, as the `parts` of which it is the sum, each with its own error in trace norm so far.

    `system`: with its clock at the time of rho. `options`: those of `evolve`.
    """

    system: System
    a: Factor
    parts: list[Part]
    errors: list[float]
    options: dict[str, Any]
    rest: Symbol | None = None
    """The one state at rest, if `slowest` is asked for."""
    known: float = inf
    """The rate of the slowest decay, if it is known otherwise than by what is seen."""
    sampled: list[tuple[Part, float]] = field(default_factory=list)
    distances: list[tuple[float, float]] = field(default_factory=list)
    """How far the parts were from rest, and when."""
    elapsed: float = 0.0
    until: float = 0.0

    @staticmethod
    def of(
        system: System, a: Factor, b: Factor, w: Symbol, error: float, *, kind: Kind, tol: float, **options: Any
    ) -> EvolvedProduct:
        """B rho from the symbol `w` of rho, whose error in trace norm is `error`."""
        parts = states_of(b, w, error, tol, quantum=kind == "quantum")
        own = change(np.abs(b.values(w)), w, error)
        errors = [own / (len(parts) * abs(part.weight)) for part in parts]
        return EvolvedProduct(system, a, parts, errors, {"kind": kind, "tol": tol, **options})

    def sample(self, delays: Sequence[float], progress: Progress | None = None) -> tuple[np.ndarray, np.ndarray]:
        """tr(A e^{tau L} B rho) at `delays` from here, complex, and its estimated error."""
        values, errors = np.zeros(len(delays), dtype=complex), np.zeros(len(delays))
        self.sampled, self.until = [], delays[-1]
        reports = shares(progress, [1.0] * max(len(self.parts), 1))
        for part, own, report in zip(self.parts, self.errors, reports, strict=False):
            solution = evolve(self.system, part.state, delays, progress=report, **self.options)
            lost = [own + error for error in solution.numerics.error]
            for j, symbol in enumerate(solution):
                read = self.a.values(symbol)
                values[j] += part.weight * complex((read * symbol.values).sum()) * symbol.grid.cell
                errors[j] += abs(part.weight) * change(np.abs(read), symbol, lost[j])
            self.sampled.append((Part(part.weight, solution.final), lost[-1]))
        return values, errors

    def advance(self) -> None:
        """Go on from the last of the delays that were sampled last."""
        self._look()
        self.parts, self.errors = [part for part, _ in self.sampled], [error for _, error in self.sampled]
        self.elapsed += self.until
        self._look()

    def _look(self) -> None:
        if self.rest is not None and not (self.distances and self.distances[-1][0] == self.elapsed):
            rest = self.rest
            far = [abs(part.weight) * float((part.state - rest).hilbert_schmidt()) for part in self.parts]
            lost = [abs(part.weight) * error for part, error in zip(self.parts, self.errors, strict=True)]
            self.distances.append((self.elapsed, max(sum(far), sum(lost))))

    def slowest(self) -> float:
        """The rate of the slowest decay: the known one, or that by which the parts, as a whole, last approached the
        state at rest, if that is slower: of many levels not all rates are known.
        """
        seen = self._last_rate()
        return min(seen, self.known) if seen > 0 or self.known == inf else self.known

    def _last_rate(self) -> float:
        """That by which the parts last approached the state at rest; 0 if they did not."""
        if not self.distances:
            return 0.0
        floor = NOISE * self.distances[-1][1]
        above = [(t, d) for t, d in self.distances[:-1] if d > floor] or self.distances[:1]
        (t, d), (u, e) = above[-1], self.distances[-1]
        return log(d / e) / (u - t) if u > t and 0 < e < d else 0.0

    def first_rate(self) -> float:
        """How fast the parts change at first, in units of themselves."""
        quantum = self.options["kind"] == "quantum"
        states = [part.state for part in self.parts]
        changes = [applied(self.system, w, quantum=quantum).hilbert_schmidt() / w.hilbert_schmidt() for w in states]
        return max(map(float, changes), default=0.0)
