"""Conditional states on levels: against closed forms, the Gaussian filter, the state without measurement, and QuTiP."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np
import pytest

import openweyl
from common import refused
from openweyl import System, cat, coherent, evolve, fock, mixture, monitor, squeezed
from openweyl.gaussian_packets.flow import quadratic_flow
from openweyl.trajectories.batches import Batch
from openweyl.trajectories.clock import Clock
from openweyl.trajectories.conditional_step import Stepper
from openweyl.trajectories.filtering import Channels, laws
from openweyl.trajectories.from_levels import records_on_levels
from openweyl.trajectories.gaussian_records import distances
from openweyl.trajectories.level_operators import LevelOperators
from openweyl.trajectories.observed import Detection, ObservedSystem

DEVIATIONS = 4.0
"""Of some hundred numbers with fixed seeds, none is off by more standard errors than this."""


def trace_norm(A: np.ndarray) -> float:
    return float(np.abs(np.linalg.eigvalsh(A)).sum())


def levels_of(found: openweyl.Records, record: int, index: int, size: int) -> np.ndarray:
    """The matrix of a conditional state of one mode on levels, from its symbol alone."""
    state = found.symbol(record, index).fock(size=size, tol=1e-3)
    return np.asarray(state[0] if isinstance(state, tuple) else state)


@pytest.mark.parametrize("efficiency", [1.0, 0.4])
def test_a_cat_of_which_the_place_is_observed(efficiency: float) -> None:
    """No motion, l = x: the state is known in closed form from the record y alone. With k = gamma/h,

    <x|rho|x'>  ~  <x|rho_0|x'> exp( sqrt(eta k) (x + x') y - eta k t (x + x')^2/2 - k t (x - x')^2/2 ).
    """
    h, gamma, t, size = 1.0, 0.3, 1.5, 60
    system, start = System("0*x", ["x"], h=h, gamma=gamma), cat([(1.8, 0.4), (-1.5, 0)], [1, 1j])
    found = monitor(system, start, [0.5, t], efficiency=efficiency, records=30, seed=3)
    points, step = np.linspace(-9, 9, 721, retstep=True)
    kets = [np.exp(-((points - x) ** 2) / (2 * h) + 1j * (points - x) * xi / h) for x, xi in ((1.8, 0.4), (-1.5, 0))]
    psi = kets[0] + 1j * kets[1]
    hermite = [np.exp(-(points**2) / (2 * h)) * (pi * h) ** -0.25]
    hermite.append(points * sqrt(2 / h) * hermite[0])
    for n in range(2, size):
        hermite.append(points * sqrt(2 / (n * h)) * hermite[-1] - sqrt((n - 1) / n) * hermite[-2])
    basis = np.array(hermite) * step
    k, plus, minus = gamma / h, points[:, None] + points[None, :], points[:, None] - points[None, :]
    for record in range(0, 30, 5):
        y = found.record[record, :, 0].sum()
        seen = sqrt(efficiency * k) * plus * y - efficiency * k * t * plus**2 / 2 - k * t * minus**2 / 2
        kernel = np.outer(psi, psi.conj()) * np.exp(seen - seen.max())
        exact = basis @ kernel @ basis.conj().T
        exact /= np.trace(exact).real
        off = trace_norm(levels_of(found, record, 1, size) - exact)
        assert off <= found.error[record, 1]
        mean = np.real(np.diagonal(kernel) @ points) / np.diagonal(kernel).real.sum()
        assert abs(found.mean[record, 1, 0] - mean) <= found.mean_error[record, 1, 0]
    # which of the two is decided by chance, as often as each weighs
    assert 0 < (found.mean[:, 1, 0] > 0).sum() < 30


DRIVEN = System(
    "xi**2/2 + x**2/2 + x**4/40 + x*sin(5*t) + 2*x*heaviside(t - 0.31)", ["x + I*xi", "exp(-t)*x"], h=1, gamma=0.4
)
KERR = System.from_operators("ad**2*a**2/2 + (a + ad)/3", ["a", "ad*a/3"], h=1)
GROWING = System("x**2/2 + xi**2/2", ["x + I*xi", "(1 + 2*t)*x/2"], h=1, gamma=0.4)
FAST = System.from_operators("60*ad*a", ["a/2", "a + ad"], h=1)
TWO = System.from_operators("a1*ad2 + ad1*a2 + ad1**2*a1**2/2", ["a1 + a2/2", "a2/2"], h=1)
HOMODYNE = Detection((0.0,), 1.0)
CAT = cat([(1.5, 0.4), (-1.5, 0)])


@pytest.mark.parametrize(
    ("system", "start"),
    [
        pytest.param(DRIVEN, CAT, marks=pytest.mark.slow, id="driven"),
        pytest.param(KERR, fock(2), id="Kerr"),
        pytest.param(GROWING, fock(1), id="a sum as a factor in time"),
        pytest.param(FAST, fock(1), marks=pytest.mark.slow, id="fast rotation"),
        pytest.param(TWO, openweyl.tensor(fock(1), coherent(1, 0)), marks=pytest.mark.slow, id="two modes"),
    ],
)
def test_nothing_seen_is_the_state_without_measurement(system: System, start: openweyl.State) -> None:
    """At efficiency 0 no record says anything: each state is that of the Lindblad equation, with no chance in it."""
    times = [0.4, 0.8]
    found = monitor(system, start, times, efficiency=0.0, records=2, tol=5e-3)
    exact = evolve(system, start, times, tol=1e-4)
    for j in range(len(times)):
        off = (found.symbol(1, j) - exact[j]).trace_norm(atol=1e-4).upper
        assert off <= found.error[1, j]  # and evolve is off by less than a tenth of that
    assert np.abs(found.record).max() > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("detection", ["homodyne", "heterodyne"])
@pytest.mark.parametrize(
    ("system", "start", "records"),
    [(DRIVEN, CAT, 100), (KERR, fock(2), 1000), (FAST, fock(1), 200)],
    ids=["driven", "Kerr", "fast rotation"],
)
def test_the_mean_over_records_is_the_state_without_measurement(
    system: System, start: openweyl.State, records: int, detection: Any
) -> None:
    observables = ["x", "xi", "ad*a", "x**2", "x*xi", "x**3"]
    found = monitor(
        system, start, [0.4, 0.8], efficiency=0.7, angle=0.5, detection=detection, records=records, seed=6,
        observables=observables,
    )  # fmt: skip
    exact = evolve(system, start, [0.4, 0.8], tol=1e-4)
    for j in range(2):
        for k, text in enumerate(observables):
            values, error = found.expectations[:, j, k], found.expectation_errors[:, j, k]
            chance = DEVIATIONS * values.std(ddof=1) / sqrt(records)
            assert abs(values.mean() - exact[j].expectation(text)[0]) <= chance + sqrt((error**2).mean())


@pytest.mark.slow
def test_a_long_way_from_the_vacuum() -> None:
    """Steps of the whole time look right on all levels of the vacuum, and take every state to the same one."""
    system = System.from_operators("ad**2*a**2/4 - 2*ad*a + (a + ad)", ["a"], h=1)
    found = monitor(system, fock(0), [50.0], records=30, observables=["x", "xi", "x**2"])
    assert found.error.max() > 1e-4
    exact = evolve(system, fock(0), [50.0], tol=1e-4)[0]
    for k, text in enumerate(("x", "xi", "x**2")):
        values = found.expectations[:, 0, k]
        chance = DEVIATIONS * values.std(ddof=1) / sqrt(len(values))
        assert chance > 1e-3 and abs(values.mean() - exact.expectation(text)[0]) <= chance + 0.01


@pytest.mark.slow
@pytest.mark.parametrize("angles", [[0.7], [0.2, 0.2 + pi / 2]], ids=["homodyne", "heterodyne"])
def test_record_by_record_against_the_gaussian_filter(angles: list[float]) -> None:
    """The filter of Kalman and Bucy, from the record that levels told, at 60 times."""
    h, gamma, eta, count = 1.0, 0.8, 0.6, 60
    system = System("xi**2/2 + x**2/3 + x*xi/5 + x/2", ["x + I*xi/3 + 1/5", "xi"], h=h, gamma=gamma)
    start, times = squeezed(0.5, -0.3, r=0.3, angle=0.4, nbar=0.2), np.linspace(0, 1, count + 1)[1:].tolist()
    detection = Detection(tuple(angles), eta)
    flow = quadratic_flow(system)
    assert flow is not None
    covariance = h * np.array(start.members[0][1][0].covariance)  # type: ignore[attr-defined]
    channels = Channels.of(system, system.jumps[0], angles, eta)
    read = records_on_levels(
        system, start, detection, 1, [], times, 5, 1, tol=1e-2, keep=False, memory=1e9, clock=Clock(0.0, 1e99, None)
    )

    def filtered(every: int) -> tuple[np.ndarray, np.ndarray]:
        """Means and covariance at the end, from the record over so many times each."""
        found = laws(flow, channels, covariance, times[every - 1 :: every])
        m = np.tile([0.5, -0.3], (5, 1))
        for j, law in enumerate(found):
            gain = law.noise[:2, 2:] @ np.linalg.inv(law.noise[2:, 2:])
            predicted = m @ law.map.T + law.shift
            told = read["record"][:, j * every : (j + 1) * every].sum(axis=1)
            m = predicted[:, :2] + (told - predicted[:, 2:]) @ gain.T
        return m, found[-1].covariance

    (mean, V), (other, W) = filtered(1), filtered(2)
    lost = np.abs(mean - other).max()  # by summing up records: of first order in how long they are summed up
    assert (np.abs(read["mean"][:, -1] - mean) <= read["mean_error"][:, -1] + lost).all()
    assert (np.abs(read["covariance"][:, -1] - V) <= read["covariance_error"][:, -1] + np.abs(V - W)).all()
    assert lost < 0.02 and np.abs(V - covariance).max() > 0.1


def test_what_is_seen_whole_stays_pure() -> None:
    for detection in ("homodyne", "heterodyne"):
        seen = System.from_operators("ad**2*a**2/2 + (a + ad)/3", ["a"], h=1)
        found = monitor(seen, CAT, [0.5, 2.0], detection=detection, records=3)  # type: ignore[arg-type]
        for record in range(3):
            assert found.symbol(record).purity() == pytest.approx(1, abs=1e-7)
    found = monitor(KERR, CAT, [0.5, 2.0], records=3)
    assert found.symbol(0).purity() < 0.99
    mixed = monitor(seen, mixture([(0.5, fock(0)), (0.5, fock(1))]), [0.0, 3.0], records=20)  # records purify
    purity = [mixed.symbol(record).purity() for record in range(20)]
    assert mixed.symbol(0, 0).purity() == pytest.approx(0.5, abs=1e-6) and np.mean(purity) > 0.6
    assert all(p <= 1 + 1e-9 for p in purity)


def test_strong_order_three_halves_where_all_is_seen() -> None:
    """Three halvings make errors 2^4.5 times smaller; of first order it would be 2^3: they are told apart at 2^3.75."""
    observed = ObservedSystem.of(System.from_operators("ad**2*a**2/2 + (a + ad)/3", ["a"], h=1), (1.0,), 1, HOMODYNE)
    stepper = Stepper(LevelOperators.of(observed, (16,)))
    paths, finest, rng = 300, 1024, np.random.default_rng(0)
    ket = np.zeros((16, paths, 1), dtype=complex)
    ket[2] = 1.0
    dw = rng.standard_normal((finest, 1, paths)) / sqrt(finest)
    dz = rng.standard_normal((finest, 1, paths)) / sqrt(12 * finest**3)
    ends = {}
    for steps in (1024, 512, 256, 128, 64, 32):
        batch = Batch(ket, True)
        for i in range(steps):
            batch, _ = stepper.moved(batch, i / steps, 1 / steps, dw[i], dz[i])
        ends[steps] = batch
        first, second = dw[::2], dw[1::2]
        dw, dz = first + second, dz[::2] + dz[1::2] + (second - first) / (2 * steps)
    errors = [sqrt((ends[k].distances(ends[1024], np.arange(16)) ** 2).mean()) for k in (32, 256)]
    assert errors[0] / errors[1] > 2**3.75


def test_refusals_and_what_is_kept() -> None:
    refused(lambda: monitor(KERR, fock(1), [1], tol=0.5), "Argument `tol` must be <= 0.2")
    refused(lambda: monitor(KERR, fock(1), [1], observables=["tanh(x)"]), "Argument `observables` must be polynomials")
    with pytest.raises(openweyl.ResourceError, match="keep_states=False"):
        monitor(KERR, fock(1), np.linspace(0, 1, 100).tolist(), records=1000, memory=1e8)
    with pytest.raises(openweyl.ResourceError, match="time_limit"):
        monitor(KERR, fock(1), [20.0], records=10**5, time_limit=0.5, keep_states=False)
    with pytest.raises(openweyl.ResourceError, match="needs more than 1000 levels"):
        monitor(System("x**4", ["x"], h=1e-3, gamma=1), coherent(3, 0), [1])
    found = monitor(KERR, fock(1), [0.0, 0.5], records=3, observables=["ad*a"], keep_states=False)
    assert found.expectations[:, 0, 0] == pytest.approx(1.0) and not found.record[:, 0].any()
    refused(found.conditional, "Argument `keep_states` must be True")
    again = monitor(KERR, fock(1), [0.0, 0.5], records=3, observables=["ad*a"])
    assert np.array_equal(found.record, again.record)
    assert again.symbol(1).moments().mean == pytest.approx(again.mean[1, 1], abs=1e-8)
    assert again.to_xarray()["expectation"].dims == ("record", "time", "observable")
    assert again.as_dict()["observables"] == ["ad*a"] and "levels" in str(again)
    later = evolve(KERR, again.conditional(1), [0.1])  # a conditional state to go on from
    assert later[0].trace() == pytest.approx(1.0, abs=1e-6)


def test_observables_and_errors_of_gaussian_states() -> None:
    system = System("xi**2/2 + x**2", ["x"], h=0.3, gamma=0.5)
    texts = ["x**4", "x*xi", "ad*a", "x**2*xi**2"]
    found = monitor(system, squeezed(0.4, 0.2, r=0.3), [1.0], records=2, observables=texts)
    for record in range(2):
        exact = [found.symbol(record).expectation(text)[0] for text in texts]
        assert found.expectations[record, 0] == pytest.approx(exact, rel=1e-8)
    V, off = found.covariance[0], 0.003 * np.array([[1, 0.5], [0.5, -1]])
    two = [openweyl.gaussian(0, 0, one / 0.3) for one in (V + 0.01 * np.eye(2), V + 0.01 * np.eye(2) + off)]
    grid = two[0].grid(0.3, 1e-10)
    apart = (two[0].symbol(grid) - two[1].symbol(grid)).trace_norm().upper
    assert apart <= distances(V[None] + 0.01 * np.eye(2), off[None], 0.3)[0] <= 20 * apart


@pytest.mark.slow
@pytest.mark.parametrize("detection", ["homodyne", "heterodyne"])
def test_statistics_and_records_of_qutip(detection: Any) -> None:
    """Means and variances of conditional means and of records, by 300 and 2000 of them."""
    qutip = pytest.importorskip("qutip")
    a, paths, end = qutip.destroy(12), 300, 0.8
    options = {"dt": 0.004, "store_measurement": "start", "progress_bar": "", "keep_runs_results": True}
    theirs = qutip.smesolve(
        0.5 * a.dag() ** 2 * a**2 + 0.8j * (a.dag() - a), qutip.fock_dm(12, 2), np.linspace(0, end, 101),
        c_ops=[sqrt(0.3) * a], sc_ops=[sqrt(0.7) * a], e_ops=[a + a.dag(), a.dag() * a], ntraj=paths,
        heterodyne=detection == "heterodyne", options=options, seeds=1,
    )  # fmt: skip
    system = System.from_operators("0.5*ad**2*a**2 + 0.8*I*(ad - a)", ["a"], h=1)
    texts = ["a + ad", "ad*a"]
    ours = monitor(
        system, fock(2), [end], detection=detection, efficiency=0.7, records=2000, observables=texts, seed=5
    )  # fmt: skip
    record = (np.array(theirs.measurement).real * end / 100).reshape(paths, -1, 100).sum(axis=2)
    record /= 1 if detection == "homodyne" else sqrt(2)  # QuTiP tells <c + c*> there, with sqrt(2) dW
    pairs = [(np.array(theirs.runs_expect[k])[:, -1], ours.expectations[:, 0, k]) for k in range(2)]
    pairs += list(zip(record.T, ours.record[:, 0].T, strict=True))
    for one, other in pairs:
        for power in (1, 2):
            first, second = (x**power if power == 1 else (x - x.mean()) ** 2 for x in (one, other))
            chance = DEVIATIONS * np.hypot(first.std() / sqrt(len(first)), second.std() / sqrt(len(second)))
            assert abs(first.mean() - second.mean()) <= chance
    assert pairs[0][0].std() > 0.3 and abs(pairs[2][0].mean()) > 0.1  # there is something to compare
