"""Bounded observables: how to read them off a symbol, and a bound on their operator norm.

    tr(O Op(w)) = (2 pi h)^-n int o w,        |tr(O A) - tr(O Op(a))| <= ||O|| ||A - Op(a)||_tr.

The norm is bounded, never guessed: ||f(x) + g(hD)|| <= sup|f| + sup|g|; a Husimi value and a parity have norm 1; what
is smoothed with coherent states (anti-Wick quantization, int o(z) |z><z| dz/(2 pi h)^n) has norm at most sup|o|.

The symbol is band-limited, so that its marginals are known everywhere, and an observable may vary faster than any grid:
each of its terms is integrated against the marginal in its own variables by `quadrature`, whose errors are bounds, if
these are one or two. With three or more, sums over two grids are compared, and `scales` says whether these see
the formula at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from math import ceil, pi, sqrt
from typing import TypeAlias

import numpy as np
import sympy

from openweyl._core.arguments import InputError, must, real, shown, whole
from openweyl._core.calls import public
from openweyl.phase_space.grid import PhaseGrid, interpolation, symbol_on
from openweyl.phase_space.marginals import ROOM, Marginal
from openweyl.symbolic.algebra import separate
from openweyl.symbolic.expressions import derivative, evaluate, variables
from openweyl.symbolic.length_scales import scales
from openweyl.symbolic.parsing import parse, parse_number
from openweyl.symbolic.smoothness import check_smooth, interval

from .quadrature import MOST, integral, share

ACCURACY = 1e-10
"""The error of an integral that is aimed at, relative to the observable's norm."""
REGION = {1: 1e-10, 2: 1e-6}
"""The same for regions, by the number of variables: in two an edge is a curve, and each halving of its cells costs."""
PRECISION = 1e-13
"""Round-off of single values of a symbol, relative to its largest."""


Value: TypeAlias = Callable[[np.ndarray, PhaseGrid], tuple[float, float]]
"""A symbol and its grid -> the expectation value, and its error."""


@public
@dataclass(frozen=True)
class Observable:
    """A bounded observable: its `value` on a symbol, with the error of that, and `norm` >= ||O||.

    The error is a bound for formulas and regions whose terms have one or two variables each, for Husimi values and for
    the parity; what the symbol itself lost at the edges of its box and grid is not in it.
    """

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

    def value(w: np.ndarray, grid: PhaseGrid) -> tuple[float, float]:
        found = [_mean(f, w, grid, smooth=False) for part in parts for f in _by_variables(part)]
        return sum(v for v, _ in found), sum(e for _, e in found)

    return _observable(text, norm, n, value)


def smoothed(text: str, n: int, *, indicator: bool) -> Observable:
    """int o(z) <z|A|z> dz/(2 pi h)^n with o, or the indicator of o > 0: the integral against the Husimi density."""
    o = _expression(text, n)
    norm = 1.0 if indicator else _largest(o, text)

    def value(w: np.ndarray, grid: PhaseGrid) -> tuple[float, float]:
        if indicator:
            return _mean(o, w, grid, smooth=True, indicator=True)
        found = [_mean(f, w, grid, smooth=True) for f in _by_variables(o)]
        return sum(v for v, _ in found), sum(e for _, e in found)

    return _observable(f"{'region' if indicator else 'smooth'}({text})", norm, n, value)


def husimi(x: list[float], xi: list[float]) -> Observable:
    """<z|A|z> for the coherent state at z = (x, xi): the Husimi density there, times (2 pi h)^n; norm 1."""
    place = [*x, *xi]

    def value(w: np.ndarray, grid: PhaseGrid) -> tuple[float, float]:
        rest, round_off = _overlap(w, grid, place), PRECISION * float(np.abs(w).max())
        for axis, c in zip(grid.x + grid.xi, place, strict=True):
            room = ceil(ROOM * sqrt(grid.h) / axis.spacing)
            if not -room <= (c - axis.lower) / axis.spacing <= axis.size + room:
                return 0.0, rest
            k = 2 * pi * np.fft.rfftfreq(axis.size + 2 * room, axis.spacing)  # no period is that near
            waves = np.cos(k[:, None] * (c - axis.points)) * np.exp(-grid.h / 4 * k[:, None] ** 2)
            waves[1:] *= 2
            w = np.tensordot(waves.sum(axis=0) / (axis.size + 2 * room), w, axes=1)
        return float(w), round_off

    places = ", ".join(f"{c:g}" for c in (*x, *xi))
    return _observable(f"husimi({places})", 1.0, len(x), value)


