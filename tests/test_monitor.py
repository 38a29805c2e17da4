"""Records of a continuous measurement, one by one against the stochastic master equation on levels; their mean."""

from __future__ import annotations

from math import exp, pi, sqrt

import numpy as np
import pytest

from common import refused
from gaussian import Gaussian
from openweyl import System, coherent, gaussian, monitor, squeezed, thermal
from openweyl.gaussian_packets.flow import quadratic_flow
from openweyl.trajectories.filtering import Channels, laws

DEVIATIONS = 4.0
"""Of some fifty numbers with fixed seeds, none is off by more standard errors than this."""


@pytest.mark.parametrize("angles", [[0.7], [0.2, 0.2 + pi / 2]], ids=["homodyne", "heterodyne"])
def test_record_by_record_on_levels(angles: list[float]) -> None:
    """The scheme of Rouchon and Ralph, arXiv:1410.5345, on 40 levels. Its record goes into the Gaussian filter."""
    h, gamma, eta, steps, end, size = 1.0, 0.8, 0.6, 1000, 1.0, 40
    p, jumps = "xi**2/2 + x**2/3 + x*xi/5 + x/2", ["x + I*xi/3 + 1/5", "xi"]
    system, start = System(p, jumps, h=h, gamma=gamma), squeezed(0.5, -0.3, r=0.3, angle=0.4, nbar=0.2)
    dt = end / steps
    times = [dt * (k + 1) for k in range(steps)]
    a = np.diag(np.sqrt(np.arange(1, size)), 1)
    x, xi = (a + a.T) * sqrt(h / 2), (a - a.T) * sqrt(h / 2) / 1j
    H = xi @ xi / 2 + x @ x / 3 + (x @ xi + xi @ x) / 10 + x / 2
    seen, hidden = (sqrt(gamma / h) * one for one in (x + 1j * xi / 3 + np.eye(size) / 5, xi))
    c = [seen * np.exp(-1j * angle) for angle in angles]
    share = eta / len(angles)
    still = np.eye(size) - dt * (1j * H / h + (seen.conj().T @ seen + hidden.conj().T @ hidden) / 2)
    channels = Channels.of(system, system.jumps[0], angles, eta)
    flow = quadratic_flow(system)
    assert flow is not None
    covariance = h * np.array(start.members[0][1][0].covariance)  # type: ignore[attr-defined]
    found = laws(flow, channels, covariance, times)
    state = start.symbol(start.grid(h, 1e-14)).fock(size=size, tol=1e-4)
    rho = np.asarray(state[0] if isinstance(state, tuple) else state)
    rng, m = np.random.default_rng(4), np.array([0.5, -0.3])
    far = 0.0
    for law in found:
        dw = sqrt(dt) * rng.standard_normal(len(c))
        dy = np.array([sqrt(share) * np.trace((one + one.conj().T) @ rho).real * dt for one in c]) + dw
        M = still + sum(sqrt(share) * one * d for one, d in zip(c, dy, strict=True))
        for i, one in enumerate(c):
            for j, two in enumerate(c):
                M = M + share / 2 * (one @ two) * (dy[i] * dy[j] - dt * (i == j))
        rho = M @ rho @ M.conj().T + (1 - eta) * dt * seen @ rho @ seen.conj().T + dt * hidden @ rho @ hidden.conj().T
        rho /= np.trace(rho).real
        gain = law.noise[:2, 2:] @ np.linalg.inv(law.noise[2:, 2:])
        predicted = law.map @ m + law.shift
        m = predicted[:2] + gain @ (dy - predicted[2:])
        far = max(far, abs(np.trace(x @ rho).real - m[0]), abs(np.trace(xi @ rho).real - m[1]))
    second = np.array([[np.trace(x @ x @ rho).real, 0], [0, np.trace(xi @ xi @ rho).real]])
    own = np.array([np.trace(x @ rho).real, np.trace(xi @ rho).real])
    second[0, 1] = second[1, 0] = np.trace((x @ xi + xi @ x) @ rho).real / 2
    assert rho[-3:, -3:].real.trace() < 1e-6
    assert far < 0.01
    assert np.abs(second - np.outer(own, own) - found[-1].covariance).max() < 0.01
    assert np.abs(found[-1].covariance - covariance).max() > 0.1  # it has moved
    free = Gaussian(p, tuple(jumps), h, gamma).moments([0.5, -0.3], covariance, end)
    assert np.abs(free[0] - m).max() > 0.1  # and this is not what it does unobserved


@pytest.mark.parametrize("detection", ["homodyne", "heterodyne"])
@pytest.mark.parametrize("p", ["xi**2/2 + x**2", "xi**2/2 + x**2*(1 + cos(4*t)/2) + x*sin(t)"])
def test_the_mean_over_records_is_the_state_without_them(detection: str, p: str) -> None:
    jumps = ("x + I*xi/2", "xi/2")
    start, c = gaussian(1, 0.5, [[0.6, 0.2], [0.2, 0.9]]), 0.2 * np.array([[0.6, 0.2], [0.2, 0.9]])
    found = monitor(
        System(p, list(jumps), h=0.2, gamma=0.7), start, [0.4, 1.5], detection=detection, angle=0.3, efficiency=0.7,
        records=20_000, seed=2,
    )  # fmt: skip
    for j, t in enumerate(found.times):
        mean, covariance = Gaussian(p, jumps, 0.2, 0.7).moments([1.0, 0.5], c, t)
        m = found.mean[:, j]
        spread = np.cov(m.T)
        assert (np.abs(m.mean(axis=0) - mean) <= DEVIATIONS * np.sqrt(np.diag(spread) / len(m))).all()
        error = np.sqrt((np.outer(np.diag(spread), np.diag(spread)) + spread**2) / len(m))
        assert (np.abs(spread + found.covariance[j] - covariance) <= DEVIATIONS * error).all()
        assert found.covariance_error[j].max() < 1e-8


