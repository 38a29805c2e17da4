"""Operators as text, polynomials in a, ad, x and xi in the order written, to their Weyl symbols.

    a = (x + i xi)/sqrt(2h),    [a, ad] = 1,    [x, xi] = ih,    Op(f) Op(g) = Op(f * g),

so the symbol of a product is the star product of the symbols, exactly. Text is read by the parser of formulas, with
symbols of SymPy that do not commute.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sympy

from openweyl._core.arguments import fail, moderate, must

from .expressions import MAX_MODES, TIME, variables
from .forms import FUNCTIONS
from .indexed_sums import EACH, SUM, names_in
from .ladder_polynomials import (
    LadderPolynomial,
    Monomial,
    Parts,
    adjoint,
    parts_of,
    parts_of_coefficient,
    star_of_ladders,
    total,
)
from .parsing import parse, parse_each, syntax_tree

OPERATOR_NAME = re.compile(r"(?:ad|a|xi|x)([1-9]\d*)?")
"""The names of operators."""
_TAKEN = {"t", "I", "pi", "h", *FUNCTIONS, SUM, EACH}

_SAMPLE_TIMES = (0.3, 1.7, 4.1)
"""Where functions of the time are compared; two that are written differently do not agree at all of these by chance."""
_DIGITS, _SAME = 40, 1e-25
"""Digits to which coefficients are compared, and the part of their size that is round-off then."""


@dataclass(frozen=True)
class Operators:
    """A Hamiltonian and jumps as operators: text, and the values of the `parameters` and `drives` in it."""

    hamiltonian: str
    jumps: tuple[str, ...]
    parameters: tuple[tuple[str, float], ...] = ()
    drives: tuple[tuple[str, sympy.Expr], ...] = ()

    def symbols(self, h: float) -> tuple[sympy.Expr, tuple[sympy.Expr, ...]]:
        """The Weyl symbols of the Hamiltonian, which is real, and of the jumps.

        Raises InputError for text that is no polynomial in a, ad, x and xi, and for a Hamiltonian not Hermitian.
        """
        reading = _Reading(self, h)
        return reading.hamiltonian(), reading.jumps()

    def reversed(self) -> Operators:
        """The same with -P."""
        return replace(self, hamiltonian=f"-({self.hamiltonian})")


def parameters_of(parameters: Any) -> dict[str, float]:
    """Numbers by their names, which mean nothing else in a formula; none for None."""
    must(parameters is None or isinstance(parameters, Mapping), "parameters", "be a table of names", parameters)
    for name in parameters or {}:
        free = isinstance(name, str) and name.isidentifier() and name not in _TAKEN
        free = free and not OPERATOR_NAME.fullmatch(name)
        must(free, "parameters", "have names that mean nothing else", name, "Taken are a, ad, x, xi, t and h.")
    advice = "What is complex is written in formulas, as in (b + I*c)*a."
    return {name: moderate(f"parameters.{name}", value, advice=advice) for name, value in (parameters or {}).items()}


def operators(
    hamiltonian: Any, jumps: Any, parameters: Any = None, drives: Mapping[str, sympy.Expr] | None = None
) -> Operators:
    """The arguments, checked as far as their types go; `drives`: functions of the time by their names."""
    advice = 'Write it in a and ad, such as "sqrt(0.1)*a" for the rate 0.1; symbols go to System itself.'
    must(isinstance(jumps, (list, tuple)), "jumps", "be a list of operators", jumps, 'Such as ["a"].')
    for name, text in [("hamiltonian", hamiltonian), *(("jumps", jump) for jump in jumps)]:
        must(isinstance(text, str), name, "be text", text, advice)
    pairs = tuple(parameters_of(parameters).items())
    return Operators(hamiltonian, tuple(jumps), pairs, tuple((drives or {}).items()))


def operator_symbol(text: str, h: float, n: int, name: str) -> sympy.Expr:
    """The Weyl symbol, complex, of the operator that the argument `name` is: `text`, in n degrees of freedom.

    Raises InputError for text that is no polynomial in a, ad, x and xi.
    """
    reading = _Reading(Operators(text, ()), h, n, name)
    return reading.symbol(parse(text, reading.names, name), name, text)


def has_ladder(text: str, name: str) -> bool:
    """Whether a formula has a or ad in it, with or without an index."""
    return any(re.fullmatch(r"(ad|a)([1-9]\d*)?", used) for used in names_in(syntax_tree(text, name)))


def hermitian_symbol(text: str, n: int, h: float, name: str) -> sympy.Expr:
    """The Weyl symbol of one Hermitian operator of n degrees of freedom, the argument `name`, without the time.

    >>> print(hermitian_symbol("ad*a", 1, 1.0, "observable"))
    x**2/2 + xi**2/2 - 1/2
    """
    return _Reading(Operators(text, ()), h, n, name).hermitian(text, name, {})


class _Reading:
    """The symbols of `given`, at one h. `n`: None for as many degrees of freedom as it has."""

    def __init__(self, given: Operators, h: float, n: int | None = None, name: str = "hamiltonian") -> None:
        self.given, self.counts = given, dict(given.parameters)
        self.h = sympy.Rational(repr(h))
        texts = [(name, given.hamiltonian), *(("jumps", jump) for jump in given.jumps)]
        used = [names_in(syntax_tree(text, name), self.counts) for name, text in texts]
        n = _modes(set().union(*used), n, name)
        self.x, self.xi = variables(n)
        self.names, self.values = _operators_of(n, self.h)
        self.names.update({name: sympy.Rational(repr(value)) for name, value in self.counts.items()})
        self.names.update(I=sympy.I, h=self.h)

    def hamiltonian(self) -> sympy.Expr:
        """The symbol of the Hamiltonian."""
        more = {**dict(self.given.drives), TIME.name: TIME}
        return self.hermitian(self.given.hamiltonian, "hamiltonian", more)

    def hermitian(self, text: str, name: str, more: Mapping[str, sympy.Expr]) -> sympy.Expr:
        """The symbol of a Hermitian operator, in which there may be `more` names."""
        f = parse(text, {**self.names, **more}, name, counts=self.counts)
        polynomial = self._polynomial(f, name, text)
        coefficients = {m: parts_of_coefficient(c) for m, c in polynomial.items()}
        real, imaginary = self._symbol(coefficients, name, text)
        zero = Parts(sympy.S.Zero, sympy.S.Zero)
        hermitian = all(
            _same(c.real, other.real) and _same(c.imaginary, -other.imaginary)
            for m, c in coefficients.items()
            for other in [coefficients.get(adjoint(m), zero)]
        )
        advice = f"Its anti-Hermitian part has the symbol I*({imaginary}): add the adjoint of each term, as in a + ad."
        must(hermitian, name, "be Hermitian", text, advice)
        return real

    def jumps(self) -> tuple[sympy.Expr, ...]:
        """The symbols of the jumps."""
        found = []
        for text in self.given.jumps:
            names = {**self.names, **dict(self.given.drives), TIME.name: TIME}
            found += [self.symbol(f, "jumps", text) for f in parse_each(text, names, "jumps", counts=self.counts)]
        return tuple(found)

    def symbol(self, f: sympy.Expr, name: str, text: str) -> sympy.Expr:
        """The symbol, complex, of one operator `f` that does not depend on time."""
        polynomial = self._polynomial(f, name, text)
        coefficients = {m: parts_of_coefficient(c) for m, c in polynomial.items()}
        real, imaginary = self._symbol(coefficients, name, text)
        return real + sympy.I * imaginary

    def _symbol(self, coefficients: Mapping[Monomial, Parts], name: str, text: str) -> Parts:
        """The polynomial in x and xi: with powers of x^2 + xi^2, or multiplied out if that is shorter."""
        real, imaginary = [], []
        for monomial, c in coefficients.items():
            m = parts_of(monomial, self.h, self.x, self.xi, name, text)
            real += [(c.real, m.real), (-c.imaginary, m.imaginary)]
            imaginary += [(c.real, m.imaginary), (c.imaginary, m.real)]
        return Parts(*(_shorter(terms) for terms in (real, imaginary)))

    def _polynomial(self, f: sympy.Expr, name: str, text: str) -> LadderPolynomial:
        """The symbol of the operator `f` in alpha and its conjugate."""
        if f.is_commutative:
            return {(): f} if f != 0 else {}
        if f.is_Symbol:
            return self.values[f]
        if f.is_Add:
            return total(self._polynomial(term, name, text) for term in f.args)
        if f.is_Mul:
            factors = list(f.args)
        elif f.is_Pow and f.exp.is_Integer and f.exp > 0:
            factors = [f.base] * int(f.exp)
        else:
            advice = "Exponents are whole, and functions are of numbers and t: others go to System, as symbols."
            raise fail(name, "be a polynomial in a, ad, x and xi", f, advice)
        product: LadderPolynomial = {(): sympy.S.One}
        for factor in factors:
            product = star_of_ladders(product, self._polynomial(factor, name, text), name, text)
        return product


def _modes(used: Sequence[str] | set[str], n: int | None, name: str) -> int:
    """The number of degrees of freedom in which the names are; `n` if that is given, and holds them."""
    found = [match[1] for name in used if (match := OPERATOR_NAME.fullmatch(name))]
    indices = {int(index) for index in found if index is not None}
    mixed = bool(indices) and None in found
    what = "use either a, ad, x, xi or a1, ad1, x1, xi1, a2, ... throughout"
    must(not mixed, name, what, ", ".join(sorted(filter(OPERATOR_NAME.fullmatch, used))))
    most = max(indices, default=1)
    must(most <= (n or MAX_MODES), name, f"have indices from 1 to {n or MAX_MODES}", most)
    if n is not None and n > 1:
        bare = ", ".join(sorted(other for other in used if OPERATOR_NAME.fullmatch(other) and other.isalpha()))
        must(not bare, name, f"use indices, as in a1, ad1, x1, xi1, for n = {n} degrees of freedom", bare)
    return n or most


def _operators_of(n: int, h: sympy.Expr) -> tuple[dict[str, sympy.Expr], dict[sympy.Symbol, LadderPolynomial]]:
    """The operators of n degrees of freedom by their names, and the symbol of each."""
    half = sympy.sqrt(h / 2)
    names: dict[str, sympy.Expr] = {}
    values: dict[sympy.Symbol, LadderPolynomial] = {}
    for j in range(n):
        a, ad = ((j, 1, 0),), ((j, 0, 1),)
        symbols: dict[str, LadderPolynomial] = {
            "a": {a: sympy.S.One},
            "ad": {ad: sympy.S.One},
            "x": {a: half, ad: half},
            "xi": {a: -sympy.I * half, ad: sympy.I * half},
        }
        for stem, symbol in symbols.items():
            operator = sympy.Symbol(stem if n == 1 else f"{stem}{j + 1}", commutative=False)
            names[operator.name] = names[f"{stem}{j + 1}"] = operator
            values[operator] = symbol
    return names, values


def _same(f: sympy.Expr, g: sympy.Expr) -> bool:
    """Whether two coefficients agree, as functions of the time."""
    if f == g:
        return True
    for t in _SAMPLE_TIMES:
        u, v = (complex(e.evalf(_DIGITS, subs={TIME: t})) for e in (f, g))
        difference = (f - g).evalf(_DIGITS, subs={TIME: t})
        if abs(complex(difference)) > _SAME * max(abs(u), abs(v)):
            return False
    return True


def _shorter(terms: list[tuple[sympy.Expr, sympy.Expr]]) -> sympy.Expr:
    """The sum of coefficients times polynomials: as it is, or over the monomials if that is shorter."""
    collected: dict[sympy.Expr, list[sympy.Expr]] = {}
    for c, f in terms:
        for monomial, number in sympy.expand(f).as_coefficients_dict().items() if c != 0 else ():
            irrational, powers = monomial.as_independent(*monomial.free_symbols, as_Add=False)
            collected.setdefault(powers, []).append(number * irrational * c)
    sums = ((monomial, sympy.Add(*parts)) for monomial, parts in collected.items())
    flat = sympy.Add(*((sympy.expand(c) if c.is_number else c) * monomial for monomial, c in sums))
    whole = sympy.Add(*(c * f for c, f in terms))
    return min(flat, whole, key=lambda f: len(str(f)))
