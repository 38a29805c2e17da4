"""Bounds from coherent states, for symbols that are smooth on the scale sqrt(h): cheap at any number of states.

    Op(w) = (2 pi h)^-n int o(z) |z><z| dz,   w = o * G,      <z| Op(w) |z> = (w * G)(z),

|z> a coherent state, G its symbol over (2 pi h)^n. As (2 pi h)^-n int |z><z| dz = 1 (Berezin, Lieb),

    (2 pi h)^-n ||w * G||_L1  <=  ||Op(w)||_tr  <=  (2 pi h)^-n ||o||_L1,
                       inf o  <=  inf spec Op(w)  <=  inf w * G.

|z> may be squeezed: with S = diag(a_1 .. a_n, 1/a_1 .. 1/a_n) the transform of G is exp(-(h/4) kappa.S kappa), kappa
the wave numbers of x and of xi. The upper symbol o is w with its waves amplified by exp(+(h/4) kappa.S kappa); those
that are too high for this are cut off and bounded. To first order in h the bounds on the trace norm differ by
(h/2) sum_a S_aa int -sgn(w) d_a^2 w, nothing where w keeps its sign; that chooses a. docs/trace-norm.md has the proofs.

Sources: F. A. Berezin (1972), for covariant and contravariant symbols; E. H. Lieb, Commun. Math. Phys. 31 (1973)
327-340.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, inf, prod, sqrt

import numpy as np

from openweyl._core.fft import good_size, irfft, rfft
from openweyl.phase_space.grid import Axis, PhaseGrid
from openweyl.phase_space.grid_function import GridFunction
from openweyl.phase_space.kernels import kernel_points

from .l1 import refined_l1

MARGIN_DEVIATIONS = 6
"""Standard deviations of G between the samples and the ends of the torus on which they are convolved: beyond six of
them lies 2e-9 of G, and that is bounded and added."""
BINS_PER_EXPONENT, MAX_EXPONENT = 8, 33
"""Exponents (h/4) kappa.S kappa are sorted into bins of width 1/8, which is 13 % in the amplification. Up to the
largest, 33, round-off amplified by e^33 is a fifth of the symbol; beyond, it would be the symbol's size and more."""
TRANSFORM_ROUND_OFF = 1e-15
"""The round-off of a Fourier transform, relative to the norm of the array: a few units in the last place."""
MAX_REFINED_POINTS = 2**20
"""The number of points up to which the grid of the two symbols is refined: about a second's work."""
BEND_WEIGHTS = (1.0, 0.1, 0.01)
"""Weights of int |d^2 w| beside the loss of first order in the choice of squeezing. The loss alone may choose extreme
squeezings, which amplify too much; tried from the safe to the sharp, as none is best for all symbols."""
SQUEEZING_RTOL = 0.2
"""Squeezings within 20 % of each other are tried once: around its minimum the loss changes by the square of that."""
CUTOFF_FRACTIONS = (1e-5, 1e-3, 0.1, 10.0)
"""Parts of the width aimed at that may be cut off as wave numbers too high to be amplified, tried one after the other.
A cut leaves ripples of its own height times the amplification, so the smallest comes first; a larger one pays where
the noise of a run would be amplified."""
WIDTH_FRACTION_OF_L1 = 0.05
"""The part of the width aimed at that each of the two L1 norms may be uncertain by: small against the width itself."""


@dataclass(frozen=True)
class Pair:
    """The `upper` symbol o and the `lower` symbol o * G * G on one grid, which ends far beyond the support of w.

    missing: ||Op(w - o * G)||_HS with o = 0 beyond the grid; twice that bounds the error of `lower` at any point.
    wrapped: a bound of the L1 norm that enters at the other end of the periodic grid. noise: a bound of the round-off
    of `upper`, as a Hilbert-Schmidt norm.
    """

    upper: GridFunction
    lower: GridFunction
    missing: float
    wrapped: float
    noise: float


def trace_norm_bounds(w: GridFunction, *, rtol: float, allowed: float = 0.0) -> tuple[float, float]:
    """(lower, upper) with lower <= ||Op(w)||_tr <= upper, as close to each other as coherent states can make them.

    The work stops where upper - lower is about `rtol` of the norm, or `allowed`.
    """
    aim = max(rtol * float(np.abs(w.values).sum()) * w.grid.cell, allowed)
    root = sqrt(prod(kernel_points(w.grid)))
    best, width = None, inf
    for pairs in _attempts(w, [share * aim / root for share in CUTOFF_FRACTIONS]):
        for pair in pairs:
            sums = [float(np.abs(f.values).sum()) * f.grid.cell for f in (pair.lower, pair.upper)]
            expected = sums[1] - sums[0] + 2 * (root * pair.missing + pair.wrapped) + root * pair.noise
            if best is None or expected < width:
                best, width = pair, expected
        if width < aim / 2:
            break
    assert best is not None  # noqa: S101 - there are budgets and squeezings
    fine = max(rtol, 0.1 * width / aim * rtol)
    part = WIDTH_FRACTION_OF_L1
    low, _, _ = refined_l1(best.lower, accuracy=part * fine, allowed=part * aim)
    _, _, high = refined_l1(best.upper, accuracy=part * fine, allowed=part * aim)
    missing = sqrt(prod(kernel_points(best.upper.grid))) * best.missing
    noise = sqrt(best.upper.grid.states) * best.noise
    return max(low - best.wrapped - missing, 0.0), high + missing + noise


