"""One measured claim: what the paper says, what a run gives, and whether the two agree.

    y <= C x^q    is measured by a fit of    log y = log c + q log x + b x^s,

whose last term stands for the next order of an expansion y = c x^q (1 + b x^s + ...), s = 1 unless the claim knows
better: see `power_law`. The interval of q holds that of the fit, with what the errors of the y can do, and the fit
without the point farthest from the limit. C is then the least constant that serves on all points. Verdicts: `holds` if
all of the interval is on the claim's side, `fails` if none of it is, else `undecided`; an exponent may be off by
`EXPONENT_SLACK`, as no limit is ever reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np

from openweyl._core.plain import plain_fields
from openweyl._core.power_law import power_law

Verdict = Literal["holds", "fails", "undecided"]
EXPONENT_SLACK = 0.05
"""The exponent's distance from the claim that counts as agreement, relative to an exponent above 1: a tenth of 1/2, the
smallest difference of two claims."""
MAX_RELATIVE_ERROR = 0.2
"""Points with a larger relative error are left out of fits: it alone moves an exponent over a factor 16 by 0.07."""
FEWEST_POINTS = 5
"""An exponent needs at least this many points: the fit has three parameters, and its interval leaves one point out."""
WIDEST_INTERVAL = 0.5
"""An interval wider than this decides no equality: it does not tell h^{1/2} from h."""


@dataclass(frozen=True)
class Row:
    """A claim and its measurement. `x`, `y`: all points; `part`: the first and last x of the fit."""

    name: str
    claim: str
    predicted: str
    measured: float
    interval: tuple[float, float]
    constant: float
    verdict: Verdict
    variable: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    part: tuple[float, float] | None = None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for JSON."""
        row = plain_fields(self, *(field.name for field in fields(self)))
        return {"fitted" if name == "part" else name: value for name, value in row.items()}


def bound(
    name: str,
    claim: str,
    power: float,
    variable: str,
    x: Sequence[float],
    y: Sequence[float],
    *,
    exact: bool = False,
    large: bool = False,
    error: Sequence[float] | None = None,
    order: float = 1.0,
    note: str = "",
) -> Row:
    """y <= C x^power as x -> 0, or as x -> infinity where `large`.

    `exact`: the power is attained, y ~ C x^power; then C is that of the point nearest the limit, not the least C.
    """
    exponent, interval, part = fitted(x, y, large=large, error=error, order=order)
    slack = EXPONENT_SLACK * max(1.0, abs(power))
    constants = np.asarray(y) / np.asarray(x) ** power
    verdict: Verdict
    if exact:
        reached = interval[0] - slack <= power <= interval[1] + slack
        verdict = "fails" if not reached else "holds" if interval[1] - interval[0] <= WIDEST_INTERVAL else "undecided"
        sign, constant = "=", constants[np.argmax(x) if large else np.argmin(x)]
    else:
        low, high = interval if not large else (-interval[1], -interval[0])
        least = (-power if large else power) - slack
        verdict = "holds" if low >= least else "fails" if high < least else "undecided"
        sign, constant = "<=" if large else ">=", constants.max()
    predicted = f"{sign} {power:.4g}"
    shown = (variable, tuple(x), tuple(y), part, note)
    return Row(name, claim, predicted, exponent, interval, float(constant), verdict, *shown)


def level(
    name: str,
    claim: str,
    most: float,
    variable: str,
    x: Sequence[float],
    y: Sequence[float],
    *,
    error: float = 0.0,
    note: str = "",
) -> Row:
    """y <= most for all x, the y known to `error`."""
    worst = float(np.max(y))
    verdict: Verdict = "fails" if worst - error > most else "holds" if worst + error <= most else "undecided"
    interval = (worst - error, worst + error)
    return Row(name, claim, f"<= {most:.4g}", worst, interval, worst, verdict, variable, tuple(x), tuple(y), None, note)


def fitted(
    x: Sequence[float],
    y: Sequence[float],
    *,
    large: bool = False,
    error: Sequence[float] | None = None,
    order: float = 1.0,
) -> tuple[float, tuple[float, float], tuple[float, float] | None]:
    """q of the fit log y = log c + q log x + b x^s, s = `order` (-`order` where `large`), its interval, its range."""
    u, v = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    e = np.zeros_like(v) if error is None else np.asarray(error, dtype=float)
    usable = (v > 0) & np.isfinite(v) & (e <= MAX_RELATIVE_ERROR * v)
    u, v, e = (a[usable] for a in (u, v, e))
    far_to_near = np.argsort(u if large else -u)
    u, v, e = (a[far_to_near] for a in (u, v, e))
    if len(u) < FEWEST_POINTS:
        return float("nan"), (-np.inf, np.inf), None
    next_order = -order if large else order
    whole, nearer = (power_law(u[first:], v[first:], e[first:], next_order=next_order) for first in (0, 1))
    low = min(whole.exponent - whole.half_width, nearer.exponent)
    high = max(whole.exponent + whole.half_width, nearer.exponent)
    return whole.exponent, (low, high), (float(u.min()), float(u.max()))
