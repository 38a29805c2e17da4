"""The open system: its Hamiltonian, its jumps, h and gamma, as one frozen value.

    dA/dt = -(i/h) [P, A] + (gamma/h) sum_j ( L_j A L_j* - {L_j* L_j, A}/2 ),      P = Op(p), L_j = Op(l_j),

Li (1.1) in the time direction of von Neumann's equation (`System.reversed` turns it around).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import sympy

from openweyl._core.arguments import moderate, must, real
from openweyl._core.calls import public
from openweyl._core.display import block, html_facts
from openweyl._core.plain import plain_fields
from openweyl._core.text import cut, excerpt
from openweyl.symbolic.breakpoints import breakpoints
from openweyl.symbolic.expressions import TIME, variables, variables_of
from openweyl.symbolic.mathml import math
from openweyl.symbolic.operators import Operators, operators, parameters_of
from openweyl.symbolic.sampled import samples_in
from openweyl.symbolic.smoothness import check_smooth

from .drives import Drives, drives_of
from .formulas import (
    Formula,
    Jump,
    formula_and_rate,
    jumps_of,
    numbers_by_name,
    operators_with_rates,
    real_and_imaginary,
    symbols_of,
)
from .timed_factor import checked_split

CLOSED = "gamma = 0 is a closed system."
"""The advice where gamma is not what it may be."""


@public
@dataclass(frozen=True, init=False)
class System:
    """An open system with a real Hamiltonian p(x, xi), which may depend on the time t, and jumps l(x, xi).

    `hamiltonian`, `jumps`: SymPy expressions or text in x, xi (n = 1) or x1, xi1, x2, xi2, ...; SymPy's symbols are
    known by their names. A jump may be complex, a + I*b with real a and b, or with exp(I*f). Text may have sums over an
    index, and a jump may stand for one of each, up to n = 100 (docs/problems.md). A pair (jump, rate) is the jump times
    sqrt(rate), a number or a function of t; jumps may depend on t by a factor. `h` > 0: the semiclassical parameter
    (the hbar of physics). `gamma` >= 0: the coupling to the environment; 0, the default without jumps, is a closed
    system. `parameters`: numbers by the names that formulas have for them. `drives`: functions of the time, likewise,
    each a pair (times, values) of samples, linear between them, or what `interp` makes.

    >>> print(System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2**-4, gamma=1.0))
    p = xi**2 + (x**2 - 1/2)**2, jumps x, xi; h = 0.0625, gamma = 1
    >>> kerr = System("(x**2 + xi**2)**2/4", ["(x + I*xi)/sqrt(2)"], h=0.1, gamma=0.5)  # photons leave it one by one
    >>> print(kerr.reversed())
    p = -(x**2 + xi**2)**2/4, jumps sqrt(2)*(x + I*xi)/2; h = 0.1, gamma = 0.5
    >>> print(System("sum(j, 1, 2, xi[j]**2) + (x[1] - x[2])**4", ["each(j, 1, 2, x[j])"], h=0.1, gamma=0.5))
    p = xi1**2 + xi2**2 + (x1 - x2)**4, jumps x1, x2; h = 0.1, gamma = 0.5

    Raises InputError for formulas that are not smooth.
    """

    hamiltonian: sympy.Expr
    jumps: tuple[sympy.Expr, ...]
    h: float
    gamma: float
    x: tuple[sympy.Symbol, ...] = field(repr=False)
    xi: tuple[sympy.Symbol, ...] = field(repr=False)
    operators: Operators | None = field(repr=False, compare=False)
    """The operators that the symbols were found from, if any: at another h these have other symbols."""

    def __init__(
        self, hamiltonian: Formula, jumps: Sequence[Jump] = (), *, h: float, gamma: float | None = None,
        parameters: Mapping[str, float] | None = None, drives: Drives | None = None,
    ) -> None:  # fmt: skip
        must(isinstance(jumps, (list, tuple)), "jumps", "be a list of symbols", jumps, 'Such as ["x"].')
        counts = parameters_of(parameters)
        formulas = {f"jump {j}": formula_and_rate(jump, counts)[0] for j, jump in enumerate(jumps)}
        given = {"hamiltonian": hamiltonian, **formulas}
        x, xi = variables(len(variables_of(given, name="hamiltonian", counts=counts)[0]))
        names: dict[str, sympy.Expr] = {v.name: v for v in (*x, *xi)}
        known = names | numbers_by_name(counts)
        known |= drives_of(drives, known) | {TIME.name: TIME}
        (p,) = symbols_of(hamiltonian, known, "hamiltonian", counts)
        must(not p.has(sympy.I), "hamiltonian", "be a real function", p, "Only jumps may be complex.")
        symbols = jumps_of(jumps, known, counts)
        halves = [checked_split(symbol) for symbol in symbols]
        parts = [part for factor, symbol in halves for part in (factor**2, *real_and_imaginary(symbol))]
        for part, name in [(p, "hamiltonian"), *((part, "jumps") for part in parts)]:
            check_smooth(part, name)
        self._set(hamiltonian=p, jumps=symbols, x=x, xi=xi, operators=None)
        must(gamma is not None or not jumps, "gamma", "be given where there are jumps", "missing", CLOSED)
        self._set(h=_semiclassical_parameter(h), gamma=_coupling(0.0 if gamma is None else gamma))

    @staticmethod
    @public
    def from_operators(
        hamiltonian: str,
        jumps: Sequence[str | tuple[str, float | str]] = (),
        *,
        h: float,
        gamma: float | None = None,
        parameters: Mapping[str, float] | None = None,
        drives: Drives | None = None,
    ) -> System:
        """The system whose P and L_j are these operators: text, with products in the order written.

        Polynomials in a and its adjoint ad (a1, ad1, a2, ... for more modes), x and xi: a = (x + I*xi)/sqrt(2*h), so
        that [a, ad] = 1. Coefficients are numbers, I, names of `parameters`, and in the Hamiltonian functions of the
        time t, also those of `drives`. A pair (jump, rate) is the jump times sqrt(rate), as for `System`. With h = 1
        and gamma = 1, the default with jumps, they are the Hamiltonian over hbar and the collapse operators of
        dA/dt = -i [P, A] + sum_j ( L_j A L_j* - {L_j* L_j, A}/2 ). The symbols found are what runs.

        >>> print(System.from_operators("K*ad**2*a**2", ["sqrt(kappa)*a"], h=1, parameters={"K": 1, "kappa": 0.5}))
        p = -x**2 - xi**2 + (x**2 + xi**2)**2/4 + 1/2, jumps x/2 + I*xi/2; h = 1, gamma = 1

        Raises InputError for anything but polynomials, and for a Hamiltonian that is not Hermitian.
        """
        given = operators(hamiltonian, operators_with_rates(jumps), parameters, drives_of(drives, {}))
        return _of_operators(given, _semiclassical_parameter(h), float(bool(jumps)) if gamma is None else gamma)

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)  # the class is frozen

    @property
    def n(self) -> int:
        """The number of degrees of freedom."""
        return len(self.x)

    @property
    def driven(self) -> bool:
        """Whether the Hamiltonian depends on the time."""
        return bool(self.hamiltonian.has(TIME))

    @property
    def driven_jumps(self) -> tuple[bool, ...]:
        """Whether each of the jumps depends on the time."""
        return tuple(bool(jump.has(TIME)) for jump in self.jumps)

    @public
    def breakpoints(self, end: float) -> tuple[float, ...]:
        """The times within (0, end) at which a formula has a corner or a jump in time, and perhaps a few more.

        Between two of them all formulas are smooth in time.

        >>> System("xi**2/2 + x*abs(sin(t))", h=0.1).breakpoints(7)
        (3.14159265358979..., 6.28318530717958...)

        Raises ResourceError where there are too many.
        """
        return breakpoints((self.hamiltonian, *self.jumps), real("end", end, low=0.0))

    @public
    def replace(
        self,
        *,
        hamiltonian: Formula | None = None,
        jumps: Sequence[Jump] | None = None,
        h: float | None = None,
        gamma: float | None = None,
    ) -> System:
        """This system with another `hamiltonian`, other `jumps`, or another `h` or `gamma`."""
        h, gamma = self.h if h is None else h, self.gamma if gamma is None else gamma
        if hamiltonian is None and jumps is None:  # the formulas are checked already
            if self.operators is not None and h != self.h:
                return _of_operators(self.operators, _semiclassical_parameter(h), gamma)
            other = copy(self)
            other._set(h=_semiclassical_parameter(h), gamma=_coupling(gamma))
            return other
        hamiltonian = self.hamiltonian if hamiltonian is None else hamiltonian
        jumps = self.jumps if jumps is None else jumps
        return System(hamiltonian, jumps, h=h, gamma=gamma)

    def reversed(self) -> System:
        """p -> -p: the time direction of Li (1.1), whose commutator has the sign +i/h."""
        back = self.replace(hamiltonian=-self.hamiltonian)
        back._set(operators=None if self.operators is None else self.operators.reversed())
        return back

    def as_dict(self) -> dict[str, Any]:
        """The system as text and numbers, for JSON; `drives`, if it has some, are the samples that formulas call."""
        drives = self.drives
        return plain_fields(self, "hamiltonian", "jumps", "h", "gamma") | ({"drives": drives} if drives else {})

    @property
    def drives(self) -> dict[str, dict[str, Any]]:
        """The kind, the times and the values of the samples in the formulas, by what these call them."""
        return {samples.label: samples.as_dict() for samples in samples_in((self.hamiltonian, *self.jumps))}

    def __str__(self) -> str:
        jumps = ", ".join(map(str, self.jumps)) or "none"
        return f"p = {self.hamiltonian}, jumps {jumps}; h = {self.h:.10g}, gamma = {self.gamma:.10g}"

    def __repr__(self) -> str:
        p, jumps = cut(str(self.hamiltonian)), cut(", ".join(repr(str(jump)) for jump in self.jumps))
        return f"System({p!r}, [{jumps}], h={self.h:.10g}, gamma={self.gamma:.10g})"

    def _repr_html_(self) -> str:
        jumps = excerpt([(f"l_{j + 1}", jump) for j, jump in enumerate(self.jumps)])
        formulas = [("p", self.hamiltonian), *((name, jump) for name, jump in jumps if name != "...")]
        facts = [(name, math(formula)) for name, formula in formulas]
        return block(html_facts([*facts, ("h", f"{self.h:.10g}"), ("gamma", f"{self.gamma:.10g}")]))

    def _repr_latex_(self) -> str:
        parts = [f"p = {sympy.latex(self.hamiltonian)}"]
        parts += [rf"\ell_{{{j + 1}}} = {sympy.latex(jump)}" for j, jump in enumerate(self.jumps)]
        parts += [f"h = {self.h:.10g}", rf"\gamma = {self.gamma:.10g}"]
        return "$" + r",\; ".join(parts) + "$"


def _of_operators(given: Operators, h: float, gamma: float) -> System:
    p, jumps = given.symbols(h)
    made = System(p, jumps, h=h, gamma=gamma)
    made._set(operators=given)
    return made


def _semiclassical_parameter(h: Any) -> float:
    return moderate("h", h, above=0.0)


def _coupling(gamma: Any) -> float:
    return moderate("gamma", gamma, low=0.0, advice=CLOSED)
