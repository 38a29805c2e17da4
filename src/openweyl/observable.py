"""Bounded observables: how to read them off a symbol, and a bound on their operator norm.

    tr(O Op(w)) = (2 pi h)^-n int o w,        |tr(O A) - tr(O Op(a))| <= ||O|| ||A - Op(a)||_tr.

The norm is bounded, never guessed: ||f(x) + g(hD)|| <= sup|f| + sup|g|; a Husimi value and a parity have norm 1; what
is smoothed with coherent states (anti-Wick quantization, int o(z) |z><z| dz/(2 pi h)^n) has norm at most sup|o|.

An observable may vary faster than the symbol's grid, so the integrals are repeated on finer grids; what the last
halving of the spacing changes is reported as their error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import sympy

from ._check import InputError, must, real, shown, whole
from ._fourier import filtered
from ._public import public
from .grid import PhaseGrid, interpolation, resample, symbol_on
from .parser import parse, parse_number
from .smooth import check_smooth, interval
from .states import coherent
from .symbols import derivative, evaluate, separate, variables

POINTS = 2**20
"""The number of points up to which the grid of an integral is refined."""
ACCURACY = 1e-9
"""The change, relative to the observable's norm, at which refinement stops; after two halvings at least."""


Value: TypeAlias = Callable[[np.ndarray, PhaseGrid], tuple[float, float]]
"""A symbol and its grid -> the expectation value, and its error."""


@public
@dataclass(frozen=True)
class Observable:
    """A bounded observable: its `value` on a symbol, with an estimate of the error of that, and `norm` >= ||O||."""

    name: str
    norm: float
    value: Value

    def __post_init__(self) -> None:
        must(isinstance(self.name, str), "name", "be text", self.name)
        real("norm", self.norm, low=0.0)
        must(callable(self.value), "value", "be a function of a symbol and its grid", self.value)

    @staticmethod
    @public
    def parse(text: str, n: int) -> Observable:
        """The observable that `text` names, for n degrees of freedom.

        A formula f(x) + g(xi), bounded and smooth, such as "tanh(x)"; "smooth(o)": any bounded o(x, xi), smoothed with
        coherent states; "region(e)": the probability that e(x, xi) > 0, smoothed likewise; "husimi(x, xi)": the
        probability of the coherent state there; "parity": of u(x) -> u(-x).
        """
        must(isinstance(text, str), "observable", "be text", text)
        whole("n", n, 1, 10)
        match = re.fullmatch(r"\s*(smooth|region|husimi|parity)\s*(?:\((.*)\))?\s*", text, re.DOTALL)
        if match is None:
            return function(text, n)
        kind, inside = match[1], match[2] or ""
        if kind == "parity":
            must(match[2] is None, "observable", "be parity, without arguments", text)
            return parity(n)
        if kind == "husimi":
            numbers = [parse_number(part, "observable") for part in inside.split(",")]
            must(len(numbers) == 2 * n, "observable", f"give husimi {2 * n} numbers, x then xi", text)
            return husimi(numbers[:n], numbers[n:])
        return smoothed(inside, n, indicator=kind == "region")


def function(text: str, n: int) -> Observable:
    """f(x) + g(hD): norm at most sup|f| + sup|g|. Raises InputError if unbounded, or if x and xi mix."""
    x, xi = variables(n)
    o = _expression(text, n)
    parts = separate(o, x, xi)
    if parts is None:
        raise InputError(
            f"Argument `observable` must be f(x) + g(xi), but is {shown(text)}. Write smooth({shown(text)}) for its "
            "anti-Wick quantization, whose norm is at most the largest |value|."
        )
    norm = sum(_largest(part, text) for part in parts)

    return _observable(text, norm, n, lambda w, grid: _integral(w, grid, lambda fine: _on(o, fine), norm))


def smoothed(text: str, n: int, *, indicator: bool) -> Observable:
    """int o(z) <z|A|z> dz/(2 pi h)^n with o, or the indicator of o > 0: the integral against the Husimi density."""
    o = _expression(text, n)
    norm = 1.0 if indicator else _largest(o, text)

    def value(w: np.ndarray, grid: PhaseGrid) -> tuple[float, float]:
        k, s = grid.mesh("k", "s")
        gaussian = np.exp(-grid.h / 4 * sum(q**2 for q in k) - sum(q**2 for q in s) / (4 * grid.h))
        density = filtered(w, gaussian[None], grid.array_axes(x=True, xi=True))
        return _integral(density, grid, lambda fine: _inside(o, fine) if indicator else _on(o, fine), norm)

    return _observable(f"{'region' if indicator else 'smooth'}({text})", norm, n, value)


