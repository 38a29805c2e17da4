"""What is random: intervals that cover, results that no number of workers changes, and an independent sampler."""

from __future__ import annotations

import numpy as np
import pytest

from openweyl import System, coherent, sample
from openweyl.sampling.blocks import Plan
from openweyl.sampling.initial import start_of
from openweyl.sampling.particles import run_block
from openweyl.sampling.streams import Stream
from test_sampling_pieces import motion_of

WELL = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2**-4, gamma=1.0)


@pytest.mark.slow
def test_intervals_cover_as_they_say() -> None:
    """200 seeds: means of x, xi and the bound itself, against all of them together."""
    start, motion = start_of(coherent(0.7, 0.0)), motion_of(WELL)
    values, errors = [], []
    for seed in range(200):
        block = run_block(motion, start, (0.3,), 40, np.random.SeedSequence(seed), lag=0.1, tol=1e-3, faded=0.2)
        each = np.stack([block.z[0, :, 0], block.z[0, :, 1], block.quantum[0]])
        values.append(each.mean(axis=1))
        errors.append(each.std(axis=1, ddof=1) / 40**0.5)
    off = np.abs(np.array(values) - np.mean(values, axis=0))
    covered = (off <= 1.96 * np.array(errors)).mean(axis=0)
    assert (covered >= 0.90).all()
    assert (covered <= 0.99).all()


@pytest.mark.slow
def test_no_number_of_workers_changes_a_bit() -> None:
    runs = [sample(WELL, coherent(0.7, 0.0), [0.1], particles=600, executor=workers) for workers in (1, 2, 3)]
    for run in runs[1:]:
        assert np.array_equal(run.centers, runs[0].centers)
        assert np.array_equal(run.triangles, runs[0].triangles)
        assert np.array_equal(run.quantum, runs[0].quantum)


def chain(n: int, h: float) -> System:
    """The chain of double wells of docs/many-modes.md."""
    x, xi = [f"x{j + 1}" for j in range(n)], [f"xi{j + 1}" for j in range(n)]
    if n == 1:
        x, xi = ["x"], ["xi"]
    wells = [f"{b}**2 + ({a}**2 - 1/2)**2" for a, b in zip(x, xi, strict=True)]
    springs = [f"({a} - {b})**2/10" for a, b in zip(x[1:], x[:-1], strict=True)]
    return System(" + ".join(wells + springs), x + xi, h=h, gamma=1.0)


def langevin(n: int, h: float, time: float, count: int, steps: int) -> np.ndarray:
    """Heun's method for dx = 2 xi dt + (h gamma)^{1/2} dW, dxi = -V'(x) dt + (h gamma)^{1/2} dW': (count, 2n)."""
    rng = np.random.default_rng(5)
    z = np.concatenate([np.ones(n), np.zeros(n)]) + (h / 2) ** 0.5 * rng.standard_normal((count, 2 * n))
    dt = time / steps

    def force(z: np.ndarray) -> np.ndarray:
        x = z[:, :n]
        slope = 4 * x * (x**2 - 0.5)
        slope[:, 1:] += 0.2 * (x[:, 1:] - x[:, :-1])
        slope[:, :-1] += 0.2 * (x[:, :-1] - x[:, 1:])
        return np.concatenate([2 * z[:, n:], -slope], axis=1)

    for _ in range(steps):
        noise = (h * dt) ** 0.5 * rng.standard_normal(z.shape)
        first = force(z)
        z = z + dt / 2 * (first + force(z + dt * first + noise)) + noise
    return z


@pytest.mark.slow
def test_ten_wells_against_langevin_equations() -> None:
    """Means and second moments agree within their errors, where both limits are within their bounds."""
    n, h, time = 10, 2.0**-10, 0.5
    found = sample(chain(n, h), coherent([1] * n, [0] * n), [time], particles=300)
    z = langevin(n, h, time, 4000, 400)
    assert found.bound[0] < 0.3
    error = np.hypot(found.mean_standard_error[0], z.std(axis=0) / len(z) ** 0.5)
    assert (np.abs(found.mean[0] - z.mean(axis=0)) < 4.5 * error + 1e-5).all()
    off = found.centers[0] - z.mean(axis=0)
    squares = off**2 + np.diagonal(found.covariances(0), axis1=1, axis2=2)
    theirs = (z - z.mean(axis=0)) ** 2
    error = np.hypot(squares.std(axis=0) / len(off) ** 0.5, theirs.std(axis=0) / len(z) ** 0.5)
    assert (np.abs(squares.mean(axis=0) - theirs.mean(axis=0)) < 4.5 * error + h / 50).all()


@pytest.mark.slow
def test_the_bound_grows_as_the_root_of_n_h() -> None:
    """The measured slopes: over h = 2^-6 to 2^-20 at n = 2, and over n = 1 to 8 at h = 2^-12."""
    by_h = {k: sample(chain(2, 2.0**-k), coherent([1, 1], [0, 0]), [0.5], particles=16).bound[0] for k in (6, 13, 20)}
    slope = np.polyfit([-k for k in by_h], np.log2(list(by_h.values())), 1)[0]
    assert slope == pytest.approx(0.5, abs=0.04)
    states = {1: coherent(1, 0)} | {n: coherent([1] * n, [0] * n) for n in (3, 8)}
    by_n = {n: sample(chain(n, 2.0**-12), state, [0.5], particles=16).bound[0] for n, state in states.items()}
    slope = np.polyfit(np.log2(list(by_n)), np.log2(list(by_n.values())), 1)[0]
    assert slope == pytest.approx(0.5, abs=0.05)


def test_blocks_have_a_size_that_no_number_of_particles_changes() -> None:
    start, motion = start_of(coherent(0.7, 0.0)), motion_of(WELL)
    plan = Plan(motion, start, (0.05,), 0, 0.1, 1e-3)
    assert plan.counts(600) == [256, 256, 88]


def test_no_stream_of_random_numbers_is_another_one() -> None:
    """A reading at the k-th time once had those of the k-th block."""
    sequences = [Stream.PILOT.of(3)] + [stream.of(3, k) for stream in (Stream.BLOCK, Stream.READING) for k in range(3)]
    states = [tuple(sequence.generate_state(4)) for sequence in sequences]
    assert len(set(states)) == 7
