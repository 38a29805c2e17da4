"""Left multiplication by a symbol, w -> f * w, for any smooth formula f, as a sum of products.

Written with all x to the left, Op(f) = sum_j F_j(x) G_j(hD), so that

    f * w  =  sum_j F_j(x + s/2) G_j(xi + hk/2) w,       sum_j F_j(x) G_j(xi) = e^{-(i h/2) d_x.d_xi} f(x, xi):

G_j multiplies in (k, xi), then F_j in (x, s). If f is a polynomial in xi or in x the sum is finite. Any other f is
sampled, taken to its left symbol by Fourier transforms, and cut to low rank by singular values.

Source: Zworski, Semiclassical Analysis (2012), Theorem 4.13 for the change of quantization.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sqrt
from typing import Any, TypeAlias

import numpy as np
import sympy
from array_api_compat import array_namespace
from numpy.polynomial import chebyshev

from openweyl._core.arguments import InputError, shown
from openweyl._core.fft import Array, fft, good_size, ifft
from openweyl.symbolic.derivatives import derivative
from openweyl.symbolic.expressions import evaluate

from .grid import PhaseGrid

Variables: TypeAlias = tuple[sympy.Symbol, ...]

LOW_RANK_RTOL = 1e-11
"""The error of the low-rank form, relative to the largest value of f near the grid: the least tolerance of a run."""
TAPER_WIDTH, TAPER_DEPTH = 9.0, 5.4
"""Outside of the interval of interest f is multiplied by erfc(TAPER_DEPTH u)/2, u = -1 .. 1 over TAPER_WIDTH sqrt(h):
from 1 to 0, both up to 1e-14. The wave numbers of this factor are below 13.6/sqrt(h), to the same 1e-14, so that
e^{-(i h/2) d_x d_xi} moves its changes by at most h k/2 = 6.8 sqrt(h), and not back into the interval."""
MAX_CHEBYSHEV_NODES, MAX_FOURIER_SAMPLES = 256, 4096
"""Chebyshev points, and samples for Fourier transforms, of each variable: a function that needs more is refused. The
singular values of 256 x 256 values take well under a second, transforms of 4096 x 4096 samples about one."""
FIRST_CHEBYSHEV_NODES, FIRST_FOURIER_SAMPLES = 32, 128
"""The numbers to begin with; both are doubled until the error is below LOW_RANK_RTOL."""


@dataclass(frozen=True)
class LeftMultiplication:
    """f * w = sum_j F_j(x + s/2) G_j(xi + hk/2) w by F_j on (x, s), `in_xs`, and G_j on (k, xi), `in_kxi`."""

    grid: PhaseGrid
    in_xs: list[Array]
    in_kxi: list[Array]

    def __call__(self, w: Array) -> Array:
        """f * w, complex; leading axes of `w` are batches."""
        x, xi = self.grid.array_axes(x=True, xi=False), self.grid.array_axes(x=False, xi=True)
        spectrum = fft(w, x)
        total: Array = 0.0
        for F, G in zip(self.in_xs, self.in_kxi, strict=True):
            total = total + F * fft(ifft(G * spectrum, x), xi)
        return ifft(total, xi)

    def adjoint(self, w: Array) -> Array:
        """conj(f) * w, as the adjoint of the discrete f * w: equal to it where w is negligible at the grid's edges."""
        x, xi = self.grid.array_axes(x=True, xi=False), self.grid.array_axes(x=False, xi=True)
        xp = array_namespace(w)
        spectrum = fft(w, xi)
        total: Array = 0.0
        for F, G in zip(self.in_xs, self.in_kxi, strict=True):
            total = total + xp.conj(G) * fft(ifft(xp.conj(F) * spectrum, xi), x)
        return ifft(total, x)


