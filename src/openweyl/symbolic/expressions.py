"""Symbols on phase space as SymPy expressions: their variables, their derivatives, their values on arrays.

Expressions become arrays by walking the expression tree; nothing is ever evaluated as code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import import_module
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import sympy

from openweyl._core.arguments import InputError, must, shown
from openweyl._core.complex_exponential import cosine, sine
from openweyl._core.fft import Array

from .forms import FUNCTIONS, MAX_TEXT
from .indexed_sums import names_in
from .intervals import Functions, Interval, as_interval
from .parsing import syntax_tree
from .sampled import Sampled, Samples
from .switches import SWITCHES

TIME = sympy.Symbol("t", real=True)
"""The time, in Hamiltonians that depend on it."""
MAX_MODES = 100
"""The most degrees of freedom: up to there, all that is asked of formulas takes less than a second."""


def variables(n: int) -> tuple[tuple[sympy.Symbol, ...], tuple[sympy.Symbol, ...]]:
    """The symbols (x, xi) of n degrees of freedom: x, xi for n = 1, else x1 .. xn, xi1 .. xin; all real."""
    tails = [""] if n == 1 else [str(j + 1) for j in range(n)]
    return (
        tuple(sympy.Symbol("x" + tail, real=True) for tail in tails),
        tuple(sympy.Symbol("xi" + tail, real=True) for tail in tails),
    )


def variables_of(
    formulas: Mapping[str, Any], n: int | None = None, *, name: str = "", counts: Mapping[str, float] | None = None
) -> tuple[tuple[sympy.Symbol, ...], ...]:
    """The symbols (x, xi) that the arguments `formulas`, text or SymPy expressions, are written in: see `variables`.

    n is the largest index in use unless it is given. SymPy's symbols are known by their names and taken as they are,
    from the first argument that has them. `name`: what messages call them all. `counts`: numbers that bounds and
    indices may use.
    """
    own = {s.name: s for f in reversed(list(formulas.values())) if isinstance(f, sympy.Basic) for s in f.free_symbols}
    used = {*own}.union(*(_variables_in(f, counts) for f in formulas.values() if isinstance(f, str)))
    indices = {int(m[1]) for name in used if (m := re.fullmatch(r"(?:xi|x)([1-9]\d{0,9})", name))}
    mixed = bool(indices) and not used.isdisjoint({"x", "xi"})
    must(
        not mixed,
        name or " and ".join(formulas),
        "use either x, xi or x1, xi1, x2, ... throughout",
        ", ".join(sorted(used)),
    )
    most = max(indices, default=1)
    must(most <= MAX_MODES, name or " and ".join(formulas), f"have indices from 1 to {MAX_MODES}", most)
    n = n or most
    tails = [str(j + 1) for j in range(n)] if indices or n > 1 else [""]
    x, xi = ([sympy.Symbol(stem + tail, real=True) for tail in tails] for stem in ("x", "xi"))
    return tuple(own.get(v.name, v) for v in x), tuple(own.get(v.name, v) for v in xi)


def _variables_in(text: str, counts: Mapping[str, float] | None = None) -> set[str]:
    """The names of variables in a formula, x2 for x[2]. None if it is no formula."""
    if "[" not in text:
        return set(re.findall(r"\b(?:xi|x)\d*\b", text[:MAX_TEXT]))
    try:
        return {name for name in names_in(syntax_tree(text, "formula"), counts) if re.fullmatch(r"(?:xi|x)\d*", name)}
    except InputError:  # it is refused, by its own name, when it is read
        return set()


class _Operation(NamedTuple):
    """One step of a program: what it does, a number or a function that goes with it, and the places of its operands."""

    kind: str
    what: Any = None
    operands: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Power:
    """base^exponent: sqrt(base)^whole if `root`, base^whole, or by exponential and logarithm if `whole` is None."""

    root: bool
    whole: int | None
    exponent: float


Program: TypeAlias = tuple[tuple[_Operation, ...], tuple[int, ...]]


@lru_cache(maxsize=512)
def program(formulas: tuple[sympy.Expr, ...]) -> Program:
    """`formulas` as a list of operations, each part of any of them once, and the places of their values in it.

    SymPy's numbers become Python's here, so that no arithmetic of SymPy's is left when arrays come.
    """
    places: dict[sympy.Expr, int] = {}
    code: list[_Operation] = []

    def place(e: sympy.Expr) -> int:
        if e in places:
            return places[e]
        if e.is_number:
            step = _number(e)
        elif e.is_Symbol:
            step = _Operation("symbol", e)
        elif e.is_Add or e.is_Mul:
            step = _Operation("add" if e.is_Add else "multiply", None, tuple(place(a) for a in e.args))
        elif e.is_Pow and e.exp.is_number:
            step = _Operation("power", _power_of(e.exp), (place(e.base),))
        elif e.is_Pow:
            return place(sympy.exp(e.exp * sympy.log(e.base), evaluate=False))
        else:
            step = _Operation("function", e.args[1] if isinstance(e, Sampled) else e.func, (place(e.args[0]),))
        code.append(step)
        places[e] = len(code) - 1
        return places[e]

    ends = tuple(place(f) for f in formulas)
    return tuple(code), ends


def _number(e: sympy.Expr) -> _Operation:
    """The operation "number" for a number that a double holds exactly, "rounded" for another one."""
    if not e.is_real:
        return _Operation("number", complex(e))
    value = float(e)
    exact = (e.is_Rational or e.is_Float) and sympy.Rational(e) == sympy.Rational(value)
    return _Operation("number" if exact else "rounded", value)


def _power_of(exponent: sympy.Expr) -> _Power:
    root = bool((2 * exponent).is_Integer and not exponent.is_Integer)
    whole = 2 * exponent if root else exponent
    return _Power(root, int(whole) if whole.is_Integer else None, float(exponent))


def evaluate(expr: sympy.Expr, values: Mapping[sympy.Symbol, Array], xp: Any) -> Array:
    """The array of `expr` at `values`, with the functions of the namespace `xp`; real scalars stay Python floats."""
    return run(program((expr,)), values, xp)[0]


def run(of_formulas: Program, values: Mapping[sympy.Symbol, Array], xp: Any) -> list[Array]:
    """The arrays of several formulas at the same `values`; parts that they share are computed once."""
    code, ends = of_formulas
    done: list[Array] = []
    for kind, what, operands in code:
        if kind == "multiply":
            value = done[operands[0]]
            for j in operands[1:]:
                value = value * done[j]
        elif kind == "add":
            value = done[operands[0]]
            for j in operands[1:]:
                value = value + done[j]
        elif kind == "power":
            value = _power(done[operands[0]], what, xp)
        elif kind == "symbol":
            value = values[what]
        elif kind == "number":
            value = what
        elif kind == "rounded":
            value = _rounded(what, xp)
        else:
            value = _function(what, xp)(done[operands[0]])
        done.append(value)
    return [done[end] for end in ends]


def enclose(f: sympy.Expr, box: Mapping[sympy.Symbol, Interval]) -> Interval:
    """An enclosure of the values of the real `f` on each cell of `box`, of their shape."""
    with np.errstate(all="ignore"):
        hull = as_interval(evaluate(f, box, Functions))
    shape = np.broadcast_shapes(*(cells.low.shape for cells in box.values()))
    return Interval(*(np.broadcast_to(end, shape) for end in (hull.low, hull.high)))


def _rounded(number: float, xp: Any) -> Any:
    """`number`, the double nearest to an exact one; for intervals, the interval between its two neighbours."""
    return xp.enclosing(number) if xp is Functions else number


def _power(base: Array, power: _Power, xp: Any) -> Array:
    """Integer powers by repeated squaring: exact to round-off and many times faster than a general power."""
    if power.root:
        base = xp.sqrt(np.maximum(base, 0.0) if xp is np else base)  # what touches 0 may be negative by round-off
    if power.whole is None:
        return xp.exp(_rounded(power.exponent, xp) * xp.log(base))
    whole = abs(power.whole)
    result = base**whole if isinstance(base, Interval) else _integer_power(base, whole)
    return 1.0 / result if power.whole < 0 else result


def _integer_power(base: Array, power: int) -> Array:
    if power == 1:
        return base
    half = _integer_power(base * base, power // 2)
    return half * base if power % 2 else half


_OF_ARRAYS = {sympy.sin: sine, sympy.cos: cosine}
"""Functions that NumPy has, but slowly."""


@lru_cache(maxsize=128)
def _function(function: Any, xp: Any) -> Any:
    """The function of the namespace `xp` for one of SymPy's."""
    if function is sympy.erf and not hasattr(xp, "erf"):
        library = "jax.scipy.special" if xp.__name__.startswith("jax") else "scipy.special"
        return import_module(library).erf
    if xp is np and function in _OF_ARRAYS:
        return _OF_ARRAYS[function]
    if isinstance(function, Samples):
        return function.hull if xp is Functions else partial(function.values, xp=xp)
    if function in SWITCHES:
        absolute = function is sympy.Abs
        if xp is Functions:
            return Functions.abs if absolute else Functions.heaviside
        return xp.abs if absolute else lambda v: 1.0 * (xp.asarray(v) > 0)
    for name, known in FUNCTIONS.items():
        if function is known:
            return getattr(xp, "arctan" if name == "atan" and not hasattr(xp, "atan") else name)
    raise InputError(f"The function {shown(function.__name__)} has no array form; known: {', '.join(FUNCTIONS)}.")
