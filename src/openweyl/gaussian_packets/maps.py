"""Maps of Gaussians: the flow of dz/dt = M z + m with diffusion D, exact where M, m and D are constant.

    z  ->  F z + d,      C  ->  F C F^T + S,
    F(t) = e^{Mt},       d(t) = int_0^t e^{M(t-s)} m(s) ds,       S(t) = int_0^t F(t, s) D F(t, s)^T ds.

Constant coefficients: Taylor series over a time so short that they end soon, then doublings, F -> F^2, d -> F d + d,
S -> F S F^T + S, in numbers of so many digits that nothing is lost, whether M is stiff, hyperbolic or neither.

Coefficients that depend on time: cells of time which resolve them (see `drive`), one step of Gauss' collocation of
order 16 in each, halved until two steps agree with one. Collocation solves dY/dt = B Y, B = [[M, D, m], [0, -M^T, 0],
[0, 0, 0]], whose first row is (F, S F^-T, d).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, lgamma, log, log2
from typing import Any

import mpmath
import numpy as np

from openweyl._core.arguments import SMALLEST, ResourceError

BITS = 320
"""Binary digits beyond those that doublings take away: twice what factors of 1e40 can cancel, and a double's own."""
FIRST = 16
"""Taylor series run over times of 2^-16 over the size of M, where their twenty terms cost what sixteen doublings do."""
NODES = 8
"""Nodes of the collocation, of order 16."""
AGREEMENT = 1e-13
"""How well two steps must agree with one: twenty times what the solutions leave of double precision."""
MOST_CELLS, CHUNK = 50_000, 256
"""The most cells, a minute's work, and how many are solved at once."""
JITTER = 8 * 2.0**-53
"""What the time at a node is off, over the time: with it goes the value there of whatever varies fast."""
UNIT = 2.0**-53
"""The relative error of one rounding to double precision."""

Rates = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Times of shape (count,) -> M, shape (count, 2n, 2n), and m, shape (count, 2n)."""

Unseen = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Starts and lengths of cells -> for each whether it hides something."""


@dataclass(frozen=True)
class GaussianMap:
    """F, d, S as arrays of numbers of mpmath, exact to `bits`."""

    matrix: np.ndarray
    shift: np.ndarray
    noise: np.ndarray
    bits: int

    def then(self, later: GaussianMap) -> GaussianMap:
        """This map, and then `later`; within `mpmath.workprec`."""
        F = later.matrix
        return GaussianMap(F @ self.matrix, F @ self.shift + later.shift, F @ self.noise @ F.T + later.noise, self.bits)