def left_multiplication(
    f: sympy.Expr, x: Variables, xi: Variables, grid: PhaseGrid, xp: Any = np
) -> LeftMultiplication:
    """w -> f * w on `grid`, for the formula `f` in the variables `x` and `xi`.

    Raises InputError for n > 1 unless each term of f is a polynomial in xi or in x.
    """
    n = grid.n
    on_xs = grid.coordinates(grid.array_axes(x=False, xi=True), xp, half=False)
    on_kxi = grid.coordinates(grid.array_axes(x=True, xi=False), xp, half=False)
    moved_x = {v: q + s / 2 for v, q, s in zip(x, on_xs[:n], on_xs[n:], strict=True)}
    moved_xi = {v: p + grid.h * k / 2 for v, k, p in zip(xi, on_kxi[:n], on_kxi[n:], strict=True)}
    F: dict[Any, Array] = {}
    G: dict[Any, Array] = {}
    neither = []
    for term in sympy.Add.make_args(sympy.expand(f)):
        if term.is_polynomial(*xi):
            _add_products(term, (x, xi), grid.h, xi, (F, moved_x), (G, moved_xi), xp)
        elif term.is_polynomial(*x):
            _add_products(term, (x, xi), grid.h, x, (G, moved_xi), (F, moved_x), xp)
        else:
            neither.append(term)
    in_xs, in_kxi = list(F.values()), [G[key] for key in F]
    if neither:
        left, right = _products_on(sympy.Add(*neither), moved_x, moved_xi, grid.h)
        in_xs.extend(xp.asarray(part) for part in left)
        in_kxi.extend(xp.asarray(part) for part in right)
    return LeftMultiplication(grid, in_xs, in_kxi)


def _products_on(
    g: sympy.Expr, moved_x: dict[sympy.Symbol, Array], moved_xi: dict[sympy.Symbol, Array], h: float
) -> tuple[np.ndarray, np.ndarray]:
    """F_j at the points of the one x and G_j at those of the one xi, for g that is a polynomial in neither."""
    if len(moved_x) > 1:
        raise InputError(
            f"With n = {len(moved_x)} every term that mixes x and xi must be a polynomial in the x or in the xi, but "
            f"{shown(str(g))} is not: only n = 1 has a method for such terms."
        )
    (x, points), (xi, momenta) = *moved_x.items(), *moved_xi.items()
    ranges = [(float(v.min()), float(v.max())) for v in (points, momenta)]
    left, right = _low_rank(lambda q, p: evaluate(g, {x: q, xi: p}, np), ranges, h)
    return _chebyshev_sums(left, points, *ranges[0]), _chebyshev_sums(right, momenta, *ranges[1])


def _chebyshev_sums(coefficients: np.ndarray, points: Array, low: float, high: float) -> np.ndarray:
    """The functions with these columns of Chebyshev coefficients on [low, high], at `points`."""
    return np.asarray(chebyshev.chebval((2 * np.asarray(points) - low - high) / (high - low), coefficients))


def _add_products(
    f: sympy.Expr,
    pairs: tuple[Variables, Variables],
    h: float,
    v: Variables,
    coefficients: tuple[dict[Any, Array], dict[sympy.Symbol, Array]],
    monomials: tuple[dict[Any, Array], dict[sympy.Symbol, Array]],
    xp: Any,
) -> None:
    """Add the left symbol of f, a polynomial in `v`: a function of the other variables for each monomial in v."""
    series = [(1.0 + 0j, f)]
    for q, p in zip(*pairs, strict=True):  # e^{-(i h/2) d_q d_p}, one degree of freedom after the other
        extended, step = list(series), 1
        while series:
            series = [(c * (-0.5j * h) / step, derivative(derivative(g, q), p)) for c, g in series]
            series = [(c, g) for c, g in series if sympy.expand(g) != 0]
            extended += series
            step += 1
        series = extended
    for c, g in series:
        for powers, coefficient in sympy.Poly(g, *v).terms():
            key = (v, powers)
            if key not in monomials[0]:
                factors = [monomials[1][q] ** power for q, power in zip(v, powers, strict=True) if power]
                monomials[0][key] = xp.asarray(_product(factors))
            coefficients[0][key] = coefficients[0].get(key, 0.0) + c * evaluate(coefficient, coefficients[1], xp)


