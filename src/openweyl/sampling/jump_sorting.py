"""Jumps that are not linear, sorted into families of one shape, with the symbol of l* l."""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial
from typing import Any

import numpy as np
import sympy

from openweyl._core.arguments import InputError, shown
from openweyl.model.formulas import real_and_imaginary
from openweyl.model.packets import symplectic_form
from openweyl.model.system import System
from openweyl.symbolic.expressions import program

from .local_terms import MAX_VARIABLES, Family, dummy_parameters, dummy_variables, family_of
from .nonlinear_jumps import JumpFamily


def sorted_jumps(jumps: Sequence[sympy.Expr], system: System) -> tuple[JumpFamily, ...]:
    """`jumps` of `system` as families of one shape each.

    Raises InputError for a jump in too many variables, and for one that is neither a polynomial nor a function of
    commuting variables.
    """
    places = {v: i for i, v in enumerate((*system.x, *system.xi))}
    J, h = symplectic_form(system.n), sympy.Float(system.h)
    shapes: dict[Any, list[tuple[list[int], list[float]]]] = {}
    for jump in jumps:
        key, indices, numbers = _shape(jump, places, J)
        shapes.setdefault(key, []).append((indices, numbers))
    return tuple(_family(key, members, system.n, h) for key, members in shapes.items())


def _shape(jump: sympy.Expr, places: dict[sympy.Symbol, int], J: np.ndarray) -> tuple[Any, list[int], list[float]]:
    """(what jumps of one shape have in common, the variables, the numbers of this one)."""
    names = sorted(jump.free_symbols & places.keys(), key=places.__getitem__)
    if len(names) > MAX_VARIABLES:
        raise InputError(
            f"Argument `jumps` must have jumps in at most {MAX_VARIABLES} variables each, but one has {len(names)}: "
            f"{shown(jump)}."
        )
    indices = [places[v] for v in names]
    form = tuple(map(tuple, J[np.ix_(indices, indices)]))
    u = dummy_variables(len(names))
    parts = [part.xreplace(dict(zip(names, u, strict=True))) for part in real_and_imaginary(jump)]
    if all(part.is_polynomial(*u) for part in parts):
        polynomials = [sympy.Poly(part, *u) for part in parts]
        monomials = tuple(sorted({m for p in polynomials for m, c in p.terms() if c != 0}))
        numbers = [float(p.coeff_monomial(m)) for p in polynomials for m in monomials]
        return (form, monomials, parts[1] != 0, None), indices, numbers
    if any(any(row) for row in form):
        raise InputError(
            "Argument `jumps` must have jumps that are polynomials, or functions of commuting variables, but "
            f"{shown(jump)} depends on conjugate ones."
        )
    return (form, (), parts[1] != 0, tuple(parts)), indices, []


def _family(key: Any, members: list[tuple[list[int], list[float]]], n: int, h: sympy.Expr) -> JumpFamily:
    form, monomials, is_complex, functions = key
    u, count = dummy_variables(len(form)), len(monomials)
    names = dummy_parameters(2 * count)
    if functions is None:
        powers = [sympy.Mul(*(v**e for v, e in zip(u, m, strict=True))) for m in monomials]
        real = sympy.Add(*(a * m for a, m in zip(names, powers, strict=False)))
        imaginary = sympy.Add(*(b * m for b, m in zip(names[count:], powers, strict=True))) if is_complex else 0
        square = _square(real, imaginary, u, form, h)
        degree = max(sum(m) for m in monomials)
    else:
        (real, imaginary), degree = functions, None
        square = real**2 + imaginary**2
    imaginary = sympy.sympify(imaginary)
    at, numbers = (np.array(part) for part in zip(*members, strict=True))

    def family(f: sympy.Expr, degree: int | None) -> Family:
        return family_of(f, degree, at, numbers, n)

    return JumpFamily(
        family(real, degree),
        family(imaginary, degree) if is_complex else None,
        family(square, None if degree is None else 2 * degree),
        program((real, imaginary)),
        np.array(form),
    )


def _square(real: sympy.Expr, imaginary: sympy.Expr, u: Sequence[sympy.Symbol], form: Any, h: sympy.Expr) -> sympy.Expr:
    """conj(l) * l of the polynomial l = real + i imaginary: a real polynomial."""
    pairs = [(sympy.Integer(1), real - sympy.I * imaginary, real + sympy.I * imaginary)]
    total, m = sympy.Integer(0), 0
    while pairs:
        order = sympy.Add(*(number * f * g for number, f, g in pairs))
        total += sympy.expand((sympy.I * h / 2) ** m / factorial(m) * order)
        pairs = [
            (number * int(form[i][j]), f.diff(u[i]), g.diff(u[j]))
            for number, f, g in pairs
            for i in range(len(u))
            for j in range(len(u))
            if form[i][j]
        ]
        pairs = [pair for pair in pairs if pair[1] != 0 and pair[2] != 0]
        m += 1
    return sympy.Add(*(term for term in sympy.Add.make_args(sympy.expand(total)) if not term.has(sympy.I)))
