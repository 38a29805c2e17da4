"""`sample` at its door: what it takes, what it refuses, seeds, workers, stores, and array libraries."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openweyl import Ensemble, InputError, Problem, ResourceError, System, cat, coherent, gaussian, mixture, sample

WELL = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2**-6, gamma=1.0)
START = coherent(1.0, 0.0)


def well(times: Any = (0.02,), **kwargs: Any) -> Ensemble:
    return sample(WELL, START, list(times), **{"particles": 20, **kwargs})


def same(first: Ensemble, second: Ensemble) -> bool:
    names = ("centers", "triangles", "quantum", "classical")
    return all(np.array_equal(getattr(first, name), getattr(second, name)) for name in names)


@pytest.mark.slow
def test_the_seed_decides() -> None:
    assert same(well(seed=3), well(seed=3))
    assert not same(well(seed=3), well(seed=4))


@pytest.mark.slow
def test_workers_change_nothing() -> None:
    chain = Problem.load("well-chain", n=2).system
    calls = [sample(chain, coherent([1, 1], [0, 0]), [0.1], particles=600, executor=k) for k in (None, 1, 2, 3)]
    assert all(same(calls[0], other) for other in calls[1:])


def test_more_particles_begin_with_the_same_blocks() -> None:
    few, many = well(particles=256), well(particles=300)
    assert np.array_equal(few.centers, many.centers[:, :256])


def test_a_target_is_met() -> None:
    ensemble = well(particles=None, target=5e-3)
    assert ensemble.mean_standard_error.max() <= 5e-3
    assert ensemble.particles < 2000


@pytest.mark.parametrize(
    ("target", "words"),
    [(1e-9, "ask for at most 1e+09 particles"), (0.0, "be > 0"), (float("nan"), "be a finite")],
)
def test_targets_that_are_refused(target: float, words: str) -> None:
    with pytest.raises(InputError, match="target") as error:
        well(particles=None, target=target)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"particles": -1}, "`particles` must"),
        ({"particles": 0}, "`particles` must"),
        ({"particles": 2.5}, "`particles` must"),
        ({"particles": 10, "target": 0.1}, "not be given together with `target`"),
        ({"seed": -1}, "`seed` must"),
        ({"tol": 0.0}, "`tol` must"),
        ({"times": [1.0, 0.5]}, "times"),
        ({"library": "torch"}, "`library` must be"),
        ({"executor": 0}, "workers"),
        ({"memory": 1000.0, "particles": 1000}, "Take fewer particles or times"),
    ],
)
def test_arguments_that_are_refused(kwargs: dict[str, Any], words: str) -> None:
    with pytest.raises((InputError, ResourceError)) as error:
        well(**kwargs)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_cats_are_refused_with_what_to_use() -> None:
    with pytest.raises(InputError, match=r"be a mixture of Gaussian states.*`compare`"):
        sample(WELL, cat([(1, 0), (-1, 0)]), [0.1])


@pytest.mark.parametrize(
    ("p", "words"),
    [
        ("x1*x2*x3*x4*xi1 + xi1**2", "at most 4 variables"),
        ("tanh(x1)*xi1 + xi2**2", "depends on conjugate ones"),
    ],
)
def test_terms_that_are_refused(p: str, words: str) -> None:
    n = 4 if "x4" in p else 2
    system = System(p, ["x1"], h=0.1, gamma=1.0)
    with pytest.raises(InputError, match=words):
        sample(system, coherent([0.0] * system.n, [0.0] * system.n), [0.1])
    assert system.n == n


def test_time_is_refused_by_forecast() -> None:
    with pytest.raises(ResourceError, match=r"would take .*`time_limit` leaves"):
        well([50.0], particles=200_000, time_limit=0.5)


def test_time_zero_and_equal_members() -> None:
    state = mixture([(0.25, START), (0.75, coherent(-1.0, 0.0))])
    ensemble = sample(WELL, state, [0.0])
    assert ensemble.exact
    assert ensemble.mean[0, 0] == pytest.approx(-0.5)
    assert ensemble.bound[0] < 1e-12
    ensemble = sample(WELL, state, [0.0, 0.05], particles=80)
    assert ensemble.bound[0] == 0


def test_rare_members_are_drawn() -> None:
    rare = mixture([(0.98, START), (0.02, coherent(-1.0, 0.0))])
    with pytest.raises(InputError, match=r"`particles` must be >= 1000, so that each member .* leave out rare members"):
        sample(WELL, rare, [0.01], particles=100)
    assert sample(WELL, rare, [0.01]).particles == 1000


def test_a_thermal_state_is_split() -> None:
    ensemble = sample(WELL, gaussian(1.0, 0.0, [[2.0, 0.3], [0.3, 1.0]]), [0.0, 0.005], particles=2000)
    means = ensemble.centers[0].mean(axis=0)
    spread = np.cov(ensemble.centers[0].T) + ensemble.covariances(0).mean(axis=0)
    assert means == pytest.approx([1.0, 0.0], abs=0.02)
    assert spread / WELL.h == pytest.approx(np.array([[2.0, 0.3], [0.3, 1.0]]), abs=0.15)
    assert ensemble.bound[0] < 1e-12


@pytest.mark.parametrize("n", [1, 3, 50])
def test_linear_systems_are_exact(n: int) -> None:
    """A chain of damped oscillators: the bound is round-off, and the mean that of the linear equations."""
    names = [str(j) for j in range(1, n + 1)] if n > 1 else [""]
    p = f"sum(j, 1, {n}, (x[j]**2 + xi[j]**2)/2) + sum(j, 1, {n - 1}, x[j]*x[j+1]/5)" if n > 1 else "(x**2 + xi**2)/2"
    system = System(p, [f"(x{j} + I*xi{j})/sqrt(2)" for j in names], h=0.1, gamma=0.7)
    state = coherent([1.0] * n, [0.5] * n) if n > 1 else coherent(1.0, 0.5)
    ensemble = sample(system, state, [0.5, 2.0])
    assert ensemble.exact
    assert ensemble.bound.max() < 1e-10
    if n == 1:
        z = np.exp(-(1j + 0.35) * 2.0) * (1.0 + 0.5j)
        assert ensemble.mean[-1] == pytest.approx([z.real, z.imag], abs=1e-12)
        assert ensemble.covariances() == pytest.approx(0.05 * np.eye(2)[None], abs=1e-12)


@pytest.mark.slow
def test_blocks_are_kept_and_found_again(tmp_path: Path) -> None:
    first = well(particles=300, store=tmp_path / "store")
    files = sorted((tmp_path / "store").glob("block-*.npz"))
    assert len(files) == 2
    stamps = [file.stat().st_mtime_ns for file in files]
    assert same(first, well(particles=300, store=tmp_path / "store"))
    assert stamps == [file.stat().st_mtime_ns for file in files]
    files[0].write_bytes(files[0].read_bytes()[:5000])  # damaged: it is run again
    assert same(first, well(particles=300, store=tmp_path / "store"))
    with pytest.raises(InputError, match="Its seed differs: take another folder"):
        well(particles=300, store=tmp_path / "store", seed=1)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    with pytest.raises(InputError, match="be a new or empty folder"):
        well(store=tmp_path / "other")


@pytest.mark.slow
def test_a_killed_call_goes_on(tmp_path: Path) -> None:
    code = (
        "from openweyl import Problem, sample; p = Problem.load('well-chain', n=2); "
        "sample(p.system, p.state, [0.3], particles=5000, store='store')"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path) as process:
        deadline = time.monotonic() + 60
        while len(list(tmp_path.glob("store/block-*.npz"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    kept = list(tmp_path.glob("store/block-*.npz"))
    assert 2 <= len(kept) < 20
    stamps = {file: file.stat().st_mtime_ns for file in kept}
    problem = Problem.load("well-chain", n=2)
    ensemble = sample(problem.system, problem.state, [0.3], particles=600, store=tmp_path / "store")
    assert ensemble.particles == 600
    assert all(file.stat().st_mtime_ns == stamp for file, stamp in stamps.items())
    assert same(ensemble, sample(problem.system, problem.state, [0.3], particles=600))


@pytest.mark.slow
def test_jax_gives_the_same() -> None:
    pytest.importorskip("jax")
    system = System("xi**2*(1 + x**2)/2 + (x**2 - 1/2)**2 + x*cos(3*t)", ["x", "xi"], h=2**-5, gamma=1.0)
    first = sample(system, START, [0.02], particles=10)
    second = sample(system, START, [0.02], particles=10, library="jax")
    assert second.centers == pytest.approx(first.centers, abs=1e-9)
    assert second.quantum == pytest.approx(first.quantum, abs=1e-9)


def test_progress_is_told() -> None:
    told: list[tuple[float, float, str]] = []
    well(particles=300, progress=lambda *values: told.append(values))
    parts = [part for part, *_ in told]
    assert parts == sorted(parts)
    assert parts[-1] == pytest.approx(1.0)


def test_it_prints_itself_and_is_json() -> None:
    ensemble = well([0.01, 0.02])
    assert "bound" in str(ensemble)
    assert repr(ensemble).startswith("<Ensemble, n = 1, 20 particles")
    data = json.loads(json.dumps(ensemble.as_dict()))
    wanted = {"times", "n", "particles", "bound", "bound_standard_error", "classical_bound", "mean_x", "mean_xi"}
    assert wanted | {"mean_standard_error", "seconds"} <= data.keys()


def test_other_states_are_refused() -> None:
    with pytest.raises(InputError, match="`state` must"):
        sample(WELL, 3, [0.1])  # type: ignore[arg-type]
