"""Bounded observables: how to read them off a symbol, and a bound on their operator norm.

    tr(O Op(w)) = (2 pi h)^-n int o w,        |tr(O A) - tr(O Op(a))| <= ||O|| ||A - Op(a)||_tr.

The norm is bounded, never guessed: ||f(x) + g(hD)|| <= sup|f| + sup|g|; a Husimi value and a parity have norm 1; what
is smoothed with coherent states (anti-Wick quantization, int o(z) |z><z| dz/(2 pi h)^n) has norm at most sup|o|.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import sympy

from openweyl._core.arguments import InputError, is_list, must, real, shown, whole
from openweyl._core.calls import public
from openweyl._core.estimates import Estimate
from openweyl._core.text import cut
from openweyl.phase_space.grid_function import GridFunction, check_function
from openweyl.symbolic.algebra import separate
from openweyl.symbolic.expressions import MAX_MODES, variables
from openweyl.symbolic.parsing import parse, parse_number
from openweyl.symbolic.smoothness import check_smooth, interval

from .readings import FormulaMean, HusimiValue, ParityValue

Reading: TypeAlias = Callable[[GridFunction], tuple[float, float]]
"""A symbol -> the expectation value, and a bound of its error."""

NAMED = r"\s*(smooth|region|husimi|parity)\s*(?:\((.*)\))?\s*"
"""The text of observables that are no formulas."""


@public
@dataclass(frozen=True)
class Observable:
    """tr(O Op(w)) of a bounded operator O, by its `value` on a symbol w, and `norm` >= ||O||.

    `name`: text. `norm`: a number >= 0, with which an error in trace norm becomes one of the expectation value.
    `reading`: a function of a Symbol that returns (tr(O Op(w)), a bound of the error of that). `n`: the number of
    degrees of freedom, None if O is defined for any. `Observable.parse` makes one from text.

    The error is a bound for formulas and regions whose terms have one or two variables each, for Husimi values and for
    the parity; the part that the symbol itself lost at the edges of its box and grid is not in it.

    Raises InputError for a name that is no text, a norm < 0, or a reading that cannot be called.
    """

    name: str
    norm: float
    reading: Reading
    n: int | None = None

    def __post_init__(self) -> None:
        must(isinstance(self.name, str), "name", "be text", self.name)
        real("norm", self.norm, low=0.0)
        must(callable(self.reading), "reading", "be a function of a symbol", self.reading)
        if self.n is not None:
            whole("n", self.n, 1, MAX_MODES)

    def __repr__(self) -> str:
        n = "any n" if self.n is None else f"n = {self.n}"
        return f"<Observable {cut(self.name)}, norm at most {self.norm:.6g}, {n}>"

    @public
    def value(self, symbol: GridFunction) -> Estimate:
        """tr(O Op(symbol)), with the error of the integral.

        Raises InputError for a symbol of another n, for a batch, and for complex values.
        """
        check_function(symbol)
        symbol.check_single()
        what = f"have n = {symbol.n} degrees of freedom, as the symbol"
        must(self.n in (None, symbol.n), "observable", what, f"of n = {self.n}", f"It is {self.name}.")
        return _estimate(self.reading(symbol))

    @staticmethod
    def of(value: Any, n: int) -> Observable:
        """`value` if it is an observable, or the one that its text names. Raises InputError for anything else."""
        if isinstance(value, str):
            return Observable.parse(value, n)
        must(isinstance(value, Observable), "observable", 'be an Observable or text, such as "tanh(x)"', value)
        return value

    @staticmethod
    @public
    def parse(text: str, n: int) -> Observable:
        """The observable that `text` names, for n degrees of freedom.

        A formula f(x) + g(xi), bounded and smooth, such as "tanh(x)"; "smooth(o)": any bounded o(x, xi), smoothed with
        coherent states; "region(e)": the probability that e(x, xi) > 0, smoothed likewise; "husimi(x, xi)": the
        probability of the coherent state there; "parity": of u(x) -> u(-x).
        """
        must(isinstance(text, str), "observable", "be text", text)
        whole("n", n, 1, MAX_MODES)
        match = re.fullmatch(NAMED, text, re.DOTALL)
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


def is_named(text: str) -> bool:
    """Whether `text` is that of a smoothed formula, a region, a Husimi value or the parity."""
    return re.fullmatch(NAMED, text, re.DOTALL) is not None


def _estimate(pair: Any) -> Estimate:
    """What a reading returns, which may be a user's: a number, and a bound of its error, which may be infinite."""
    must(is_list(pair) and len(pair) == 2, "reading", "return two numbers, a value and its error", pair)
    return Estimate(real("reading", pair[0]), real("reading", pair[1], low=0.0, endless=True))


def function(text: str, n: int) -> Observable:
    """f(x) + g(hD): norm at most sup|f| + sup|g|. Raises InputError if unbounded, or if x and xi mix."""
    x, xi = variables(n)
    parts = separate(formula(text, n), x, xi)
    if parts is None:
        raise InputError(
            f"Argument `observable` must be f(x) + g(xi), but is {shown(text)}. Write smooth({shown(text)}) for its "
            "anti-Wick quantization, whose norm is at most the largest |value|."
        )
    return Observable(text, sum(_largest(part, text) for part in parts), FormulaMean(tuple(parts), smooth=False), n)


def smoothed(text: str, n: int, *, indicator: bool) -> Observable:
    """int o(z) <z|A|z> dz/(2 pi h)^n with o, or the indicator of o > 0: the integral against the Husimi density."""
    o = formula(text, n)
    norm = 1.0 if indicator else _largest(o, text)
    name = f"{'region' if indicator else 'smooth'}({text})"
    return Observable(name, norm, FormulaMean((o,), smooth=True, indicator=indicator), n)


def husimi(x: list[float], xi: list[float]) -> Observable:
    """<z|A|z> for the coherent state at z = (x, xi): the Husimi density there, times (2 pi h)^n; norm 1."""
    place = (*x, *xi)
    return Observable(f"husimi({', '.join(f'{c:g}' for c in place)})", 1.0, HusimiValue(place), len(x))


def parity(n: int) -> Observable:
    """tr(Pi A) = 2^-n w(0) with (Pi u)(x) = u(-x); norm 1."""
    return Observable("parity", 1.0, ParityValue(), n)


def formula(text: str, n: int) -> sympy.Expr:
    """The formula of the text, smooth and in the variables of n degrees of freedom."""
    x, xi = variables(n)
    o = parse(text, {str(v): v for v in x + xi}, "observable")
    check_smooth(o, "observable")
    return o


def _largest(o: sympy.Expr, text: str) -> float:
    """A bound of |o|. Raises InputError if there is none."""
    low, high = interval(o)
    largest = max(abs(low), abs(high))
    if not np.isfinite(largest):
        raise InputError(
            f"Argument `observable` must be bounded, but {shown(text)} is not shown to be: a trace norm says nothing "
            "about unbounded observables. symbol.moments() has the means and covariances of x and xi."
        )
    return largest