def first_order_width(loss: list[float], grid: PhaseGrid) -> float:
    """(upper - lower)/||Op(w)||_tr of `trace_norm_bounds` to first order in h, from the loss of `curvatures`."""
    return grid.h * sum(sqrt(max(loss[j], 0.0) * max(loss[grid.n + j], 0.0)) for j in range(grid.n))


def smallest_eigenvalue_bounds(w: GridFunction, accuracy: float) -> tuple[float, float]:
    """lower <= inf spec Op(w) <= upper, to about `accuracy` where w is smooth enough; upper <= 0, as the spectrum of a
    compact operator reaches 0.

    Between its samples o lies above the smallest around less sum_a d_a^2/8 sup |d_a^2 o|, by linear interpolation; the
    supremum in a cell lies below the largest sample around plus the same for d_a^2 o, sums of |spectrum| as suprema.
    """
    size = float(w.hilbert_schmidt())
    if size == 0:
        return 0.0, 0.0
    lower, upper = -size, 0.0  # a norm bounds all eigenvalues
    best, least = None, -inf
    for pairs in _attempts(w, [1e-3 * accuracy, 0.1 * accuracy, 0.01 * size, 0.1 * size]):
        for pair in pairs:
            upper = min(upper, float(pair.lower.values.min()) + 2 * pair.missing)
            if (lowest := float(pair.upper.values.min()) - pair.missing) > least:
                best, least = pair, lowest
        if least > upper - accuracy:
            break
    if best is not None:
        noise = 10 * best.noise * float(np.abs(w.values).max()) / size  # the largest of many values
        lower = max(lower, min(_infimum(best.upper, accuracy / 4), 0.0) - best.missing - noise)
    return lower, upper


def _attempts(w: GridFunction, budgets: list[float]) -> Iterator[Iterator[Pair]]:
    """The pairs of symbols for each budget, at all squeezings; on large grids for two budgets, at one squeezing."""
    squeezings = _squeezings(w)
    if w.grid.size > MAX_REFINED_POINTS:
        squeezings, budgets = squeezings[:1], budgets[1:3]
    for budget in budgets:
        yield (_symbols(w, squeezing, budget) for squeezing in squeezings)


def _infimum(function: GridFunction, accuracy: float) -> float:
    """A lower bound of inf f, as sharp as `accuracy` if `MAX_REFINED_POINTS` points are enough for that."""
    f, grid = function.values, function.grid
    dims = range(f.ndim)
    spectrum = rfft(f, tuple(dims))
    size, squares = 2 * np.abs(spectrum) / f.size, []  # twice for both signs of the last wave number
    for a, axis in enumerate(grid.x + grid.xi):
        k = axis.wave_numbers(half=a == f.ndim - 1)
        squares.append((k**2).reshape((-1,) + (1,) * (f.ndim - 1 - a)))
    fourth = [[float((size * squares[a] * squares[b]).sum()) for b in dims] for a in dims]
    while True:
        eighths = [axis.spacing**2 / 8 for axis in grid.x + grid.xi]
        bend, least = np.zeros(f.shape), f
        for a in dims:
            rest = sum(e * bound for e, bound in zip(eighths, fourth[a], strict=True))
            bend += eighths[a] * (np.abs(_second(function, a)) + rest)
        for a in dims:  # over the corners of each cell
            bend = np.maximum(bend, np.roll(bend, -1, axis=a))
            least = np.minimum(least, np.roll(least, -1, axis=a))
        infimum = float((least - bend).min())
        if float(f.min()) - infimum <= accuracy or grid.size * 4**grid.n > MAX_REFINED_POINTS:
            return infimum
        function = function.doubled()
        f, grid = function.values, function.grid