def husimi(x: list[float], xi: list[float]) -> Observable:
    """<z|A|z> for the coherent state at z = (x, xi): the integral against its symbol; norm 1."""
    projection = coherent(x, xi)
    places = ", ".join(f"{c:g}" for c in (*x, *xi))
    return _observable(f"husimi({places})", 1.0, len(x), lambda w, grid: _integral(w, grid, projection.symbol, 1.0))


def parity(n: int) -> Observable:
    """tr(Pi A) = 2^-n w(0) with (Pi u)(x) = u(-x); norm 1."""

    def value(w: np.ndarray, grid: PhaseGrid) -> tuple[float, float]:
        for axis in grid.x + grid.xi:
            w = np.tensordot(interpolation(axis, np.zeros(1))[0], w, axes=1)
        return float(w) / 2**n, 0.0

    return _observable("parity", 1.0, n, value)


def _observable(name: str, norm: float, n: int, value: Value) -> Observable:
    """The observable of n degrees of freedom whose value on a symbol that fits is this."""

    def checked(w: np.ndarray, grid: PhaseGrid) -> tuple[float, float]:
        w = symbol_on(w, grid)
        what = f"have n = {grid.n} degrees of freedom, as the symbol"
        must(grid.n == n, "observable", what, f"of n = {n}", f"It is {name}.")
        return value(w, grid)

    return Observable(name, norm, checked)


def _expression(text: str, n: int) -> sympy.Expr:
    x, xi = variables(n)
    o = parse(text, {str(v): v for v in x + xi}, "observable")
    check_smooth(o, "observable")
    return o


def _largest(o: sympy.Expr, text: str) -> float:
    low, high = interval(o)
    largest = max(abs(low), abs(high))
    if not np.isfinite(largest):
        raise InputError(
            f"Argument `observable` must be bounded, but {shown(text)} is not shown to be: a trace norm says nothing "
            "about unbounded observables. Means and covariances are among the results of `compare`."
        )
    return largest


def _integral(
    w: np.ndarray, grid: PhaseGrid, weight: Callable[[PhaseGrid], np.ndarray], scale: float
) -> tuple[float, float]:
    """(2 pi h)^-n int o w with o = weight(grid), on grids of 2, 1, 1/2, 1/4, ... times the spacing; the last change."""

    def on(w: np.ndarray, grid: PhaseGrid) -> float:
        return float((w * weight(grid)).sum() * grid.cell)

    values = [on(w[(slice(None, None, 2),) * w.ndim], grid.scaled(2)), on(w, grid)]
    while grid.size * 4**grid.n <= POINTS:
        finer = grid.scaled(1 / 2)
        w, grid = resample(w, grid, finer), finer
        values.append(on(w, grid))
        if len(values) > 3 and abs(values[-1] - values[-2]) <= ACCURACY * scale:
            break
    return values[-1], abs(values[-1] - values[-2])


def _inside(o: sympy.Expr, grid: PhaseGrid) -> np.ndarray:
    """The part of each grid cell where o > 0, by the gradient of o: sums converge like spacing^2."""
    names = variables(grid.n)
    across = 0.0
    for v, axis in zip((*names[0], *names[1]), grid.x + grid.xi, strict=True):
        across = across + np.abs(_on(derivative(o, v), grid)) * axis.spacing
    value = _on(o, grid)
    return np.where(across > 0, np.clip(value / np.where(across > 0, across, 1.0) + 0.5, 0.0, 1.0), value > 0)


def _on(o: sympy.Expr, grid: PhaseGrid) -> np.ndarray:
    x, xi = grid.mesh("x", "xi")
    names = variables(grid.n)
    with np.errstate(over="ignore", invalid="ignore"):  # exp(x**2) far out, as in 1/(1 + exp(x**2))
        values = evaluate(o, dict(zip((*names[0], *names[1]), (*x, *xi), strict=True)), np)
    must(bool(np.isfinite(values).all()), "observable", "have values on the grid that double precision holds", str(o))
    return np.asarray(values)
