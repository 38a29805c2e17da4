"""The operators of a correlation function: text in a, ad, x and xi, or their Weyl symbols, and what B makes of a state.

B A  has the symbol  b * w,        B A B*  the symbol  b * w * conj(b);        classically  b w  and  |b|^2 w.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from openweyl._core.arguments import InputError, fail, must
from openweyl.model.formulas import real_and_imaginary, symbols_of, without_phases
from openweyl.model.system import System
from openweyl.phase_space.arrays import MAX_VALUE
from openweyl.phase_space.left_multiplication import left_multiplication
from openweyl.symbolic.algebra import polynomial
from openweyl.symbolic.expressions import TIME, evaluate
from openweyl.symbolic.operators import operator_symbol
from openweyl.symbolic.smoothness import check_smooth
from openweyl.weyl.symbol import Symbol

MAX_DEGREE = 16
"""The highest degree of a polynomial whose coefficients are looked at one by one."""


@dataclass(frozen=True)
class Factor:
    """An operator: the text or formula that was the `argument`, and its Weyl symbol f + i g in a system's x and xi."""

    argument: str
    name: str
    real: sympy.Expr
    imaginary: sympy.Expr
    x: tuple[sympy.Symbol, ...]
    xi: tuple[sympy.Symbol, ...]

    def values(self, w: Symbol) -> np.ndarray:
        """The symbol on the grid of `w`, complex."""
        points = dict(zip((*self.x, *self.xi), w.grid.coordinates((), np), strict=True))
        parts = [np.asarray(evaluate(f, points, np)) for f in (self.real, self.imaginary)]
        return np.broadcast_to(parts[0] + 1j * parts[1], w.grid.shape)

    def times(self, w: Symbol, *, quantum: bool) -> np.ndarray:
        """b * w, or classically b w: `w` may be complex."""
        if not quantum:
            return self.values(w) * w.values
        parts = [left_multiplication(f, self.x, self.xi, w.grid)(w.values) for f in (self.real, self.imaginary)]
        made = parts[0] + 1j * parts[1]
        good = float(np.abs(made).max()) <= MAX_VALUE
        must(good, self.argument, "have values on the grid that double precision holds", self.name)
        return made

    def largest(self, w: Symbol) -> float:
        """The largest size of the symbol on the grid of `w`."""
        return float(np.abs(self.values(w)).max())

    def is_polynomial(self) -> bool:
        """Whether it is one, of moderate degree."""
        z = (*self.x, *self.xi)
        return all(polynomial(f, z, MAX_DEGREE) is not None for f in (self.real, self.imaginary))


def factor(value: Any, system: System, name: str) -> Factor:
    """The operator that the argument `name` is: text in operators, or a Weyl symbol as an expression of SymPy.

    Raises InputError for anything else, and for symbols that are not smooth.
    """
    must(not isinstance(value, Symbol), name, "be text in operators, or a formula", value, "States are symbols.")
    if isinstance(value, str):
        symbol = operator_symbol(value, system.h, system.n, name)
    else:
        names: dict[str, sympy.Expr] = {v.name: v for v in (*system.x, *system.xi)}
        time = isinstance(value, sympy.Expr) and any(s.name == TIME.name for s in value.free_symbols)
        must(not time, name, "not depend on time", value)
        (symbol,) = map(without_phases, symbols_of(value, names, name))
    try:
        parts = real_and_imaginary(symbol)
    except InputError:
        raise fail(name, "be f + I*g with real f and g", symbol) from None
    for part in parts:
        check_smooth(part, name)
    return Factor(name, str(value), *parts, system.x, system.xi)
