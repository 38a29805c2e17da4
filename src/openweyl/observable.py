"""Bounded observables: how to read them off a symbol, and a bound on their operator norm.

    tr(O Op(w)) = (2 pi h)^-n int o w,        |tr(O A) - tr(O Op(a))| <= ||O|| ||A - Op(a)||_tr.

The norm is bounded, never guessed: ||f(x) + g(hD)|| <= sup|f| + sup|g|; a Husimi value and a parity have norm 1; what
is smoothed with coherent states (anti-Wick quantization, int o(z) |z><z| dz/(2 pi h)^n) has norm at most sup|o|.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sympy

from ._check import InputError, must, shown
from ._fourier import filtered
from .grid import PhaseGrid, interpolation
from .smooth import check_smooth, interval
from .states import coherent
from .symbols import evaluate, parse, parse_number, separate, variables


@dataclass(frozen=True)
class Observable:
    """A bounded observable: its `value` on a symbol, and `norm` >= ||O||."""

    name: str
    norm: float
    value: Callable[[np.ndarray, PhaseGrid], float]

    @staticmethod
    def parse(text: str, n: int) -> Observable:
        """The observable that `text` names, for n degrees of freedom.

        A formula f(x) + g(xi), bounded and smooth, such as "tanh(x)"; "smooth(o)": any bounded o(x, xi), smoothed with
        coherent states; "region(e)": the probability that e(x, xi) > 0, smoothed likewise; "husimi(x, xi)": the
        probability of the coherent state there; "parity": of u(x) -> u(-x).
        """
        match = re.fullmatch(r"\s*(smooth|region|husimi|parity)\s*(?:\((.*)\))?\s*", text, re.DOTALL)
        if match is None:
            return function(text, n)
        kind, inside = match[1], match[2] or ""
        if kind == "parity":
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

    def value(w: np.ndarray, grid: PhaseGrid) -> float:
        return float((w * _on(o, grid)).sum() * grid.cell)

    return Observable(text, norm, value)


def smoothed(text: str, n: int, *, indicator: bool) -> Observable:
    """int o(z) <z|A|z> dz/(2 pi h)^n with o, or the indicator of o > 0: the integral against the Husimi density."""
    o = _expression(text, n)
    norm = 1.0 if indicator else _largest(o, text)

    def value(w: np.ndarray, grid: PhaseGrid) -> float:
        k, s = grid.mesh("k", "s")
        gaussian = np.exp(-grid.h / 4 * sum(q**2 for q in k) - sum(q**2 for q in s) / (4 * grid.h))
        density = filtered(w, gaussian[None], grid.array_axes(x=True, xi=True))
        weight = _on(o, grid)
        return float((density * ((weight > 0) if indicator else weight)).sum() * grid.cell)

    return Observable(f"{'region' if indicator else 'smooth'}({text})", norm, value)


def husimi(x: list[float], xi: list[float]) -> Observable:
    """<z|A|z> for the coherent state at z = (x, xi): the integral against its symbol; norm 1."""
    projection = coherent(x, xi)
    places = ", ".join(f"{c:g}" for c in (*x, *xi))
    return Observable(f"husimi({places})", 1.0, lambda w, grid: float((w * projection.symbol(grid)).sum() * grid.cell))


def parity(n: int) -> Observable:
    """tr(Pi A) = 2^-n w(0) with (Pi u)(x) = u(-x); norm 1."""

    def value(w: np.ndarray, grid: PhaseGrid) -> float:
        for axis in grid.x + grid.xi:
            w = np.tensordot(interpolation(axis, np.zeros(1))[0], w, axes=1)
        return float(w) / 2**n

    return Observable("parity", 1.0, value)


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


def _on(o: sympy.Expr, grid: PhaseGrid) -> np.ndarray:
    x, xi = grid.mesh("x", "xi")
    names = variables(grid.n)
    return np.asarray(evaluate(o, dict(zip((*names[0], *names[1]), (*x, *xi), strict=True)), np))
