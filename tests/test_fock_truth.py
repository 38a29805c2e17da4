"""Random driven systems in Fock space against matrices that SciPy evolves: reported errors are never below the true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from driven_fock import evolved, trace_distance
from openweyl import State, System, cat, coherent, evolve, fock, mixture, squeezed, tensor
from openweyl.fock_space.initial import level_matrix

LEVELS = {1: 44, 2: 13}
"""Those of the matrices, by n: their last ones stay empty, which each case is asked for."""
TRUTH = 2e-9
"""What SciPy's tolerances leave in a trace norm."""
EMPTY = 1e-11
"""The population of the last levels above which a case says nothing of errors as small as its root."""


@dataclass(frozen=True)
class Random:
    """A system as text, and as matrices: H + cos(w t) drive, and jumps with the squares of their functions of time."""

    system: System
    state: State
    hamiltonian: np.ndarray
    drive: np.ndarray
    frequency: float
    jumps: list[tuple[np.ndarray, Callable[[float], float]]]

    def slope(self, t: float, y: np.ndarray) -> np.ndarray:
        A = y.reshape(self.hamiltonian.shape)
        H = self.hamiltonian + np.cos(self.frequency * t) * self.drive
        total = -1j * (H @ A - A @ H)
        for L, rate in self.jumps:
            square = L.conj().T @ L
            total = total + rate(t) * (L @ A @ L.conj().T - (square @ A + A @ square) / 2)
        return np.asarray(total).ravel()


def random_case(rng: np.random.Generator, n: int) -> Random:
    lower = np.diag(np.sqrt(np.arange(1.0, LEVELS[n])), 1)
    eye = np.eye(LEVELS[n])
    modes = [lower] if n == 1 else [np.kron(lower, eye), np.kron(eye, lower)]
    a, (A, AD) = modes[0], ("a", "ad") if n == 1 else ("a1", "ad1")
    ad = a.T
    K, d, f, w, s, k = (round(float(rng.uniform(*ends)), 3) for ends in RANGES)
    text = f"{K}*{AD}**2*{A}**2 + ({d})*{AD}*{A} + {f}*cos({w}*t)*({A} + {AD}) + {s}*({A}**2 + {AD}**2)"
    H = K * ad @ ad @ a @ a + d * ad @ a + s * (a @ a + ad @ ad)
    jumps: list[str] = [f"{k}*{A}"]
    matrices: list[tuple[np.ndarray, Callable[[float], float]]] = [(k * a, lambda t: 1.0)]
    for chance, jump, matrix in ((0.5, f"0.3*{A}**2", 0.3 * a @ a), (0.4, f"0.2*{AD}", 0.2 * ad)):
        if rng.random() < chance:
            jumps.append(jump)
            matrices.append((matrix, lambda t: 1.0))
    if rng.random() < 0.4:
        jumps.append(f"sqrt(1 + sin(2*t))*0.4*{AD}*{A}")
        matrices.append((0.4 * ad @ a, lambda t: 1 + np.sin(2 * t)))
    place = complex(*rng.normal(size=2)) * 0.7
    state: State = tensor(coherent(alpha=place * 0.7), fock(int(rng.integers(3)))) if n == 2 else one_of(rng, place)
    if n == 2:
        text += " + 0.4*(a1*ad2 + ad1*a2) + 0.3*ad2*a2"
        H = H + 0.4 * (a @ modes[1].T + ad @ modes[1]) + 0.3 * modes[1].T @ modes[1]
        jumps.append("0.3*a2")
        matrices.append((0.3 * modes[1], lambda t: 1.0))
    system = System.from_operators(text, jumps, h=1)
    return Random(system, state, H, f * (a + ad), w, matrices)


RANGES = ((0, 1), (-1, 1), (0, 1), (0.5, 6), (0, 0.2), (0.05, 1))


def one_of(rng: np.random.Generator, place: complex) -> State:
    """A state of one mode; the last one has a part of weight 1e-4 far from the rest."""
    states = [
        coherent(alpha=place),
        fock(int(rng.integers(4))),
        cat([(1, 0), (-1, 0.5)]),
        squeezed(0.3, 0.2, r=0.5, nbar=0.1),
        mixture([(1e-4, fock(6)), (1 - 1e-4, coherent(0, 0))]),
    ]
    return states[rng.integers(len(states))]


def matrix_of(state: State) -> np.ndarray:
    n = state.n
    made = level_matrix(state.at(1.0), 1.0, 1e-14 if n == 1 else 1e-9, 4000, (1.0,) * n)
    array = np.zeros((LEVELS[n],) * (2 * n), dtype=complex)
    kept = tuple(slice(min(own, LEVELS[n])) for own in made.levels) * 2
    array[kept] = made.matrix.reshape(made.levels * 2)[kept]
    return array.reshape(LEVELS[n] ** n, -1)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "seed"), [(1, 1), (1, 2), (2, 4)])
