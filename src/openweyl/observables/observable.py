"""Observables: how to read them off a symbol, and a bound on their operator norm, if there is one.

    tr(O Op(w)) = (2 pi h)^-n int o w,        |tr(O A) - tr(O Op(a))| <= ||O|| ||A - Op(a)||_tr.

The norm is bounded, never guessed: ||f(x) + g(hD)|| <= sup|f| + sup|g|; a Husimi value and a parity have norm 1; what
is smoothed with coherent states (anti-Wick quantization, int o(z) |z><z| dz/(2 pi h)^n) has norm at most sup|o|. Of
others no norm is known, and errors of their values are estimates (`unbounded`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Any, TypeAlias

import numpy as np
import sympy

from openweyl._core.arguments import InputError, is_list, must, real, shown, whole
from openweyl._core.calls import public
from openweyl._core.estimates import ErrorKind, Estimate
from openweyl._core.text import cut
from openweyl.phase_space.grid_function import GridFunction, check_function
from openweyl.symbolic.algebra import separate
from openweyl.symbolic.expressions import MAX_MODES, variables
from openweyl.symbolic.operators import has_ladder, hermitian_symbol
from openweyl.symbolic.parsing import parse, parse_number
from openweyl.symbolic.smoothness import check_smooth, interval

from .readings import FormulaMean, HusimiValue, ParityValue
from .unbounded import WeylMean

Reading: TypeAlias = Callable[[GridFunction], tuple[float, float]]
"""A symbol -> the expectation value, and a bound of its error."""

NAMED = r"\s*(smooth|region|husimi|parity|probability)\s*(?:\((.*)\))?\s*"
"""The text of observables that are no formulas."""
OPERATOR = r"\s*operator\s*\((.*)\)\s*"
"""The text of those whose products are products of operators, though there is no a or ad in them."""


@public
@dataclass(frozen=True)
class Observable:
    """tr(O Op(w)) of an operator O, by its `value` on a symbol w, and `norm` >= ||O||.

    `name`: text. `norm`: a number >= 0, with which an error in trace norm becomes one of the expectation value; inf for
    what `parse` reads as unbounded. `reading`: a function of a Symbol that returns (tr(O Op(w)), a bound of the error
    of that). `n`: the number of degrees of freedom, None if O is defined for any. `Observable.parse` makes one from
    text.

    The error is a bound for formulas and regions whose terms have one or two variables each, for Husimi values and for
    the parity; the part that the symbol itself lost at the edges of its box and grid is not in it. For unbounded ones
    it is an estimate, and what lies at the edges is in it.

    Raises InputError for a name that is no text, a norm < 0, or a reading that cannot be called.
    """

    name: str
    norm: float
    reading: Reading
    n: int | None = None

    def __post_init__(self) -> None:
        must(isinstance(self.name, str), "name", "be text", self.name)
        real("norm", self.norm, low=0.0, endless=isinstance(self.reading, WeylMean))
        must(callable(self.reading), "reading", "be a function of a symbol", self.reading)
        if self.n is not None:
            whole("n", self.n, 1, MAX_MODES)

    def __repr__(self) -> str:
        n = "any n" if self.n is None else f"n = {self.n}"
        norm = f"norm at most {self.norm:.6g}" if np.isfinite(self.norm) else "no bound known"
        return f"<Observable {cut(self.name)}, {norm}, {n}>"

    @property
    def kind(self) -> ErrorKind:
        """What the errors of its values are: a "bound", by the norm, or an "estimate"."""
        return "bound" if np.isfinite(self.norm) else "estimate"

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

    @property
    def costly(self) -> bool:
        """Whether a value takes tenths of a second: regions in two variables and more, whose edges are curves."""
        reading = self.reading
        if not (isinstance(reading, FormulaMean) and reading.indicator):
            return False
        return any(len(part.free_symbols) > 1 for part in reading.parts)

    def change(self, symbol: GridFunction, error: float) -> float:
        """What an `error` of the symbol in trace norm does to the value: the norm times that, or an estimate."""
        if isinstance(self.reading, WeylMean):
            return self.reading.change(symbol, error)
        return self.norm * error

    @staticmethod
    def of(value: Any, n: int) -> Observable:
        """`value` if it is an observable, or that of its text, or of SymPy's Weyl symbol; or InputError."""
        if isinstance(value, str):
            return Observable.parse(value, n)
        if isinstance(value, sympy.Expr):  # a Weyl symbol
            return function(str(value), n)
        must(isinstance(value, Observable), "observable", 'be an Observable or text, such as "tanh(x)"', value)
        return value

    @staticmethod
    @public
    def parse(text: str, n: int) -> Observable:
        """The observable that `text` names, for n degrees of freedom.

        A smooth formula in x and xi, such as "tanh(x)", "x**2" or "x*xi", is a Weyl symbol: x*xi is the operator
        (x xi + xi x)/2. It is bounded if it is f(x) + g(xi) with bounded f and g; if not, errors are estimates.
        A formula with a or ad, such as "ad*a" or "ad**2*a**2", is an operator, as for `System.from_operators`: a
        polynomial, with products in the order written, Hermitian, in which h is the symbol's. "operator(...)" says so
        of one without: "operator(x*xi + xi*x)".
        "smooth(o)": any bounded o(x, xi), smoothed with coherent states; "region(e)": the probability that
        e(x, xi) > 0, smoothed likewise; "probability(x > 1)": that of finding x > 1, sharp, and so for formulas in x or
        in xi, and "-1 < xi < 1"; "husimi(x, xi)": that of the coherent state there; "parity": of u(x) -> u(-x).

        >>> Observable.parse("ad*a", 1)
        <Observable ad*a, no bound known, n = 1>
        >>> Observable.parse("tanh(x)", 1)
        <Observable tanh(x), norm at most 1, n = 1>
        """
        must(isinstance(text, str), "observable", "be text", text)
        whole("n", n, 1, MAX_MODES)
        match = re.fullmatch(NAMED, text, re.DOTALL)
        if match is None:
            product = _operator_in(text)
            return function(text, n) if product is None else operator(product, n, text.strip())
        kind, argument = match[1], match[2] or ""
        if kind == "probability":
            return probability(argument, n)
        if kind == "parity":
            must(match[2] is None, "observable", "be parity, without arguments", text)
            return parity(n)
        if kind == "husimi":
            numbers = [parse_number(part, "observable") for part in argument.split(",")]
            must(len(numbers) == 2 * n, "observable", f"give husimi {2 * n} numbers, x then xi", text)
            return husimi(numbers[:n], numbers[n:])
        return smoothed(argument, n, indicator=kind == "region")


