"""Exponents p of the distance, log D = c + p log(axis) over the points that there are, with what (1.10) says of p.

The interval is that of `power_law`. Distances are no random numbers: what is left beside a line is curvature, and the
interval knows only the line. So both halves of the points are fitted too, and where their exponents differ there is no
exponent to speak of.
The bound is fitted over the same points, where its constant cancels: a bound holds with larger distances too, so
what it asks of p is one-sided as h -> 0, gamma -> infinity or t -> infinity, and a guide at finite values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openweyl._core.power_law import power_law, slope_weights
from openweyl.theory.bounds import covers, right_side

from .study import Study

FEWEST_POINTS = 4
"""Points that a fit needs: two for each half. Through three, a curve may look like any line."""
WIDEST_HALF_WIDTH = 0.5
"""The half-width from which on an exponent says nothing: it does not tell h^{1/2} from h, both of which (1.10) has."""
LEAST_CURVATURE = 0.2
"""The difference of the exponents of both halves from which on there is no single one: less than half of what tells
h^{1/2} from h."""
LIMITS = {"h": 0.5, "gamma": -1.5, "time": 1.0}
"""The exponents of Li (1.10): h^{1/2}; gamma^{-3/2}, of the part that grows with t; t."""


@dataclass(frozen=True)
class Fit:
    """`exponent` +- `half_width` of the distance along `axis`, from `points` values between `low` and `high`.

    `fixed`: the other coordinates. `bound`: the exponent of the right-hand side of (1.10) over the same points, NaN
    where the theorem does not speak. `halves`: the exponents of the lower and the upper half of the points;
    `halves_error`: the most by which the errors of the distances move their difference. `given`: how many values there
    were, of which `points` exceed twice their error.
    """

    axis: str
    fixed: dict[str, float]
    exponent: float
    half_width: float
    bound: float
    points: int
    low: float
    high: float
    halves: tuple[float, float]
    halves_error: float
    given: int

    @property
    def curved(self) -> bool:
        """Whether the exponent changes along the axis by more than the errors, and than a table would hide."""
        return abs(self.halves[1] - self.halves[0]) > self.halves_error + LEAST_CURVATURE

    @property
    def tells(self) -> bool:
        """Whether the exponent says anything: it is a number, or is seen to be none."""
        return self.curved or self.half_width < WIDEST_HALF_WIDTH


def exponents(study: Study) -> list[Fit]:
    """The fits along h, along gamma > 0 (both at the last time) and along t (at the least h), where there are enough
    distances that exceed twice their error.
    """
    h, gamma, t = study.values("h"), study.values("gamma"), study.times
    base, fits = study.base, []
    for j, g in enumerate(gamma):
        d, e = (study.over(a, "h", base | {"gamma": j}, -1) for a in (study.distance, study.error))
        fits.append(_fit("h", {"gamma": g, "time": t[-1]}, h, d, e))
    for i, value in enumerate(h):
        d, e = (study.over(a, "gamma", base | {"h": i}, -1) for a in (study.distance, study.error))
        inside = (gamma >= 1) & (gamma <= 1 / value) & np.isfinite(d)
        part = inside if inside.sum() >= FEWEST_POINTS else gamma > 0  # the theorem's range, if there is enough of it
        fits.append(_fit("gamma", {"h": value, "time": t[-1]}, gamma[part], d[part], e[part]))
    least = int(np.argmin(h))
    for j, g in enumerate(gamma):
        point = base | {"h": least, "gamma": j}
        d, e = study.at(study.distance, point), study.at(study.error, point)
        late = t >= 1 if (t >= 1).sum() >= FEWEST_POINTS else t > 0
        fits.append(_fit("time", {"h": h[least], "gamma": g}, t[late], d[late], e[late]))
    return [fit for fit in fits if fit is not None]


def _fit(axis: str, fixed: dict[str, float], x: np.ndarray, d: np.ndarray, error: np.ndarray) -> Fit | None:
    """The fit of the distances `d` over `x`; None if too few of them exceed twice their error."""
    error = np.where(np.isfinite(error), error, 0.0)
    with np.errstate(invalid="ignore"):
        used = np.isfinite(d) & (d > 2 * error) & (d > 0) & (x > 0)
    given, order = int((x > 0).sum()), np.argsort(x[used])
    x, d, error = (a[used][order] for a in (x, d, error))
    if len(x) < FEWEST_POINTS:
        return None
    law, half = power_law(x, d, error), (len(x) + 1) // 2
    lower, upper = (np.zeros(len(x)) for _ in range(2))
    lower[:half], upper[-half:] = slope_weights(x[:half]), slope_weights(x[-half:])
    h, gamma, t = ((fixed | {axis: x})[name] for name in ("h", "gamma", "time"))
    stated = np.all(covers(h, gamma) & (np.asarray(t) > 0))  # whether Theorem 1 speaks of all these points
    bound = float(law.weights @ np.log(right_side(h, gamma, t))) if stated else float("nan")
    return Fit(
        axis=axis,
        fixed=fixed,
        exponent=law.exponent,
        half_width=law.half_width,
        bound=bound,
        points=len(x),
        low=float(x[0]),
        high=float(x[-1]),
        halves=(float(lower @ np.log(d)), float(upper @ np.log(d))),
        halves_error=float(np.abs(upper - lower) @ (error / d)),
        given=given,
    )