def _product(factors: list[Array]) -> Array:
    value: Array = 1.0
    for factor in factors:
        value = value * factor
    return value


def _low_rank(
    f: Callable[[np.ndarray, np.ndarray], np.ndarray], ranges: list[tuple[float, float]], h: float
) -> tuple[np.ndarray, np.ndarray]:
    """Chebyshev coefficients of F_j on ranges[0] and of G_j on ranges[1], column by column: n = 1."""
    nodes, samples = FIRST_CHEBYSHEV_NODES, FIRST_FOURIER_SAMPLES
    known = _left_values(f, ranges, h, nodes, samples)
    while True:
        finer = _left_values(f, ranges, h, nodes, 2 * samples)
        if np.abs(finer - known).max() <= LOW_RANK_RTOL * np.abs(finer).max():
            break
        known, samples = finer, 2 * samples
        if samples > MAX_FOURIER_SAMPLES:
            raise InputError(_TOO_SHARP)
    while True:
        table = chebyshev_coefficients(known)
        tail = max(np.abs(table[-3:]).max(), np.abs(table[:, -3:]).max())
        if tail <= LOW_RANK_RTOL * np.abs(table).max():
            break
        nodes *= 2
        if nodes > MAX_CHEBYSHEV_NODES:
            raise InputError(_TOO_SHARP)
        known = _left_values(f, ranges, h, nodes, samples)
    u, sizes, v = np.linalg.svd(table)
    rank = int((sizes > LOW_RANK_RTOL * sizes[0]).sum())
    return u[:, :rank] * np.sqrt(sizes[:rank]), v[:rank].T * np.sqrt(sizes[:rank])


_TOO_SHARP = (
    "A term that mixes x and xi must vary on scales that a moderate grid resolves, but one of this system does not: "
    "write it as a sum of products, or make it smoother."
)


def _left_values(
    f: Callable[[np.ndarray, np.ndarray], np.ndarray],
    ranges: list[tuple[float, float]],
    h: float,
    nodes: int,
    samples: int,
) -> np.ndarray:
    """e^{-(i h/2) d_x d_xi} f at Chebyshev points of the two ranges."""
    from scipy.special import erfc  # slow to import

    points, tapers, waves, back = [], [], [], []
    for low, high in ranges:
        margin = TAPER_WIDTH * sqrt(abs(h))
        length = high - low + 2 * margin
        size = good_size(samples)
        grid = low - margin + length / size * np.arange(size)
        depth = (np.abs(grid - (low + high) / 2) - (high - low) / 2) / margin  # <= 0 in the interval, 1 at the end
        k = 2 * pi * np.fft.fftfreq(size, length / size)
        at = (low + high) / 2 + (high - low) / 2 * chebyshev.chebpts1(nodes)
        points.append(grid)
        tapers.append(erfc(TAPER_DEPTH * (2 * depth - 1)) / 2)
        waves.append(k)
        back.append(np.exp(1j * np.outer(at - grid[0], k)) / size)
    x, xi = points[0][:, None], points[1][None, :]
    values = np.broadcast_to(f(x, xi), (x.size, xi.size)) * tapers[0][:, None] * tapers[1]
    spectrum = np.fft.fft2(values) * np.exp(0.5j * h * np.outer(waves[0], waves[1]))
    return back[0] @ spectrum @ back[1].T


def chebyshev_coefficients(values: np.ndarray) -> np.ndarray:
    """The coefficients of the interpolant of values at the points of `chebpts1`, along both axes."""
    for axis in (0, 1):
        size = values.shape[axis]
        matrix = chebyshev.chebvander(chebyshev.chebpts1(size), size - 1).T * (2 / size)
        matrix[0] /= 2
        values = np.moveaxis(np.tensordot(matrix, values, axes=([1], [axis])), 0, axis)
    return values