def test_the_law_of_means_is_exact_in_closed_form() -> None:
    """l = x, no motion: V_x = V/(1 + 4 k V t), k = eta gamma/h; the variance of m_x is what V_x has lost; two steps at
    once are one. The record has the variance t + (4 k) int int cov(x_s, x_u).
    """
    h, gamma, eta, t = 0.3, 0.9, 0.5, 2.0
    system, k = System("0*x", ["x"], h=h, gamma=gamma), eta * gamma / h
    found = monitor(system, thermal(1), [0.7, t], efficiency=eta, records=40_000)
    v = 1.5 * h
    for j, time in enumerate(found.times):
        left = v / (1 + 4 * k * v * time)
        assert found.covariance[j, 0, 0] == pytest.approx(left, rel=1e-9)
        assert found.mean[:, j, 0].var() == pytest.approx(v - left, rel=0.03)
    total = found.record.sum(axis=1)[:, 0]
    assert total.var() == pytest.approx(t + 4 * k * v * t**2, rel=0.03)
    # the mean is a function of the record: m = 2 sqrt(k) v y/(1 + 4 k v t)
    expected = 2 * sqrt(k) * v * total / (1 + 4 * k * v * t)
    assert np.abs(found.mean[:, 1, 0] - expected).max() < 1e-4


def test_vacuum_stays_and_nothing_is_seen_without_efficiency() -> None:
    """Loss from a coherent state tells nothing that is not known: the mean is that of damping, in every record."""
    system = System.from_operators("0*x", ["sqrt(h)*a"], h=0.1)
    found = monitor(system, coherent(1, 0), [1.0], records=5, detection="heterodyne")
    assert np.abs(found.mean[:, 0] - [exp(-0.5), 0]).max() < 1e-5
    blind = monitor(system, thermal(1), [1.0], records=5, efficiency=0.0)
    assert np.abs(blind.mean).max() < 1e-7 and blind.covariance[0, 0, 0] == pytest.approx(0.1 * (0.5 + exp(-1)))


def test_the_error_of_each_entry_where_they_are_far_apart() -> None:
    """Gain, l = x - i xi with h = gamma = 1: V_x' = -4 V^2 - 2 V shrinks as V_xi grows, like e^{2t}."""
    found = monitor(System("0*x", ["x - I*xi"], h=1, gamma=1), coherent(0, 0), [1.0, 5.0, 20.0])
    exact = np.array([1 / (4 * exp(2 * t) - 2) for t in found.times])
    off = np.abs(found.covariance[:, 0, 0] - exact)
    assert (off <= found.covariance_error[:, 0, 0]).all()
    assert off[0] < 1e-9


def test_two_modes_of_which_one_is_seen() -> None:
    """Entangled by p, the other is learned about; together they become pure: det V = (h/2)^2n at efficiency 1."""
    system = System("xi1**2/2 + xi2**2/2 + x1**2 + x1*x2 + x2**2", ["x1 + I*xi1"], h=0.2, gamma=1.0)
    found = monitor(system, thermal([1.0, 2.0]), [0.0, 150.0], records=2)  # log det V - log (h/2)^4 goes like e^{-t/4}
    assert np.linalg.det(found.covariance[0]) > 10 * 0.1**4
    V, off = found.covariance[1], found.covariance_error[1]
    change = (np.abs(np.linalg.inv(V)) * off).sum()  # of log det V: tr(V^-1 dV)
    assert abs(np.log(np.linalg.det(V) / 0.1**4)) <= change < 1e-7


def test_refusals_and_results() -> None:
    system = System("xi**2/2", ["x"], h=0.1, gamma=0.1)
    refused(
        lambda: monitor(System("cos(x)", ["x"], h=1, gamma=1), coherent(0, 0), [1]),
        "Argument `system` must have polynomials",
    )
    three = System("x1**4 + x2**2 + x3**2", ["x1"], h=1, gamma=1)
    refused(lambda: monitor(three, coherent([0] * 3, [0] * 3), [1]), "Argument `system` must have at most 2 degrees")
    refused(lambda: monitor(System("x**2", h=1), coherent(0, 0), [1]), "Argument `system` must have jumps")
    refused(lambda: monitor(system, coherent(0, 0), [1], jump=2), "Argument `jump` must be a whole number from 1 to 1")
    refused(lambda: monitor(system, coherent(0, 0), [1], efficiency=1.1), "Argument `efficiency` must be <= 1")
    rate = System("xi**2/2", ["sin(t)*x"], h=1, gamma=1)
    refused(lambda: monitor(rate, coherent(0, 0), [1]), "Argument `jump` must be one that does not depend on time")
    found = monitor(system, coherent(0, 0), [0.0, 1.0], records=3)
    again = monitor(system, coherent(0, 0), [0.0, 1.0], records=3)
    assert np.array_equal(found.record, again.record) and not found.record[:, 0].any()
    assert found.symbol(2).moments().mean == pytest.approx(found.mean[2, 1], abs=1e-9)
    assert found.to_xarray()["dy"].dims == ("record", "time", "channel")
    assert found.as_dict()["jump"] == 1
    assert "3 records" in str(found) and "3 records" in repr(found) and "<table" in found._repr_html_()
    assert found.plot().get_lines()
