"""Mixtures of Gaussian states against the grid's evolutions: their Wigner functions, and bounded observables.

tau of mean z and covariance h C has the Wigner function (2 pi h)^n N(z, h C), and, with phi a coherent state at y,

    tr parity(y) tau = (pi h)^n N(z, h C)(y),         <phi, tau phi> = (2 pi h)^n N(z, h (C + 1/2))(y).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openweyl import Ensemble, PhaseGrid, Solution, Symbol

REACH = 6.5
"""Standard deviations beyond which a Gaussian is nothing."""
FINENESS = 0.75
"""Spacing of a grid over the smallest standard deviation: what aliases is then below 1e-4."""
HALVES = 3
"""Random halves of the particles, whose mixtures differ by about twice what all of them are off by chance, ..."""
CHANCE = 5.0
"""... and a sample's own noise is larger by as much at the most: four standard deviations, where it is that of one
number, as the weights of two members that are far apart. Observables, each within four of its errors, tell more."""


def densities(y: np.ndarray, z: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """N(z_i, covariance_i) at the point y, (M,)."""
    off = y - z
    square = np.einsum("pi,pi->p", off, np.linalg.solve(covariance, off[..., None])[..., 0])
    return np.exp(-square / 2) / np.sqrt(np.linalg.det(2 * np.pi * covariance))


@dataclass(frozen=True)
class Reading:
    """A bounded observable's values in each particle, and in the exact state; `size`: half of its spectrum's length."""

    name: str
    each: np.ndarray
    true: float
    size: float

    @property
    def off(self) -> float:
        return abs(float(self.each.mean()) - self.true)

    @property
    def error(self) -> float:
        return float(self.each.std(ddof=1) / len(self.each) ** 0.5) if len(self.each) > 1 else 0.0


def readings(ensemble: Ensemble, exact: Symbol, index: int, points: np.ndarray) -> list[Reading]:
    """Parities and coherent states at `points`, and tanh of each variable."""
    n, h = ensemble.n, ensemble.system.h
    z, C = ensemble.centers[index], ensemble.covariances(index)
    grids = np.meshgrid(*(axis.points for axis in (*exact.grid.x, *exact.grid.xi)), indexing="ij")
    values = exact.values * exact.grid.cell  # over (2 pi h)^n
    found = []
    for y in points:
        square = sum((g - v) ** 2 for g, v in zip(grids, y, strict=True))
        true = float((2**n * np.exp(-square / h) * values).sum())
        each = (2 * np.pi * h) ** n * densities(y, z, C + h / 2 * np.eye(2 * n))
        found.append(Reading(f"husimi{np.round(y, 2)}", each, true, 0.5))
    nodes, weights = np.polynomial.hermite_e.hermegauss(30)
    for i, g in enumerate(grids):
        each = np.tanh(z[:, i, None] + np.sqrt(C[:, i, i])[:, None] * nodes) @ weights / weights.sum()
        found.append(Reading(f"tanh{i}", each, float((np.tanh(g) * values).sum()), 1.0))
    for i, g in enumerate(grids):
        k = 1.5 / h**0.5  # Weyl operators: fine structure
        each = np.cos(k * z[:, i]) * np.exp(-(k**2) * C[:, i, i] / 2)
        found.append(Reading(f"cos{i}", each, float((np.cos(k * g) * values).sum()), 1.0))
    y = np.zeros(2 * n)
    true = float(exact.expectation("parity").value)
    found.append(Reading("parity", (np.pi * h) ** n * densities(y, z, C), true, 1.0))
    return found


def wigner(ensemble: Ensemble, index: int, grid: PhaseGrid, some: np.ndarray) -> Symbol:
    """The Wigner function of the particles `some`, on `grid`, n = 1."""
    z, C = ensemble.centers[index][some], ensemble.covariances(index)[some]
    x, xi = (axis.points for axis in (*grid.x, *grid.xi))
    total = np.zeros((len(x), len(xi)))
    inverse, scale = np.linalg.inv(C), 2 * np.pi * ensemble.system.h / np.sqrt(np.linalg.det(2 * np.pi * C))
    for (a, b), G, c in zip(z, inverse, scale, strict=True):
        i = np.flatnonzero(np.abs(x - a) < REACH / np.sqrt(np.linalg.det(G) / G[1, 1]))
        k = np.flatnonzero(np.abs(xi - b) < REACH / np.sqrt(np.linalg.det(G) / G[0, 0]))
        if not len(i) or not len(k):
            continue
        dx, dk = x[i[0] : i[-1] + 1] - a, xi[k[0] : k[-1] + 1] - b
        part = np.exp(-(G[0, 0] * dx**2 / 2)[:, None] - G[0, 1] * np.outer(dx, dk) - (G[1, 1] * dk**2 / 2)[None, :])
        total[i[0] : i[-1] + 1, k[0] : k[-1] + 1] += c * part
    return Symbol(total / len(z), grid)


def grid_for(ensemble: Ensemble, exact: Symbol, index: int, largest: int = 1024) -> PhaseGrid | None:
    """A grid that holds the mixture and `exact`; None where it had too many points."""
    z, C = ensemble.centers[index], ensemble.covariances(index)
    axes = []
    for i, axis in enumerate((*exact.grid.x, *exact.grid.xi)):
        reach = REACH * np.sqrt(C[:, i, i])
        low = min((z[:, i] - reach).min(), axis.points[0])
        high = max((z[:, i] + reach).max(), axis.points[-1])
        narrow = np.sqrt(1 / np.linalg.inv(C)[:, i, i]).min()
        count = int(np.ceil((high - low) / min(axis.spacing, FINENESS * narrow)))
        if count > largest:
            return None
        axes.append((float(low), float(high), 2 * (count // 2 + 1)))
    (x0, x1, nx), (k0, k1, nk) = axes
    return PhaseGrid.box(h=exact.grid.h, x=(x0, x1), xi=(k0, k1), size=(nx, nk))


@dataclass(frozen=True)
class Verdict:
    """One time of one run. `ratio`: || A - sampled mixture ||_tr over bound plus statistical part, NaN if not known.

    `sharpest`: the largest of (|tr O A - mean| - evolve's error) over ||O|| bound + 4 standard errors.
    `used`: the same without the statistical part: about how much of the bound is real.
    """

    t: float
    bound: float
    ratio: float
    trace_norm: float
    statistical: float
    sharpest: float
    name: str
    used: float

    def __str__(self) -> str:
        return (
            f"t {self.t:5.3g} B {self.bound:8.2e} ||.||_tr {self.trace_norm:8.2e} noise {self.statistical:8.2e} "
            f"ratio {self.ratio:5.3f} | sharpest {self.sharpest:5.3f} {self.name} used {self.used:5.3f}"
        )


def judged(ensemble: Ensemble, exact: Solution, index: int, *, norms: bool = True) -> Verdict:
    """The mixture at one time against the exact evolution."""
    A, error = exact[index], exact.numerics.error[index]
    rng = np.random.default_rng(index)
    some = rng.integers(ensemble.particles, size=3)
    points = ensemble.centers[index][some]
    bound = float(ensemble.bound[index] + 3 * ensemble.bound_standard_error[index])
    found = readings(ensemble, A, index, points)
    worst = max(found, key=lambda r: (r.off - error) / (r.size * bound + 4 * r.error + 1e-12))
    used = max((r.off - error - 3 * r.error) / (r.size * bound) for r in found)
    norm = noise = ratio = np.nan
    sampled = norms and ensemble.n == 1 and ensemble.particles > 1
    grid = grid_for(ensemble, A, index) if sampled else None
    if grid is not None:
        whole, noise = A.resampled(grid), 0.0
        for _ in range(HALVES):
            a, b = (wigner(ensemble, index, grid, part) for part in np.split(rng.permutation(ensemble.particles), 2))
            noise += (0.5 * (a - b)).trace_norm(rtol=0.1).upper / HALVES
        norm = (whole - 0.5 * (a + b)).trace_norm(rtol=0.1).lower
        ratio = (norm - error) / (bound + CHANCE * noise)
    return Verdict(
        exact.times[index],
        bound,
        ratio,
        norm,
        noise,
        (worst.off - error) / (worst.size * bound + 4 * worst.error + 1e-12),
        worst.name,
        used,
    )
