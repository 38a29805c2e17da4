"""Polynomials in the symbols of a and ad, multiplied as operators are: by the star product, which ends.

With alpha = (x + i xi)/sqrt(2h), the symbol of a, and its conjugate, the symbol of ad, the star product has no h in it:

    f * g = exp( (d_alpha d_beta' - d_alpha' d_beta)/2 ) f(alpha, alpha') g(beta, beta')  at beta = alpha,

so that alpha * alpha' = |alpha|^2 + 1/2 and alpha * alpha' - alpha' * alpha = 1, the symbol of [a, ad].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import product
from math import comb, perm, prod
from typing import NamedTuple, TypeAlias

import sympy

from openweyl._core.arguments import InputError, fail

from .algebra import MAX_TERMS, Variables
from .forms import MAX_POWER

Monomial: TypeAlias = tuple[tuple[int, int, int], ...]
"""(j, p, q) for the factor alpha_j^p conj(alpha_j)^q of each mode j that is in it, by j; () is 1."""
LadderPolynomial: TypeAlias = dict[Monomial, sympy.Expr]
"""The coefficient of each monomial: numbers, and functions of the time."""

MAX_CONTRACTIONS = 50_000
"""The most terms that one product may write out before like ones are added: they take about a second."""


class Parts(NamedTuple):
    """The real and the imaginary part of something."""

    real: sympy.Expr
    imaginary: sympy.Expr


def total(polynomials: Iterator[LadderPolynomial]) -> LadderPolynomial:
    """The sum."""
    collected: dict[Monomial, list[sympy.Expr]] = {}
    for polynomial in polynomials:
        for monomial, c in polynomial.items():
            collected.setdefault(monomial, []).append(c)
    return _added(collected)


def star_of_ladders(f: LadderPolynomial, g: LadderPolynomial, name: str, text: str) -> LadderPolynomial:
    """f * g. Raises InputError, about the argument `name`, which is `text`, if that is very large."""
    collected: dict[Monomial, list[sympy.Expr]] = {}
    written = 0
    for (left, c), (right, d) in product(f.items(), g.items()):
        coefficient = c * d
        for monomial, weight in _star_of_monomials(left, right):
            collected.setdefault(monomial, []).append(weight * coefficient)
            written += 1
            if written > MAX_CONTRACTIONS or len(collected) > MAX_TERMS:
                raise _too_large(name, text)
    if any(sum(p + q for _, p, q in monomial) > MAX_POWER for monomial in collected):
        raise fail(name, f"be of degree {MAX_POWER} at most", text)
    return _added(collected)


def adjoint(monomial: Monomial) -> Monomial:
    """The complex conjugate."""
    return tuple((j, q, p) for j, p, q in monomial)


def parts_of(monomial: Monomial, h: sympy.Expr, x: Variables, xi: Variables, name: str, text: str) -> Parts:
    """The real and the imaginary part of `monomial` in x and xi, with its powers of x_j^2 + xi_j^2 as factors."""
    if prod(1 + abs(p - q) for _, p, q in monomial) > MAX_TERMS:
        raise _too_large(name, text)
    real, imaginary = sympy.S.One, sympy.S.Zero
    squares = []
    for j, p, q in monomial:
        u, v = _power(x[j], xi[j], abs(p - q))
        v = v if p > q else -v
        real, imaginary = sympy.expand(real * u - imaginary * v), sympy.expand(real * v + imaginary * u)
        squares.append((x[j] ** 2 + xi[j] ** 2) ** min(p, q))
    scale = sympy.sqrt(2 * h) ** -sum(p + q for _, p, q in monomial)
    return Parts(*(sympy.Mul(scale, part, *squares) for part in (real, imaginary)))


def parts_of_coefficient(c: sympy.Expr) -> Parts:
    """The real and the imaginary part of a coefficient; factors without I are real, and stay as they are written."""
    real, imaginary = [], []
    for term in sympy.Add.make_args(sympy.expand_mul(c) if c.has(sympy.I) else c):
        factors = sympy.Mul.make_args(term)
        plain = sympy.Mul(*(f for f in factors if _is_plain(f)))
        u, v = sympy.Mul(*(f for f in factors if not _is_plain(f))).as_real_imag()
        real.append(plain * u)
        imaginary.append(plain * v)
    return Parts(sympy.Add(*real), sympy.Add(*imaginary))


def _is_plain(factor: sympy.Expr) -> bool:
    return not factor.has(sympy.I) and factor.is_real is not False


def _added(collected: Mapping[Monomial, list[sympy.Expr]]) -> LadderPolynomial:
    sums = {monomial: sympy.Add(*terms) for monomial, terms in collected.items()}
    return {monomial: c for monomial, c in sums.items() if c != 0}


def _star_of_monomials(left: Monomial, right: Monomial) -> Iterator[tuple[Monomial, sympy.Rational]]:
    """The monomials of the product, with their weights."""
    of_left, of_right = ({j: (p, q) for j, p, q in monomial} for monomial in (left, right))
    modes = sorted({*of_left, *of_right})
    choices = [_contractions(*of_left.get(j, (0, 0)), *of_right.get(j, (0, 0))) for j in modes]
    for chosen in product(*choices):
        yield (
            tuple((j, p, q) for j, (p, q, _) in zip(modes, chosen, strict=True) if p or q),
            prod((weight for _, _, weight in chosen), start=sympy.S.One),
        )


@lru_cache(maxsize=4096)
def _contractions(p: int, q: int, r: int, s: int) -> tuple[tuple[int, int, sympy.Rational], ...]:
    """alpha^p conj(alpha)^q * alpha^r conj(alpha)^s for one mode: powers, and their weights."""
    return tuple(
        (
            p + r - k - m,
            q + s - k - m,
            sympy.Rational((-1) ** m * comb(p, k) * perm(s, k) * comb(q, m) * perm(r, m), 2 ** (k + m)),
        )
        for k in range(min(p, s) + 1)
        for m in range(min(q, r) + 1)
    )


@lru_cache(maxsize=1024)
def _power(x: sympy.Symbol, xi: sympy.Symbol, d: int) -> Parts:
    """The parts of (x + i xi)^d."""
    terms = [comb(d, k) * x ** (d - k) * xi**k for k in range(d + 1)]
    signs = (1, 1, -1, -1)
    real = sympy.Add(*(signs[k % 4] * terms[k] for k in range(0, d + 1, 2)))
    return Parts(real, sympy.Add(*(signs[k % 4] * terms[k] for k in range(1, d + 1, 2))))


def _too_large(name: str, text: str) -> InputError:
    return fail(name, f"have at most {MAX_TERMS} terms when multiplied out", text)
