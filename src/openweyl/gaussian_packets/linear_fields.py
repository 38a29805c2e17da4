"""The linear drift and the diffusion of quadratic p and linear jumps, entry by entry: of many modes few are not 0.

With X_f = (f_xi, -f_x), so that {z, f} = X_f, the drift is X_p + gamma sum (b X_a - a X_b), and D = gamma sum X X^T.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import sympy

Names: TypeAlias = tuple[sympy.Symbol, ...]


def field_and_noise(
    p: sympy.Expr, jumps: Sequence[Sequence[sympy.Expr]], x: Names, xi: Names, gamma: sympy.Expr
) -> tuple[list[sympy.Expr], sympy.Matrix]:
    """The drift of each coordinate, linear in them, and D; a and b of each jump are sums of monomials."""
    n = len(x)
    places = {v: i for i, v in enumerate(x + xi)}

    def along(f: sympy.Expr) -> dict[int, sympy.Expr]:
        """X_f, by coordinate."""
        found: dict[int, list[sympy.Expr]] = {}
        for term in sympy.Add.make_args(f):
            for v in term.free_symbols & places.keys():
                i = places[v]
                found.setdefault((i + n) % (2 * n), []).append(term.diff(v) if i >= n else -term.diff(v))
        return {i: sympy.Add(*found[i]) for i in sorted(found)}

    drift: list[list[sympy.Expr]] = [[] for _ in places]
    noise: dict[tuple[int, int], list[sympy.Expr]] = {}
    for i, entry in along(p).items():
        drift[i].append(entry)
    for a, b in jumps:
        X_a, X_b = along(a), along(b)
        for i, entry in X_a.items():
            drift[i] += [gamma * term * entry for term in sympy.Add.make_args(b)]
        for i, entry in X_b.items():
            drift[i] += [-gamma * term * entry for term in sympy.Add.make_args(a)]
        for X in (X_a, X_b):
            for i, u in X.items():
                for j, v in X.items():
                    noise.setdefault((i, j), []).append(gamma * u * v)
    size = 2 * n
    D = [[sympy.Add(*noise.get((i, j), [])) for j in range(size)] for i in range(size)]
    return [sympy.Add(*parts) for parts in drift], sympy.Matrix(D)