def is_formula(text: str) -> bool:
    """Whether `text` is that of a Weyl symbol: no operator, smoothed formula, region, Husimi value or parity."""
    return re.fullmatch(NAMED, text, re.DOTALL) is None and _operator_in(text) is None


def _operator_in(text: str) -> str | None:
    """The operator that `text` writes, if it does."""
    wrapped = re.fullmatch(OPERATOR, text, re.DOTALL)
    return wrapped[1] if wrapped else text if has_ladder(text, "observable") else None


def _estimate(pair: Any) -> Estimate:
    """What a reading returns, which may be a user's: a number, and a bound of its error, which may be infinite."""
    must(is_list(pair) and len(pair) == 2, "reading", "return two numbers, a value and its error", pair)
    kind = pair.kind if isinstance(pair, Estimate) else "bound"
    return Estimate(real("reading", pair[0]), real("reading", pair[1], low=0.0, endless=True), kind)


def function(text: str, n: int) -> Observable:
    """The operator with this Weyl symbol. Of f(x) + g(hD) the norm is at most sup|f| + sup|g|."""
    x, xi = variables(n)
    o = formula(text, n)
    parts = separate(o, x, xi)
    norms = [max(map(abs, interval(part))) for part in parts or ()]
    if parts is None or not np.isfinite(norms).all():
        return Observable(text, inf, WeylMean(o, "", n), n)
    return Observable(text, sum(norms), FormulaMean(tuple(parts), smooth=False), n)


def operator(text: str, n: int, name: str) -> Observable:
    """The operator that `text` writes, a polynomial in a, ad, x and xi."""
    hermitian_symbol(text, n, 1.0, "observable")  # it is read again at the h of each symbol
    return Observable(name, inf, WeylMean(None, text, n), n)


def smoothed(text: str, n: int, *, indicator: bool) -> Observable:
    """int o(z) <z|A|z> dz/(2 pi h)^n with o, or the indicator of o > 0: the integral against the Husimi density."""
    o = formula(text, n)
    norm = 1.0 if indicator else _largest(o, text)
    name = f"{'region' if indicator else 'smooth'}({text})"
    return Observable(name, norm, FormulaMean((o,), smooth=True, indicator=indicator), n)


def probability(condition: str, n: int) -> Observable:
    """The projection on what `condition` says of x, or of xi: f > g, f < g, or f < g < k; norm 1."""
    x, xi = variables(n)
    advice = 'Write "x > 1", "x**2 < 1" or "-1 < xi < 1".'
    sides = re.split(r"[<>]=?", condition)
    signs = re.findall(r"[<>]", condition)
    good = len(sides) in (2, 3) and len(set(signs)) == 1
    must(good, "condition", "compare formulas by > or <", condition, advice)
    parts = [parse(side, {str(v): v for v in x + xi}, "condition") for side in sides]
    steps = [b - a if signs[0] == "<" else a - b for a, b in pairwise(parts)]
    for step in steps:
        check_smooth(step, "condition")
    apart = not all(any(step.has(*side) for step in steps) for side in (x, xi))
    must(apart, "condition", "be one on x or on xi, not on both", condition, "region(...) takes both, smoothed.")
    if len(steps) == 2:  # a < f < b, if a < b
        gap = sympy.expand(steps[0] + steps[1])
        must(bool(gap.is_positive), "condition", "have numbers at its ends, the smaller one first", condition, advice)
    e = sympy.Mul(*steps)
    return Observable(f"probability({condition.strip()})", 1.0, FormulaMean((e,), smooth=False, indicator=True), n)


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
    largest = max(map(abs, interval(o)))
    advice = "Write the formula alone for the operator with this Weyl symbol, with errors that are estimates."
    if not np.isfinite(largest):
        raise InputError(
            f"Argument `observable` must smooth a bounded formula, but {shown(text)} is not shown to be. {advice}"
        )
    return float(largest)