def curvatures(w: GridFunction) -> tuple[list[float], list[float]]:
    """int -sgn(w) d^2 w and int |d^2 w| for each axis, x then xi, over int |w|."""
    total = max(float(np.abs(w.values).sum()), np.finfo(float).tiny)
    sign, loss, bend = np.sign(w.values), [], []
    for a in range(2 * w.n):
        second = _second(w, a)
        loss.append(-float((sign * second).sum()) / total)
        bend.append(float(np.abs(second).sum()) / total)
    return loss, bend


def _second(w: GridFunction, axis: int) -> np.ndarray:
    """d^2 w along one axis, x then xi."""
    orders = [2 * (a == axis) for a in range(2 * w.n)]
    return np.asarray(w.derivative(orders[: w.n], orders[w.n :]).values)


def _squeezings(w: GridFunction) -> list[list[float]]:
    """S_aa for each axis, a_j such that a_j C_x + C_xi/a_j is least, C = the loss on an axis + weight * bend."""
    loss, bend = curvatures(w)
    n, squeezings = w.n, []
    for even in BEND_WEIGHTS:
        c = [max(first, 0.0) + even * second for first, second in zip(loss, bend, strict=True)]
        a = [sqrt(c[n + j] / c[j]) if c[j] > 0 and c[n + j] > 0 else 1.0 for j in range(n)]
        squeezings.append(a + [1 / s for s in a])
    return [s for i, s in enumerate(squeezings) if i == 0 or not np.allclose(s, squeezings[i - 1], rtol=SQUEEZING_RTOL)]


def _symbols(w: GridFunction, squeezing: list[float], budget: float) -> Pair:
    """Both symbols; the waves that are amplified most are cut off, up to a Hilbert-Schmidt norm of `budget`."""
    n, h = w.n, w.h
    box = _with_margins(w.grid, squeezing)
    w = w.resampled(box)
    axes = tuple(range(2 * n))
    spectrum = rfft(w.values, axes)
    exponent = np.zeros(spectrum.shape)
    power = (spectrum.real**2 + spectrum.imag**2) * (2 * box.cell / box.size)  # twice for both signs of the last k
    for a, (axis, s) in enumerate(zip(box.x + box.xi, squeezing, strict=True)):
        k = axis.wave_numbers(half=a == 2 * n - 1)
        exponent += (h / 4 * s * k**2).reshape((-1,) + (1,) * (2 * n - 1 - a))
    bins = np.minimum(exponent * BINS_PER_EXPONENT, MAX_EXPONENT * BINS_PER_EXPONENT).astype(int)
    beyond = np.sqrt(
        np.cumsum(np.bincount(bins.ravel(), power.ravel(), MAX_EXPONENT * BINS_PER_EXPONENT + 1)[::-1])[::-1]
    )
    noise = TRANSFORM_ROUND_OFF * np.exp(np.arange(1, MAX_EXPONENT * BINS_PER_EXPONENT + 1) / BINS_PER_EXPONENT)
    losses = beyond[1:] + noise * beyond[0]  # all bins up to j are kept
    enough = np.nonzero(losses <= budget)[0]
    j = int(enough[0]) if enough.size else int(np.argmin(losses))
    kept = bins <= j
    amplified = np.exp(np.where(kept, exponent, 0.0))
    upper = irfft(np.where(kept, spectrum * amplified, 0.0), axes, box.shape[-1])
    lower = irfft(np.where(kept, spectrum / amplified, 0.0), axes, box.shape[-1])
    outside = _outside(box, squeezing)
    wrapped = 2 * float((np.abs(upper) * outside).sum()) * box.cell
    missing = float(beyond[j + 1]) + 2 * sqrt(float((upper**2 * outside).sum()) * box.cell)
    return Pair(w.like(upper), w.like(lower), missing, wrapped, float(noise[j] * beyond[0]))


def _with_margins(grid: PhaseGrid, squeezing: list[float]) -> PhaseGrid:
    """The grid with room for G at either end of each axis."""
    axes = []
    for axis, s in zip(grid.x + grid.xi, squeezing, strict=True):
        steps = ceil(MARGIN_DEVIATIONS * sqrt(s * grid.h / 2) / axis.spacing)
        axes.append(Axis(axis.lower - steps * axis.spacing, axis.spacing, good_size(axis.size + 2 * steps)))
    return grid.with_axes(axes)


def _outside(box: PhaseGrid, squeezing: list[float]) -> np.ndarray:
    """A bound on the part of G * G around each point that is beyond the box, and on its values there over its peak."""
    total = np.zeros(())
    for a, (axis, s) in enumerate(zip(box.x + box.xi, squeezing, strict=True)):
        t = axis.points
        ends = sum(np.exp(-(d**2) / (2 * s * box.h)) for d in (t - axis.lower, axis.upper - t))
        total = total + np.asarray(ends).reshape((-1,) + (1,) * (2 * box.n - 1 - a))
    return total