def _overlap(w: np.ndarray, grid: PhaseGrid, place: list[float]) -> float:
    """A bound of int |w| 2^n e^{-|z - place|^2/h} / (2 pi h)^n, by the points of cells that are nearest to `place`."""
    w = np.abs(w)
    for axis, c in zip(grid.x + grid.xi, place, strict=True):
        near = np.maximum(np.abs(axis.points - c) - axis.spacing / 2, 0.0)
        w = np.tensordot(np.exp(-(near**2) / grid.h), w, axes=1)
    return float(w) * grid.cell * 2**grid.n


def parity(n: int) -> Observable:
    """tr(Pi A) = 2^-n w(0) with (Pi u)(x) = u(-x); norm 1."""

    def value(w: np.ndarray, grid: PhaseGrid) -> tuple[float, float]:
        if not all(a.lower <= 0 <= a.upper for a in grid.x + grid.xi):
            return 0.0, 0.0  # a symbol is nil outside its box
        round_off = PRECISION * float(np.abs(w).max())
        for axis in grid.x + grid.xi:
            w = np.tensordot(interpolation(axis, np.zeros(1))[0], w, axes=1)
        return float(w) / 2**n, round_off

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


def _by_variables(o: sympy.Expr) -> list[sympy.Expr]:
    """The additive terms of `o`, those in the same variables together."""
    groups: dict[frozenset[sympy.Symbol], list[sympy.Expr]] = {}
    for term in sympy.Add.make_args(o):
        groups.setdefault(frozenset(term.free_symbols), []).append(term)
    return [sympy.Add(*terms) for terms in groups.values()]


def _mean(
    o: sympy.Expr, w: np.ndarray, grid: PhaseGrid, *, smooth: bool, indicator: bool = False
) -> tuple[float, float]:
    """(int o or its indicator against w, or against its Husimi density; a bound of the error of that)."""
    x, xi = variables(grid.n)
    kept = [i for i, v in enumerate(x + xi) if o.has(v)]
    if not kept:
        total, number = float(w.sum()) * grid.cell, float(o)
        return (number if not indicator else float(number > 0)) * total, PRECISION * abs(number * total)
    names = tuple((x + xi)[i] for i in kept)
    density, lost = Marginal.marginal(w, grid, kept), 0.0
    if smooth:
        density, lost = density.smoothed(grid.h)
    bound = 1.0 if indicator else max(map(abs, interval(o)))
    if len(kept) not in MOST:
        value, error = _compared(o, names, density, bound, indicator=indicator)
    elif indicator:
        value, error = share(o, names, density, REGION[len(kept)])
    else:
        value, error = integral(o, names, density, bound, ACCURACY * bound)
    return value, error + bound * lost


def _compared(
    o: sympy.Expr, names: tuple[sympy.Symbol, ...], density: Marginal, bound: float, *, indicator: bool
) -> tuple[float, float]:
    """Sums over the density's points; their error is the change from every second point, if they resolve the formula.

    If not, nothing is known but |o| <= `bound`.
    """

    def on(density: Marginal) -> float:
        columns = np.meshgrid(*(a.points for a in density.axes), indexing="ij", sparse=True)
        at = dict(zip(names, columns, strict=True))
        spacings = [a.spacing for a in density.axes]
        with np.errstate(all="ignore"):
            values = _inside(o, at, spacings) if indicator else evaluate(o, at, np)
        return float((np.clip(np.nan_to_num(values), -bound, bound) * density.values).sum()) * float(np.prod(spacings))

    coarse, fine = on(density.coarser()), on(density)
    spacing = {v: a.spacing for v, a in zip(names, density.axes, strict=True)}
    box = {v: (a.lower, a.upper) for v, a in zip(names, density.axes, strict=True)}
    seen = all(s.resolved for s in scales(o, box, spacing, spacing))
    return fine, abs(fine - coarse) if seen else 2 * bound * density.mass


def _inside(o: sympy.Expr, at: dict[sympy.Symbol, np.ndarray], spacings: list[float]) -> np.ndarray:
    """The part of each grid cell where o > 0, by the gradient of o: sums converge like spacing^2."""
    slopes = [np.abs(evaluate(derivative(o, v), at, np)) * d for v, d in zip(at, spacings, strict=True)]
    across = reduce(np.add, slopes)
    value = evaluate(o, at, np) + 0.0 * across
    return np.where(across > 0, np.clip(value / np.where(across > 0, across, 1.0) + 0.5, 0.0, 1.0), value > 0)
