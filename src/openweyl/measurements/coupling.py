"""Theorem 1 against the coupling gamma, with linear jumps and with the nonlinear jump <z> beside them.

    ||Op(e_1)||_tr  <=  C (h^{1/2} + h gamma)                      t <= 1,
                    <=  C (h^{1/2} gamma^{-3/2} + h gamma^{-1})    t >= 1,

Li (5.7), integrated in time, is (1.10). The terms h gamma and h/gamma come from jumps that are not linear.

Beyond the paper is weak coupling, gamma = h^beta with beta > 0: Hernandez, Ranard and Riedel conjectured, and proved
(arXiv:2512.17623), that correspondence lasts while diffusion, gamma h/2, exceeds h^{4/3}: for beta < 1/3, where
h^{1/2} gamma^{-3/2} is small.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from openweyl.analysis.rate_integral import residual
from openweyl.evolution.evolve import evolve
from openweyl.model.gaussian_states import coherent
from openweyl.model.system import System
from openweyl.norms.trace_norm import enclosure
from openweyl.theory.bounds import growth_rate, right_side
from openweyl.weyl.symbol import Symbol

from .row import Row, bound
from .theorems import LINEAR, RTOL, WELL, WELL_START, distances, powers, system

RADIAL = (*LINEAR, "sqrt(1 + x**2 + xi**2)")
"""The jumps x, xi and <z>, all of the class (1.2)."""
TOL = 1e-6
"""The tolerance of the runs from whose end the rate is taken."""


def coupling(*, fast: bool) -> list[Row]:
    """The rate (5.7) against gamma, the constant of (1.10), and the distance with a nonlinear jump against h."""
    h = 2.0**-6 if fast else 2.0**-7
    gammas = powers(0, 4 if fast else 6)
    rates = [late_rate(system(WELL, h, gamma)) for gamma in gammas]
    claim = f"(5.7), well: the rate ||Op(e_1)||_tr at t = 1, h = {h:g}, is O(gamma^-3/2) for 1 <= gamma < 1/h"
    rows = [bound("coupling/late", claim, -1.5, "gamma", gammas, rates, large=True)]
    if not fast:
        h, gammas = 2.0**-5, powers(0, 4)
        shape = [late_rate(system(WELL, h, gamma, RADIAL)) / float(growth_rate(h, gamma)) for gamma in gammas]
        claim = f"(5.7), well with the jump <z>: the rate over h^1/2 gamma^-3/2 + h/gamma at t = 1, h = {h:g}"
        rows.append(bound("coupling/late-radial", claim, 0.0, "gamma", gammas, shape, large=True))
    sizes = powers(-4, -10)
    claim = "(5.7), well: the part of ||Op(e_1)||_tr at t = 0 that the jump <z> makes, over gamma, is O(h), no less"
    values = [early_rate(h, RADIAL) for h in sizes]
    rows.append(bound("coupling/early-radial", claim, 1.0, "h", sizes, values, exact=True))
    rows.append(_constant(LINEAR, (0.0, 0.25) if fast else (0.0, 0.25, 0.5), 1 if fast else 8))
    if not fast:
        rows += [_constant(RADIAL, (0.0, 0.5), 1), _radial_distance()]
    return rows


def _constant(jumps: Sequence[str], exponents: Sequence[float], last: float) -> Row:
    """The least C of (1.10) on gamma = h^-e for e in `exponents` and t up to `last`, against h."""
    times = np.array([t for t in (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0) if t <= last])
    sizes = powers(-4, -8)
    worst: list[tuple[float, float, float, float]] = []
    for h in sizes:
        ratios = []
        for gamma in (h**-e for e in exponents):
            distance, error = distances(system(WELL, h, gamma, jumps), WELL_START, times.tolist())
            shape = (distance + error) / right_side(h, gamma, times)
            ratios += [(float(r), h, gamma, float(t)) for r, t in zip(shape, times, strict=True)]
        worst.append(max(ratios))
    top = max(worst)
    name, words = ("constant", "") if jumps == LINEAR else ("constant-radial", " with the jump <z>")
    claim = f"Theorem 1, well{words}: one C in (1.10) serves all sampled h, gamma = h^-e, 0 <= e < 1, and t"
    note = f"largest at h = {top[1]:.4g}, gamma = {top[2]:.4g}, t = {top[3]:g}"
    return bound(f"coupling/{name}", claim, 0.0, "h", sizes, [w[0] for w in worst], note=note)


def _radial_distance() -> Row:
    """The distance at t = 1/2 against h, with the jump <z>."""
    h = powers(-4, -10)
    pairs = [distances(system(WELL, one, 1.0, RADIAL), WELL_START, [0.5]) for one in h]
    claim = "Theorem 1, well with the jump <z>: distance at t = 1/2, gamma = 1, is O(h^1/2)"
    values, errors = ([float(pair[j][0]) for pair in pairs] for j in (0, 1))
    return bound("coupling/h-radial", claim, 0.5, "h", h, values, error=errors)


def weak_coupling(*, fast: bool) -> list[Row]:
    """The distance at one time against h for gamma = h^beta."""
    t, start = 2.0, coherent(0.3, 0.0)
    betas = (0.0, 1 / 3, 1 / 2) if fast else (-1.0, -0.5, 0.0, 1 / 6, 1 / 3, 1 / 2)
    rows = []
    for beta in betas:
        h = powers(-2, -6) if beta < -0.5 else powers(-4, -8 if fast or beta < 0 else -10)
        pairs = [distances(system(WELL, one, one**beta), start, [t], tol=1e-4 if beta > 0 else 1e-5) for one in h]
        power = min(0.5, 1 + beta, 0.5 - 1.5 * beta)
        source = "(1.10)" if beta <= 0 else "beyond the paper"
        claim = f"{source}, well, gamma = h^{beta:.3g}: the distance at t = {t:g} is O(h^{power:.3g})"
        note = "at beta >= 1/3 no convergence is claimed" if beta >= 1 / 3 else ""
        values, errors = ([float(pair[i][0]) for pair in pairs] for i in (0, 1))
        rows.append(bound(f"regimes/beta{beta:+.3g}", claim, power, "h", h, values, error=errors, note=note))
    return rows


def late_rate(system: System) -> float:
    """||Op(e_1(1))||_tr = ||Op((Q - L) a(1))||_tr, see (5.6)."""
    run = evolve(system, WELL_START, [1.0], kind="classical", tol=TOL)
    return _trace_norm(residual(system, run.final))


def early_rate(h: float, jumps: Sequence[str]) -> float:
    """||Op(e)||_tr for e_1(0) = d + gamma e: the jumps' part."""
    grid = WELL_START.grid(h, 1e-10, room=0.5)
    once, twice = (residual(system(WELL, h, gamma, jumps), WELL_START.symbol(grid)) for gamma in (1.0, 2.0))
    return _trace_norm(twice - once)


def _trace_norm(e: Symbol) -> float:
    return float(np.mean(enclosure(e, rtol=RTOL, negligible=1e-2 * TOL)))
