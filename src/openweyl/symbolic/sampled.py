"""Functions of the time by their samples: broken lines, and cubic splines.

    f(t)  =  sum_m c_mk (t - t_k)^m        for t_k <= t <= t_{k+1},

of degree 1 or 3. Outside of its samples such a function is not known: a run that goes there is refused. The spline is
SciPy's `CubicSpline`, "not-a-knot" at both ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import sympy

from openweyl._core.arguments import fail, is_list, must, numbers_of, real

from .intervals import Interval

MAX_SAMPLES = 100_000
"""The most samples of a function: more corners than any run meets."""
MAX_SHOWN = 8
"""Samples that are written out where a formula is shown; of more, their number."""
SAME_END = 1e-12
"""The part of its length by which a run may end after the last sample: round-off."""
KINDS = {"linear": "interp", "cubic": "spline"}
"""How functions go between their samples, and what formulas call them."""


class Samples(sympy.Atom):
    """Knots t_k and coefficients c_mk, shape (degree + 1, pieces), the constants first; and what it is called.

    An atom of SymPy: it is compared and remembered by a digest of the numbers.
    """

    is_commutative = True
    __slots__ = ("__dict__", "coefficients", "digest", "knots", "label")

    def __new__(cls, knots: np.ndarray, coefficients: np.ndarray, label: str) -> Samples:
        made = super().__new__(cls)
        made.knots, made.coefficients, made.label = knots, coefficients, label
        made.digest = sha256(knots.tobytes() + coefficients.tobytes() + label.encode()).hexdigest()
        return made

    def _hashable_content(self) -> tuple[str, ...]:
        return (self.digest,)

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.knots, self.coefficients, self.label

    def __getstate__(self) -> None:
        return None

    def sort_key(self, order: Any = None) -> Any:  # noqa: ARG002 - SymPy's signature
        """SymPy's order of expressions."""
        return self.class_key(), (1, (self.digest,)), sympy.S.One.sort_key(), sympy.S.One

    def as_dict(self) -> dict[str, Any]:
        """What makes it again: its kind, its times and its values."""
        values = [*self.coefficients[0].tolist(), float(self.values(self.knots[-1]))]
        kind = "linear" if len(self.coefficients) == 2 else "cubic"
        return {"kind": kind, "times": self.knots.tolist(), "values": values}

    def derivative(self) -> Samples:
        """The samples of df/dt, or none if it is 0."""
        powers = np.arange(1, len(self.coefficients))[:, None]
        return Samples(self.knots, self.coefficients[1:] * powers, f"{self.label}'")

    def values(self, t: Any, xp: Any = np) -> Any:
        """f at the times t, from the piece that begins there."""
        k = xp.clip(xp.searchsorted(xp.asarray(self.knots), t, side="right") - 1, 0, len(self.knots) - 2)
        u, total = t - xp.asarray(self.knots)[k], 0.0
        for c in self.coefficients[::-1]:
            total = total * u + xp.asarray(c)[k]
        return total

    def hull(self, t: Any) -> Any:
        """An enclosure of f on intervals of time; at their very ends, only from within."""
        if not isinstance(t, Interval):
            return Interval(*2 * (self.values(t),))
        first = np.clip(np.searchsorted(self.knots, t.low, side="right") - 1, 0, len(self.knots) - 2)
        last = np.clip(np.searchsorted(self.knots, t.high, side="left") - 1, 0, len(self.knots) - 2)
        first, last = np.minimum(first, last), np.maximum(first, last)
        begin = self._on_pieces(first, t.low, np.minimum(t.high, self._end(first)))
        end = self._on_pieces(last, np.maximum(t.low, self._begin(last)), t.high)
        low, high = np.minimum(begin.low, end.low), np.maximum(begin.high, end.high)
        length = last - first - 1
        for level, (least, most) in enumerate(self._ranges):
            chosen = np.flatnonzero((length >= 2**level) & (length < 2 ** (level + 1)))
            if chosen.size:
                for start in (first.ravel()[chosen] + 1, last.ravel()[chosen] - 2**level):
                    low.ravel()[chosen] = np.minimum(low.ravel()[chosen], least[start])
                    high.ravel()[chosen] = np.maximum(high.ravel()[chosen], most[start])
        return Interval(low, high)

    def _begin(self, k: np.ndarray) -> np.ndarray:
        """Where the k-th piece begins; the first one holds all earlier times."""
        return np.where(k > 0, self.knots[k], -np.inf)

    def _end(self, k: np.ndarray) -> np.ndarray:
        return np.where(k < len(self.knots) - 2, self.knots[k + 1], np.inf)

    def _on_pieces(self, k: np.ndarray, low: np.ndarray, high: np.ndarray) -> Interval:
        """An enclosure of the k-th pieces on intervals within them."""
        u = Interval(low, high) + -self.knots[k]
        total = Interval(self.coefficients[-1][k], self.coefficients[-1][k])
        for c in self.coefficients[-2::-1]:
            total = total * u + Interval(c[k], c[k])
        return total

    @cached_property
    def _ranges(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Bounds of f on 1, 2, 4, ... pieces from each one on."""
        k = np.arange(len(self.knots) - 1)
        hull = self._on_pieces(k, self.knots[:-1], self.knots[1:])
        ranges, width = [(hull.low, hull.high)], 1
        while 2 * width <= len(k):
            low, high = ranges[-1]
            ranges.append((np.minimum(low[:-width], low[width:]), np.maximum(high[:-width], high[width:])))
            width *= 2
        return ranges


class Sampled(sympy.Function):
    """f(t) by its samples, a function of the time and of these."""

    nargs = 2

    @classmethod
    def eval(cls, t: sympy.Expr, samples: Samples) -> sympy.Expr | None:
        """A number, where the time is one."""
        return sympy.Float(float(samples.values(float(t)))) if t.is_number else None

    def _eval_derivative(self, s: sympy.Symbol) -> sympy.Expr:
        t, samples = self.args
        if not t.has(s) or len(samples.coefficients) == 1:
            return sympy.S.Zero
        return Sampled(t, samples.derivative()) * t.diff(s)

    def _eval_is_real(self) -> bool:
        return True

    def _sympystr(self, _printer: Any) -> str:
        return str(self.args[1].label)

    def _latex(self, _printer: Any, exp: str | None = None) -> str:
        label = self.args[1].label
        shown = rf"\mathrm{{{label if label.isalnum() else 'interp'}}}(t)"
        return shown if exp is None else f"{shown}^{{{exp}}}"


def sampled(
    time: sympy.Expr, times: Any, values: Any, kind: str = "linear", label: str = "", name: str = ""
) -> sympy.Expr:
    """The function of `time` with these values at these times, increasing, `linear` or `cubic` between them.

    `label`: what formulas show; `name`: the argument's name in messages.
    """
    must(isinstance(kind, str) and kind in KINDS, "kind", f"be {' or '.join(KINDS)}", kind)
    t, f = (_numbers(column, name) for column in (times, values))
    must(len(t) == len(f), name, "have as many values as times", f"{len(t)} times and {len(f)} values")
    must(len(t) >= 2, name, "have at least two samples", len(t))
    late = np.flatnonzero(np.diff(t) <= 0)
    if late.size:
        k = int(late[0])
        raise fail(name, "have its times increasing", f"{t[k + 1]:.10g} after {t[k]:.10g}", "Sort the samples.")
    coefficients = _coefficients(t, f, kind)
    must(np.isfinite(coefficients).all(), name, "have moderate slopes", "steeper than double precision holds")
    return Sampled(time, Samples(t, coefficients, label or _text(t, f, kind)))


def _numbers(column: Any, name: str) -> np.ndarray:
    must(is_list(column), name, "have lists of times and of values", column)
    return np.array([real(name, v) for v in numbers_of(name, column, "have numbers for samples", MAX_SAMPLES)])


def _coefficients(t: np.ndarray, f: np.ndarray, kind: str) -> np.ndarray:
    with np.errstate(all="ignore"):
        if kind == "linear":
            return np.array([f[:-1], np.diff(f) / np.diff(t)])
        from scipy.interpolate import CubicSpline  # slow to import

        return np.ascontiguousarray(CubicSpline(t, f).c[::-1])


def _text(t: np.ndarray, f: np.ndarray, kind: str) -> str:
    """The call that makes it, if it has few samples."""
    if len(t) > MAX_SHOWN:
        return f"{KINDS[kind]}(t, {len(t)} samples)"
    times, values = (", ".join(repr(float(v)) for v in column) for column in (t, f))
    return f"{KINDS[kind]}(t, [{times}], [{values}])"


def samples_in(formulas: Sequence[sympy.Expr]) -> list[Samples]:
    """The samples that formulas have, each once, by what they are called."""
    found = {atom for f in formulas for atom in f.atoms(Samples)}
    return sorted(found, key=lambda samples: (samples.label, samples.digest))


def knots_of(formulas: Sequence[sympy.Expr], end: float) -> np.ndarray:
    """The times of all samples in `formulas`; raises InputError if these do not reach from 0 to `end`."""
    found = [np.array([])]
    for samples in samples_in(formulas):
        first, last = samples.knots[0], samples.knots[-1]
        known = first <= SAME_END * end and end <= last * (1 + SAME_END)
        what = f"lie within the samples of {samples.label}, from {first:.6g} to {last:.6g}"
        must(known, "times", what, f"from 0 to {end:.6g}", "Runs begin at t = 0.")
        found.append(samples.knots)
    return np.concatenate(found)