def test_reported_errors_are_not_below_the_true(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    counted = 0
    for _ in range(4 if n == 1 else 2):
        case = random_case(rng, n)
        T, tol = float(rng.uniform(0.2, 2.5 if n == 1 else 1.0)), 10.0 ** rng.uniform(-6.5 if n == 1 else -4, -2.5)
        found = evolve(case.system, case.state, [T / 3, T], tol=tol)
        start = matrix_of(case.state).ravel()
        solved = solve_ivp(case.slope, (0, T), start, method="DOP853", rtol=1e-10, atol=1e-12, t_eval=[T / 3, T])
        for i, error in enumerate(found.numerics.error):
            true = solved.y[:, i].reshape(LEVELS[n] ** n, -1)
            populations = np.abs(np.diagonal(true)).reshape((LEVELS[n],) * n)
            last = max(float(populations.take([-1, -2], axis=j).sum()) for j in range(n))
            assert error <= tol
            if last < EMPTY and found.numerics.scheme.startswith("Fock space"):
                counted += 1
                matrix = found[i].fock((LEVELS[n],) * n).matrix
                assert np.linalg.svd(matrix - true, compute_uv=False).sum() <= error + TRUTH + 3 * np.sqrt(last)
    assert counted >= 3


SIZE = 34
LOWER = np.diag(np.sqrt(np.arange(1.0, SIZE + 20)), 1)
UPPER = LOWER.T
WAVES: dict[str, tuple[str, Callable[[float], complex], Callable[[float, float], list[float]]]] = {
    "pulse": (
        "heaviside(t - {0})*heaviside({1} - t)",
        lambda t: 1.0 if WAVE[0] < t < WAVE[1] else 0.0,
        lambda a, b: [a, b],
    ),
    "triangle": ("abs(t - {0})", lambda t: abs(t - WAVE[0]), lambda a, b: [a]),
    "samples": (
        "interp(t, [0, {0}, {1}, 9], [0, 1, -0.5, 2])",
        lambda t: float(np.interp(t, [0, *WAVE, 9], [0, 1, -0.5, 2])),
        lambda a, b: [a, b],
    ),
}
"""A function of the time as text, as a function, and where it has corners; {0} and {1} stand for WAVE."""
WAVE = [0.31, 0.77]


@pytest.mark.parametrize("wave", WAVES)
@pytest.mark.parametrize("timed_jump", [False, True])
@pytest.mark.parametrize("tol", [1e-3, 1e-6])
def test_corners_in_time_against_matrices(wave: str, timed_jump: bool, tol: float) -> None:
    """Steps land on corners, of drives and of jumps; a mode that only a pulse drives gets levels for it."""
    text, f, corners = WAVES[wave]
    text = text.format(*WAVE)
    loss = f"0.5*({text})*a**2" if timed_jump else "0.5*a**2"
    system = System.from_operators(f"0.4*ad**2*a**2 + 1.5*({text})*(a + ad)", [loss, "0.3*a"], h=1)
    times = [0.5, 1.2]
    found = evolve(system, fock(1), times, tol=tol)
    one: Callable[[float], complex] = lambda t: 1.0  # noqa: E731
    start = np.zeros((SIZE, SIZE), dtype=complex)
    start[1, 1] = 1.0
    true = evolved(
        1.0, 1.0, [(one, 0.4 * UPPER @ UPPER @ LOWER @ LOWER), (f, 1.5 * (LOWER + UPPER))],
        [[(f if timed_jump else one, 0.5 * LOWER @ LOWER)], [(one, 0.3 * LOWER)]], start, times, corners(*WAVE),
    )  # fmt: skip
    assert found.numerics.scheme.startswith("Fock space")
    for symbol, error, matrix in zip(found, found.numerics.error, true, strict=True):
        assert abs(matrix[-1, -1]) < 1e-13
        assert trace_distance(symbol.fock((SIZE,)).matrix, matrix) <= error + TRUTH and error <= tol


@pytest.mark.slow
def test_a_square_wave_of_many_periods() -> None:
    """The same two systems again and again, watched and saved in between."""
    system = System.from_operators("0.2*ad**2*a**2 + sign(sin(20*t))*(a + ad)", ["a", "0.3*a**2"], h=1)
    times = [1.0, 5.0, 20.0]
    looks: list[float] = []
    found = evolve(system, coherent(alpha=0), times, tol=1e-4, watch=lambda t, _: looks.append(t))
    period, one = np.pi / 20, (lambda t: 1.0)
    start = np.zeros((SIZE, SIZE), dtype=complex)
    start[0, 0] = 1.0
    true = evolved(
        1.0, 1.0, [(one, 0.2 * UPPER @ UPPER @ LOWER @ LOWER), (lambda t: np.sign(np.sin(20 * t)), LOWER + UPPER)],
        [[(one, LOWER)], [(one, 0.3 * LOWER @ LOWER)]], start, times,
        [k * period for k in range(1, int(20 / period) + 1)],
    )  # fmt: skip
    assert found.numerics.scheme.startswith("Fock space")
    assert looks == sorted(looks) and looks[-1] == 20.0
    for symbol, error, matrix in zip(found, found.numerics.error, true, strict=True):
        assert trace_distance(symbol.fock((SIZE,)).matrix, matrix) <= error + 1e-7 and error <= 1e-4