@dataclass(frozen=True)
class Cells:
    """The maps of cells of time between `edges`, a leading axis for the cells, and bounds on their errors."""

    edges: np.ndarray
    matrix: np.ndarray
    shift: np.ndarray
    noise: np.ndarray
    matrix_error: np.ndarray
    shift_error: np.ndarray
    noise_error: np.ndarray

    def composed(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """F, d, S from the first edge to the end of each cell."""
        F, d, S = (np.empty_like(part) for part in (self.matrix, self.shift, self.noise))
        f, e, s = np.eye(F.shape[-1]), np.zeros(F.shape[-1]), np.zeros(F.shape[1:])
        with np.errstate(over="ignore", invalid="ignore"):
            for k, (step, shift, noise) in enumerate(zip(self.matrix, self.shift, self.noise, strict=True)):
                f, e, s = step @ f, step @ e + shift, step @ s @ step.T + noise
                F[k], d[k], S[k] = f, e, s
        return F, d, S


def digits(exact: Any, bits: int) -> np.ndarray:
    """Numbers as an array of mpmath's, `bits` binary digits; SymPy's numbers are evaluated."""
    flat = np.asarray(exact, dtype=object)
    found = np.empty(flat.shape, dtype=object)
    with mpmath.workprec(bits):
        for index, value in np.ndenumerate(flat):
            found[index] = mpmath.mpf(value.evalf(int(bits / log2(10)) + 3) if hasattr(value, "evalf") else value)
    return found


def constant_maps(matrix: Any, shift: Any, noise: Any, times: Sequence[float]) -> list[GaussianMap]:
    """The maps from time 0 to each of `times`, increasing, for constant M, m, D, given as arrays of exact numbers."""
    size = len(matrix) * float(max(abs(complex(v)) for v in np.asarray(matrix, dtype=object).flat))
    bits = BITS + 2 * _doublings(size * times[-1]) + len(times).bit_length()
    rates = tuple(digits(part, bits) for part in (matrix, shift, noise))
    maps, known, before = [], dict[float, GaussianMap](), mpmath.mpf(0)
    with mpmath.workprec(bits):
        now = GaussianMap(digits(np.eye(len(matrix), dtype=int), bits), 0 * rates[1], 0 * rates[2], bits)
        for t in times:  # steps that are equal up to round-off are made once, and mended
            step, before = mpmath.mpf(t) - before, mpmath.mpf(t)
            rough = float(f"{float(step):.7e}")
            if rough not in known:
                known[rough] = _map_over(rates, size, mpmath.mpf(rough), bits)
            now = now.then(known[rough]).then(_map_over(rates, size, step - rough, bits))
            maps.append(now)
    return maps


def _doublings(x: float) -> int:
    return max(ceil(log2(x)) + FIRST, 0) if x > 0 else 0


def _map_over(rates: tuple[np.ndarray, ...], size: float, t: Any, bits: int) -> GaussianMap:
    """The map over the time t, by Taylor series in |M| t <= `size` t, and doublings."""
    M, m, D = rates
    doublings = _doublings(size * float(abs(t)))
    tau = t / 2**doublings
    small = max(size * float(abs(tau)), 2.0**-bits)
    f = F = digits(np.eye(len(M), dtype=int), bits)
    d, S = 0 * m, 0 * D
    e, s = m * tau, D * tau
    k = 1
    while (k - 1) * -log2(small) + lgamma(k) / log(2) < bits:
        d, S = d + e, S + s
        f = M @ f * (tau / k)
        F = F + f
        e, turned = M @ e * (tau / (k + 1)), M @ s
        s = (turned + turned.T) * (tau / (k + 1))
        k += 1
    found = GaussianMap(F, d, S, bits)
    for _ in range(doublings):
        found = found.then(found)
    return found


def resolved_cells(rates: Rates, noise: np.ndarray, edges: np.ndarray, unseen: Unseen | None = None) -> Cells:
    """The maps between `edges`, which resolve the coefficients, cut where one step of collocation is not enough.

    `unseen`: tells cells in which more may happen than values at a few times show; these are cut, too.
    Raises ResourceError if there are too many cells.
    """
    scale = _balance(rates, edges)
    starts, lengths = edges[:-1], np.diff(edges)
    total = _force(rates, scale, edges)
    whole = _steps(rates, noise, scale, starts, lengths)
    done: list[tuple[np.ndarray, ...]] = []
    while starts.size:
        halves = [_steps(rates, noise, scale, starts + part * lengths / 2, lengths / 2) for part in (0, 1)]
        (F0, d0, S0, *_), (F1, d1, S1, *_) = halves
        F = F1 @ F0
        d = (F1 @ d0[..., None])[..., 0] + d1
        S = F1 @ S0 @ F1.swapaxes(1, 2) + S1
        F_, d_, S_, pushed, varied = whole
        errors = [np.abs(F - F_), np.abs(d - d_), np.abs(S - S_)]
        grown = np.maximum(np.abs(F).max(axis=(1, 2)), 1.0)
        share = np.maximum(pushed, total * lengths / (edges[-1] - edges[0]))
        diffused = lengths * np.abs(noise / np.outer(scale, scale)).max() * grown**2
        late = JITTER * (starts + lengths) * grown
        turned, moved = late * varied[:, 0], late * (varied[:, 1] + share * varied[:, 0])
        bounds = [AGREEMENT * grown + turned, AGREEMENT * share * grown + moved, diffused * (AGREEMENT + turned)]
        with np.errstate(invalid="ignore"):
            good = np.logical_and.reduce(
                [e.reshape(len(e), -1).max(axis=1) <= b for e, b in zip(errors, bounds, strict=True)]
            )
        jitters = (turned[:, None, None], moved[:, None], (diffused * turned)[:, None, None])
        if unseen is not None:
            good &= ~unseen(starts, lengths)
        rounding = [4 * UNIT * np.abs(part) + jitter for part, jitter in zip((F, d, S), jitters, strict=True)]
        found = (F, d, S, *(e + r for e, r in zip(errors, rounding, strict=True)))
        done.append((starts[good], *(part[good] for part in found)))
        left = ~good
        count = sum(len(part[0]) for part in done) + 2 * int(left.sum())
        if count > MOST_CELLS or (lengths[left] < 1e-13 * edges[-1]).any():
            raise ResourceError(
                f"The quadratic part of p asks for more than {MOST_CELLS} steps up to t = {edges[-1]:g}: shorten "
                "`times`, or write a slower one.",
                kind="time",
            )
        whole = tuple(np.concatenate([first[left], second[left]]) for first, second in zip(*halves, strict=True))
        starts = np.concatenate([starts[left], starts[left] + lengths[left] / 2])
        lengths = np.concatenate([lengths[left], lengths[left]]) / 2
    columns = [np.concatenate(column) for column in zip(*done, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    at, F, d, S, F_error, d_error, S_error = (column[order] for column in columns)
    across, outer = scale[:, None] / scale, np.outer(scale, scale)
    return Cells(
        edges=np.append(at, edges[-1]),
        matrix=F * across,
        shift=d * scale,
        noise=S * outer,
        matrix_error=F_error * across,
        shift_error=d_error * scale,
        noise_error=S_error * outer,
    )


def joined(edges: np.ndarray) -> np.ndarray:
    """Every fourth of the edges where cells are of like length: eight nodes then leave two for each of the four."""
    lengths = np.diff(edges)
    whole = len(lengths) // 4 * 4
    fours = lengths[:whole].reshape(-1, 4)
    alike = fours.max(axis=1) <= 2.1 * fours.min(axis=1) if len(fours) else np.zeros(0, bool)
    kept = np.ones(len(edges), bool)
    for inner in (1, 2, 3):
        kept[inner:whole:4] = ~alike
    return edges[kept]


def _balance(rates: Rates, edges: np.ndarray) -> np.ndarray:
    """Units of the variables, powers of two, in which the entries of M are of like size."""
    from scipy.linalg import matrix_balance  # slow to import

    M, _ = rates(np.concatenate([edges, (edges[1:] + edges[:-1]) / 2]))
    _, (scale, _) = matrix_balance(np.abs(M).max(axis=0), permute=False, separate=True)
    return np.asarray(scale)


def _force(rates: Rates, scale: np.ndarray, edges: np.ndarray) -> float:
    """int |m| dt, roughly."""
    _, m = rates((edges[1:] + edges[:-1]) / 2)
    return float((np.abs(m / scale).max(axis=1) * np.diff(edges)).sum())


def _steps(
    rates: Rates, noise: np.ndarray, scale: np.ndarray, starts: np.ndarray, lengths: np.ndarray
) -> tuple[np.ndarray, ...]:
    """F, d, S by one step of collocation in each cell, in the units `scale`; length times the largest |m|; and by how
    much M and m vary.
    """
    parts = [
        _collocation(rates, noise, scale, starts[j : j + CHUNK], lengths[j : j + CHUNK])
        for j in range(0, len(starts), CHUNK)
    ]
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _collocation(
    rates: Rates, noise: np.ndarray, scale: np.ndarray, starts: np.ndarray, lengths: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Stages K_i = B_i (1 + tau sum_j a_ij K_j); the step is 1 + tau sum_j b_j K_j. In B, m and D are of size one."""
    nodes, inner, weights = _tableau()
    count, size = len(starts), len(scale)
    M, m = rates((starts[:, None] + lengths[:, None] * nodes).ravel())
    M = (M / (scale[:, None] / scale)).reshape(count, NODES, size, size)
    m = (m / scale).reshape(count, NODES, size)
    B = np.zeros((count, NODES, 2 * size + 1, 2 * size + 1))
    force = np.abs(m).max(axis=(1, 2)) + SMALLEST
    D = noise / np.outer(scale, scale)
    diffusion = float(np.abs(D).max()) + SMALLEST
    B[..., :size, :size], B[..., :size, -1] = M, m / force[:, None, None]
    B[..., :size, size : 2 * size] = D / diffusion
    B[..., size : 2 * size, size : 2 * size] = -M.swapaxes(2, 3)
    flat = NODES * (2 * size + 1)
    stages = np.einsum("c,ij,cirs->cirjs", lengths, -inner, B).reshape(count, flat, flat)
    stages[:, np.arange(flat), np.arange(flat)] += 1.0
    slopes = np.linalg.solve(stages, B.reshape(count, flat, -1)).reshape(B.shape)
    step = np.einsum("c,i,cirs->crs", lengths, weights, slopes)
    F = np.eye(size) + step[:, :size, :size]
    S = diffusion * step[:, :size, size : 2 * size] @ F.swapaxes(1, 2)
    pushed = lengths * force
    varied = np.stack([np.ptp(M, axis=1).max(axis=(1, 2)), np.ptp(m, axis=1).max(axis=1)], axis=1)
    return F, step[:, :size, -1] * force[:, None], (S + S.swapaxes(1, 2)) / 2, pushed, varied


@cache
def _tableau() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gauss' nodes on [0, 1], the integrals a_ij of their Lagrange polynomials up to the nodes, and those up to 1."""
    legendre = np.polynomial.legendre
    nodes, weights = legendre.leggauss(NODES)
    to_coefficients = np.linalg.inv(legendre.legvander(nodes, NODES - 1))
    integrals = np.array([legendre.legint(column, lbnd=-1) for column in to_coefficients.T])
    inner = np.array([legendre.legval(nodes, column) for column in integrals]).T
    return (nodes + 1) / 2, inner / 2, weights / 2
