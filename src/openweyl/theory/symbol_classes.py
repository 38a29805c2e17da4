"""Symbol classes and ellipticity: is a function in S_(2), in the class of jumps, and do the jumps diffuse everywhere?

    p in S_(2):  |d^alpha p| <= C_alpha, |alpha| >= 2;     l:  |d^alpha l| <= C_alpha <z>^{1 - |alpha|};     H H* >= c,

Li (1.2), (1.6). Polynomials are decided by their degree, jumps by variables that do not enter, bounded functions by
interval bounds, which are rounded outward: such lines are called proved. (Sums of such bounds, and the singular values
of a constant H, are floating-point numbers.) The rest is sampled on shells |z| = 2^j: that is evidence, and the line
says so. (1.2) asks for all derivatives; looked at are those up to the order `highest`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations_with_replacement
from math import inf, isfinite

import numpy as np
import scipy.special
import sympy

from openweyl.model.system import System
from openweyl.symbolic.algebra import expandable, linear
from openweyl.symbolic.derivatives import derivative
from openweyl.symbolic.expressions import evaluate
from openweyl.symbolic.sentences import Prose, Sign
from openweyl.symbolic.smoothness import interval

from .assumptions import Line

SHELL_COUNT = 17
"""Samples lie on the shells |z| = 2^-2, 2^-1, ..., 2^(SHELL_COUNT - 3): 1/4 to 16384."""
SHELL_POINTS = 512
"""Samples on each shell beside the axes: a power of two, as Sobol's sequence wants."""
UNBOUNDED_GROWTH = 1.5
"""A supremum that grows by this factor over the outer half of the shells is taken for unbounded: even log |z|
grows by 14/6 there."""
SINGULAR_VALUE_ROUND_OFF = 1e-12
"""The least singular value of a constant H, over the largest, that is told from 0: some thousand times its error."""
DEGENERATE_EIGENVALUE = 1e-6
"""The least eigenvalue of H H* on samples, over the largest, that is told from 0: samples miss the zeros themselves."""
SMITH = "Smith, arXiv:2601.04489, covers momentum diffusion"
MAX_FORMULA_LETTERS = 90
"""Letters of a formula in a sentence; of a longer one the sentence has the order of the derivative alone."""
P, S_2 = sympy.symbols("p S_(2)")
C, Z = sympy.symbols("c <z>", positive=True)


def highest(n: int) -> int:
    """3 derivatives for the remainder of the commutator, Li (2.17), 2n + 1 more for Lemma 2.1; fewer if n > 1."""
    return 2 * n + 4 if n == 1 else 4


def hamiltonian_line(system: System, seminorms: dict[int, float]) -> Line:
    """p in S_(2); fills in sup |d^alpha p| by |alpha|."""
    p, z, name = system.hamiltonian, system.x + system.xi, Prose(P, Sign.IN, S_2)
    if expandable(p) and p.is_polynomial(*z) and sympy.Poly(p, *z).total_degree() > 2:
        worst = next(d for _, d in _derivatives(p, z, 2, 2) if d.has(*z))
        return Line(name, False, "proved", inf, Prose("a second derivative, ", worst, ", is unbounded"))
    return _line(name, p, z, 2, lambda _: 0, highest(system.n), seminorms)


def jump_line(system: System, jump: sympy.Expr, name: str, seminorms: dict[int, float]) -> Line:
    """|d^alpha l| <= C <z>^{1 - |alpha|}; fills in sup <z>^{|alpha| - 1} |d^alpha l| by |alpha|."""
    z = system.x + system.xi
    line = Prose(sympy.Symbol(name), " in (1.2)")
    for _, d in _derivatives(jump, z, 2, 2):
        missing = [v for v in z if not d.has(v)]
        if missing and sympy.expand(d) != 0:
            slow = Prose("does not decay as ", missing[0], " grows, so that ", Z, " times it is unbounded")
            return Line(line, False, "proved", inf, Prose("a second derivative, ", d, ", ", slow))
    if expandable(jump) and jump.is_polynomial(*z) and sympy.Poly(jump, *z).total_degree() > 1:
        return Line(line, False, "proved", inf, Prose(jump, " is a polynomial of degree above 1"))
    return _line(line, jump, z, 0, lambda order: order - 1, highest(system.n), seminorms)


def ellipticity_line(system: System) -> Line:
    """(1.6) with c = inf lambda_min(H H*), the least eigenvalue of sum_j (dl_j)(dl_j)^T."""
    z, jumps = system.x + system.xi, system.jumps
    name = "(1.6)"
    if len(jumps) < len(z):
        count = f"{len(jumps)} jump{'s' * (len(jumps) != 1)} for {len(z)} dimensions"
        covered = f"; {SMITH}" if jumps and not any(jump.has(*system.xi) for jump in jumps) else ""
        return Line(name, False, "proved", 0.0, f"{count}, so H H* has the eigenvalue 0{covered}")
    slopes = [linear(jump, z) for jump in jumps]
    if None not in slopes:
        values = np.linalg.svd(np.array(slopes), compute_uv=False)
        c = float(values[-1]) ** 2 if values[-1] > SINGULAR_VALUE_ROUND_OFF * values[0] else 0.0
        return Line(name, c > 0, "proved", c, Prose("H H* is constant, ", C, Sign.EQ, c))
    gradients = [[derivative(jump, v) for v in z] for jump in jumps]
    low = _gershgorin_bound(gradients)
    if low > 0:
        return Line(name, True, "proved", low, Prose(C, Sign.GE, low, " by Gershgorin's discs"))
    return _sampled_ellipticity(name, gradients, z)


def _gershgorin_bound(gradients: list[list[sympy.Expr]]) -> float:
    """A lower bound of the eigenvalues of H H* = sum_j (dl_j)(dl_j)^T everywhere, by interval bounds of its entries."""
    size = range(len(gradients[0]))
    gram = [[sympy.Add(*(g[a] * g[b] for g in gradients)) for b in size] for a in size]
    return min(interval(gram[a][a])[0] - sum(max(map(abs, interval(gram[a][b]))) for b in size if b != a) for a in size)


def _sampled_ellipticity(name: str, gradients: list[list[sympy.Expr]], z: tuple[sympy.Symbol, ...]) -> Line:
    """(1.6) by the eigenvalues of H H* on samples."""
    shells = _shells(len(z))
    rows = np.array([[np.broadcast_to(_on(d, z, shells), shells.shape[1:]) for d in row] for row in gradients])
    with np.errstate(all="ignore"):
        products = np.einsum("ja...,jb...->...ab", rows, rows)
    if not np.isfinite(products).all():
        return Line(name, False, "sampled", None, "H H* grows beyond double precision on samples")
    values = np.linalg.eigvalsh(products)
    least = values[..., 0].min(axis=1)
    half = SHELL_COUNT // 2
    c = max(float(least.min()), 0.0)
    decays = least[half:].min() < least[:half].min() / UNBOUNDED_GROWTH**2
    text = Prose(C, Sign.EQ, c, " on samples", ", which falls far from the origin" if decays else "")
    return Line(name, c > DEGENERATE_EIGENVALUE * float(values.max()) and not decays, "sampled", c, text)


def _derivatives(f: sympy.Expr, z: tuple[sympy.Symbol, ...], first: int, last: int) -> Iterator[tuple[int, sympy.Expr]]:
    """(|alpha|, d^alpha f) for first <= |alpha| <= last."""
    for order in range(first, last + 1):
        for alpha in combinations_with_replacement(z, order):
            d = f
            for v in alpha:
                d = derivative(d, v)
            yield order, d


def _line(
    name: str,
    f: sympy.Expr,
    z: tuple[sympy.Symbol, ...],
    first: int,
    weight: Callable[[int], int],
    last: int,
    seminorms: dict[int, float],
) -> Line:
    """sup <z>^{weight(|alpha|)} |d^alpha f|, first <= |alpha| <= last: by bounds where weight = 0, else by samples."""
    shells = _shells(len(z))
    size = np.sqrt(1 + (shells**2).sum(axis=0))
    proved = True
    for order, d in _derivatives(f, z, first, last):
        if d == 0:
            seminorms.setdefault(order, 0.0)
            continue
        power = weight(order)
        low, high = interval(d)
        value = max(abs(low), abs(high))
        if power > 0 or not isfinite(value) or (power < 0 and not d.is_polynomial(*z)):
            value, grows = _sampled(d, z, shells, size**power)
            proved = proved and power < 0 and linear(d, z) is not None
            if grows:
                what = Prose(d) if len(str(d)) <= MAX_FORMULA_LETTERS else Prose(f"one of order {order}")
                times = Prose(", times ", Z**power) if power else ""
                text = Prose("a derivative grows without bound on samples: ", what, times)
                return Line(name, False, "sampled", inf, text)
        seminorms[order] = max(seminorms.get(order, 0.0), value)
    top = max(seminorms.values(), default=0.0)
    return Line(
        name, True, "proved" if proved else "sampled", top, Prose(f"constants up to order {last}", Sign.LE, top)
    )


def _sampled(d: sympy.Expr, z: tuple[sympy.Symbol, ...], shells: np.ndarray, weight: np.ndarray) -> tuple[float, bool]:
    """The largest weight |d| on the shells, and whether it grows over the outer half of them."""
    values = np.abs(_on(d, z, shells) * weight)
    suprema = np.max(np.where(np.isnan(values), np.inf, values), axis=1)
    half = SHELL_COUNT // 2
    return float(suprema.max()), bool(suprema[half:].max() > UNBOUNDED_GROWTH * suprema[: half + 1].max())


def _on(d: sympy.Expr, z: tuple[sympy.Symbol, ...], shells: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(evaluate(d, dict(zip(z, shells, strict=True)), np)) + np.zeros(shells.shape[1:])


def _shells(dimension: int) -> np.ndarray:
    """Points (dimension, shell, direction): quasi-random directions, and the axes."""
    from scipy.stats import qmc  # slow to import

    normal = scipy.special.ndtri(qmc.Sobol(dimension, seed=0).random(SHELL_POINTS) * (1 - 2e-9) + 1e-9)
    axes = np.concatenate([np.eye(dimension), -np.eye(dimension)])
    points = np.concatenate([axes, normal / np.linalg.norm(normal, axis=1, keepdims=True)])
    return np.asarray(points.T[:, None, :] * (2.0 ** np.arange(-2, SHELL_COUNT - 2))[None, :, None])
