"""The evolution in Fock space: its parts against dense matrices, its results against QuTiP and finer runs."""

from __future__ import annotations

from functools import reduce
from math import ceil, pi, prod, sqrt
from typing import Any

import numpy as np
import pytest
import qutip
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.linalg import expm_multiply

from common import slow_but
from openweyl import (
    State,
    Symbol,
    System,
    cat,
    coherent,
    evolve,
    fock,
    gaussian,
    mixture,
    squeezed,
    superposition,
    tensor,
    thermal,
)
from openweyl.evolution.choice import by_steps
from openweyl.evolution.in_fock_space import fock_plan
from openweyl.evolution.stepwise import stepwise
from openweyl.fock_space.blocks import blocks
from openweyl.fock_space.coordinates import Coordinates
from openweyl.fock_space.generator import Generator, generator
from openweyl.fock_space.initial import TooManyLevelsError, level_matrix
from openweyl.fock_space.levels import padded
from openweyl.fock_space.polynomial_system import polynomial_system
from openweyl.fock_space.run import FockRun
from openweyl.fock_space.spans import Span, spans
from openweyl.fock_space.start import WIDER, start_on_levels
from openweyl.fock_space.taylor import driven_step, free_step
from openweyl.model.pair import state_of
from openweyl.norms.dense import dense_trace_norm

BEYOND = 8
"""Levels of the dense matrices beyond those of the generator under test: more than the symbols here reach."""


def lowering(sizes: tuple[int, ...]) -> list[np.ndarray]:
    """a_1, a_2, ... on the product of so many levels."""
    found = []
    for j in range(len(sizes)):
        factors = [np.diag(np.sqrt(np.arange(1.0, n)), 1) if i == j else np.eye(n) for i, n in enumerate(sizes)]
        found.append(reduce(np.kron, factors))
    return found


def dense(sizes: tuple[int, ...], hamiltonian: str, jumps: list[str]) -> tuple[np.ndarray, list[np.ndarray]]:
    """The operators in text, as matrices: products are products."""
    a = lowering(sizes)
    names = {f"a{j + 1}": one for j, one in enumerate(a)} | {f"ad{j + 1}": one.conj().T for j, one in enumerate(a)}
    names |= {"a": a[0], "ad": a[0].conj().T, "one": np.eye(prod(sizes))}

    def made(text: str) -> np.ndarray:
        total = np.zeros_like(a[0], dtype=complex)
        for term in text.split(" + "):
            number, *factors = term.split(" ")
            total = total + complex(number) * reduce(np.matmul, [names[factor] for factor in factors])
        return total

    return made(hamiltonian), [made(jump) for jump in jumps]


def as_operators(text: str) -> str:
    return " + ".join("*".join(f"({f})" for f in term.split(" ") if f != "one") for term in text.split(" + ")).replace(
        "j)", "*I)"
    )


def lindblad(H: np.ndarray, jumps: list[np.ndarray], A: np.ndarray) -> np.ndarray:
    total = -1j * (H @ A - A @ H)
    for L in jumps:
        total = total + L @ A @ L.conj().T - (L.conj().T @ L @ A + A @ L.conj().T @ L) / 2
    return total


def random_state(size: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
    A = A @ A.conj().T
    return np.asarray(A / np.trace(A))


GENERATORS = [
    ((12,), "1 ad ad a a + 0.7 a a + 0.7 ad ad + 0.3 a + 0.3 ad", ["0.3 a a", "0.5 ad", "0.2 ad a", "0.1j a + 0.4 ad"]),
    ((9,), "0.5 ad a", ["1 a a + -2 one"]),
    ((5, 6), "0.2 ad1 a1 a2 + 0.2 ad1 a1 ad2 + 1 ad2 a2", ["0.3 a1", "1 a1 a2", "0.2 ad2 a1"]),
]


@pytest.mark.parametrize(("levels", "hamiltonian", "jumps"), GENERATORS, ids=lambda value: str(value)[:20])
def test_the_generator_and_what_it_loses(levels: tuple[int, ...], hamiltonian: str, jumps: list[str]) -> None:
    """L A on many more levels, by products of matrices: the part on the levels, and the norm of the part beyond."""
    system = System.from_operators(as_operators(hamiltonian), [as_operators(jump) for jump in jumps], h=1)
    A = random_state(prod(levels))
    found, v, lost = generator(polynomial_of(system), levels, A, 0.0)
    sizes = tuple(n + BEYOND for n in levels)
    H, L = dense(sizes, hamiltonian, jumps)
    own = np.arange(prod(sizes)).reshape(sizes)[tuple(slice(n) for n in levels)].ravel()
    whole = np.zeros((prod(sizes),) * 2, dtype=complex)
    whole[np.ix_(own, own)] = A
    true = lindblad(H, L, whole)
    (term,) = found.terms
    assert lost == 0
    assert np.abs(found.matrix(term.inside @ v) - true[np.ix_(own, own)]).max() < 1e-13 * np.abs(true).max()
    true[np.ix_(own, own)] = 0
    norm = float(np.linalg.norm(term.beyond @ v))
    assert norm == pytest.approx(np.linalg.norm(true), rel=1e-12)
    trace_norm = np.linalg.svd(true, compute_uv=False).sum()
    assert trace_norm <= found.trace_norm_beyond(norm) <= 3 * trace_norm


def polynomial_of(system: System) -> Any:
    found = polynomial_system(system, (1.0,) * system.n)
    assert found is not None
    return found


def test_loss_alone_loses_nothing_beyond_the_levels() -> None:
    system = System.from_operators("0.3*ad**2*a**2", ["a", "0.5*a**2", "ad*a"], h=1)
    found, _, _ = generator(polynomial_of(system), (10,), random_state(10), 0.0)
    assert found.terms[0].beyond.nnz == 0


def test_coordinates_that_never_meet_are_left_out() -> None:
    """Parity: of even states half of them remain; of a phase symmetry those of the state's diagonals."""
    even = System.from_operators("a**2 + ad**2", ["a"], h=1)
    psi = np.zeros(10)
    psi[[0, 2, 4]] = 1 / sqrt(3)
    found, _, _ = generator(polynomial_of(even), (10,), np.outer(psi, psi), 0.0)
    assert found.size == 50
    kerr = System.from_operators("ad**2*a**2", ["a"], h=1)
    assert generator(polynomial_of(kerr), (10,), np.diag(psi**2), 0.0)[0].size == 10


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 7), st.integers(0, 2**32 - 1))
def test_coordinates_round_trip(size: int, seed: int) -> None:
    A = random_state(size, seed)
    coordinates = Coordinates(size)
    v = coordinates.vector(A)
    assert np.linalg.norm(v) == pytest.approx(np.linalg.norm(A))
    assert np.abs(coordinates.matrix(v) - A).max() < 1e-15


STATES: list[State] = [
    coherent(alpha=2 + 1j),
    squeezed(1.0, 0.3, r=0.4, angle=0.3, nbar=0.2),
    cat([(1, 0), (-1, 0.3)], [1, 0.5j]),
    mixture([(0.3, cat([(1, 0), (-1, 0)])), (0.7, thermal(0.5))]),
    superposition([(1, fock(0)), (1j, fock(5))]),
    mixture([(0.5, fock(2)), (0.5, coherent(0.5, 0.0))]),
]


@pytest.mark.parametrize("state", STATES, ids=str)
@pytest.mark.parametrize("h", [1.0, 0.2])
def test_matrices_of_states(state: State, h: float) -> None:
    """Against those made from symbols; what is left out is within its bound."""
    given = state.at(h)
    made = level_matrix(given, h, 1e-6, 1000, (1.0,) * state.n)
    (size,) = made.levels
    true = given.symbol(given.grid(h, 1e-13)).fock(size + 12).matrix.copy()
    assert np.abs(true[:size, :size] - made.matrix).max() < 1e-11
    true[:size, :size] = 0
    assert np.linalg.svd(true, compute_uv=False).sum() <= made.lost + 1e-10


@pytest.mark.parametrize(
    "factors", [(squeezed(0.4, 0.3, r=0.3), coherent(1, 0)), (fock(1), coherent(alpha=1j))], ids=str
)
def test_matrices_of_products(factors: tuple[State, State]) -> None:
    both = level_matrix(tensor(*factors).at(0.4), 0.4, 1e-6, 1000, (1.0, 1.0))
    first, second = (level_matrix(one.at(0.4), 0.4, 1e-12, 1000, (1.0,)).matrix for one in factors)
    m, n = both.levels
    assert np.abs(both.matrix - np.kron(first[:m, :m], second[:n, :n])).max() < 1e-13


@pytest.mark.parametrize(
    "state", [coherent(alpha=1), superposition([(1, fock(0)), (0.3, coherent(alpha=1.5))])], ids=str
)
def test_levels_to_begin_on_are_many_only_where_l_leaves_them(state: State) -> None:
    system = System.from_operators("ad2*a2 - 0.3*ad1*a1*(a2 + ad2)", ["0.3*a1", "0.1*a2"], h=1)
    both = tensor(state, state).at(1.0)
    start = start_on_levels((Span(0.0, 10.0, polynomial_of(system)),), both, 1e-4, (1.0, 1.0))
    assert start.levels[0] < start.levels[1]
    whole = level_matrix(both, 1.0, 1e-13, 4000, (1.0, 1.0))
    off = padded(start.matrix, start.levels, whole.levels) - whole.matrix
    assert np.abs(np.linalg.eigvalsh(off)).sum() <= start.lost <= 1.1e-4
    loss = polynomial_of(System.from_operators("0*a", ["a"], h=1))
    alone = start_on_levels((Span(0.0, 10.0, loss),), state.at(1.0), 1e-4, (1.0,))
    assert alone.levels[0] == start.levels[0]


def test_a_start_with_noise_takes_no_levels_for_it() -> None:
    system = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2**-4, gamma=1.0)
    clean = evolve(system, coherent(1, 0), [0.3], kind="classical", tol=1e-6)[0]
    noise = np.random.default_rng(1).normal(size=clean.values.shape)
    noisy = state_of(system, clean.like(clean.values + 1e-7 * noise)).at(system.h)
    parts = spans(system, (1.0,), 1.0)
    assert parts is not None
    enough = level_matrix(noisy, system.h, 5e-5, 1000, (1.0,))
    start = start_on_levels(parts, noisy, 1e-4, (1.0,))
    assert enough.levels[0] < start.levels[0] <= ceil(WIDER * enough.levels[0])
    whole = level_matrix(noisy, system.h, 5e-8, 1000, (1.0,))
    assert whole.levels[0] > start.levels[0]  # the noise goes on
    off = padded(start.matrix, start.levels, whole.levels) - whole.matrix
    assert np.abs(np.linalg.eigvalsh(off)).sum() <= start.lost


def test_a_step_of_a_free_equation_knows_its_residual() -> None:
    system = System.from_operators("ad**2*a**2 + 0.5*(a + ad)", ["0.3*a"], h=1)
    made, v, _ = generator(polynomial_of(system), (12,), random_state(12), 0.0)
    L = made.terms[0].inside
    step = free_step(L, v, 0.02, 1e-6, 10.0)
    true = blocks(L).exponential(step.length) @ v
    error = float(np.linalg.norm(step.at(step.length) - true))
    assert 1e-3 * step.residual < error <= step.residual + step.round_off
    assert step.residual <= 1e-6 * step.length * (1 + 1e-9)


def test_a_step_of_a_driven_equation_knows_its_residual() -> None:
    """v' = f(t) L v has the exponential of the integral of f."""
    system = System.from_operators("ad**2*a**2 + 0.5*(a + ad)", ["0.3*a"], h=1)
    made, v, _ = generator(polynomial_of(system), (8,), random_state(8), 0.0)
    L = made.terms[0].inside
    step = driven_step([L], [lambda t: 1 + np.sin(20 * t)], v, 0.3, 0.1, 1e-7)
    end = 0.3 + step.length
    true = blocks(L).exponential(step.length - (np.cos(20 * end) - np.cos(6.0)) / 20) @ v
    error = float(np.linalg.norm(step.at(step.length) - true))
    assert error <= step.residual + step.round_off
    assert step.residual <= 1e-7 * step.length + step.round_off


def test_a_driven_step_gives_way_to_what_its_polynomial_misses() -> None:
    """A pulse within the step: the polynomial of degree 10 misses it, the residual does not."""
    system = System.from_operators("0.5*(a + ad)", ["0.3*a"], h=1)
    made, v, _ = generator(polynomial_of(system), (8,), random_state(8), 0.0)
    step = driven_step([made.terms[0].inside], [lambda t: np.exp(-(((t - 0.05) / 0.01) ** 2))], v, 0.0, 0.1, 1e-7)
    assert step.length < 0.07
    assert step.residual <= 1e-7 * step.length + step.round_off


# ---------------------------------------------------------------------- whole runs, against QuTiP


def qutip_state(state: State, sizes: tuple[int, ...]) -> Any:
    given = state.at(1.0)
    matrix = level_matrix(given, 1.0, 1e-13, 4000, (1.0,) * state.n)
    array = np.zeros((*sizes, *sizes), dtype=complex)
    kept = tuple(slice(min(n, m)) for n, m in zip(matrix.levels, sizes, strict=True))
    array[kept + kept] = matrix.matrix.reshape(matrix.levels * 2)[kept + kept]
    return qutip.Qobj(array.reshape(prod(sizes), -1), dims=[list(sizes)] * 2)


EVEN_CAT = superposition([(1, coherent(alpha=2)), (1, coherent(alpha=-2))])
TWO = tensor(coherent(alpha=0.7), coherent(alpha=0.5j))
CASES = {
    "Kerr": ((40,), "1 ad a ad a", [], coherent(alpha=2), pi / 2, 1e-4),
    "two-photon pump": ((40,), "0 one", ["1 a a + -2 one"], coherent(alpha=0), 0.5, 1e-6),
    "van der Pol, weak": ((40,), "1 ad a", ["1 ad", "0.7 a a"], coherent(alpha=1), 2.0, 1e-6),
    "van der Pol, strong": ((40,), "1 ad a", ["1 ad", "2.2 a a"], coherent(alpha=1), 2.0, 1e-7),
    "dephasing": ((40,), "0 one", ["1 ad a"], EVEN_CAT, 1.0, 1e-5),
    "Kerr cat": ((50,), "-1 ad ad a a + 4 a a + 4 ad ad", ["0.3 a"], coherent(alpha=0), 1.0, 1e-5),
    "driven Kerr": ((30,), "0.5 ad ad a a + -1 ad a + 1.5 a + 1.5 ad", ["1 a"], coherent(alpha=0), 3.0, 1e-6),
    "cross Kerr": ((14, 14), "1 ad1 a1 ad2 a2", ["0.3 a1", "0.5 a2"], TWO, 1.0, 1e-4),
    "two-mode loss": ((14, 14), "0 one", ["1 a1 a2"], tensor(coherent(alpha=0.7), fock(2)), 1.0, 1e-4),
    "optomechanics": (
        (6, 18), "-1 ad1 a1 + 1 ad2 a2 + -0.3 ad1 a1 a2 + -0.3 ad1 a1 ad2", ["0.3 a1", "0.1 a2"],
        tensor(fock(1), coherent(alpha=0.5)), 1.0, 1e-3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", slow_but(CASES.keys() - {"cross Kerr", "two-mode loss"}, CASES))
def test_runs_against_qutip(name: str) -> None:
    """States, not moments: the trace norm of the difference is within the reported error."""
    sizes, hamiltonian, jumps, state, t, tol = CASES[name]
    system = System.from_operators(as_operators(hamiltonian), [as_operators(jump) for jump in jumps], h=1)
    found = evolve(system, state, [t / 2, t], tol=tol)
    assert found.numerics.scheme.startswith("Fock space")
    assert max(found.numerics.error) <= tol
    H, L = dense(sizes, hamiltonian, jumps)
    dims = [list(sizes)] * 2
    P, *operators = (qutip.Qobj(one, dims=dims).to("csr") for one in (H, *L))
    liouvillian = sparse.csr_array(qutip.liouvillian(P, operators).data.as_scipy())
    start = qutip.operator_to_vector(qutip_state(state, sizes)).full()[:, 0]
    vectors = expm_multiply(liouvillian, start, start=0.0, stop=t, num=3)
    for symbol, error, vector in zip(found, found.numerics.error, vectors[1:], strict=True):
        true = vector.reshape(prod(sizes), -1).T  # QuTiP stacks columns
        matrix = symbol.fock(sizes).matrix
        difference = np.linalg.svd(matrix - true, compute_uv=False).sum()
        assert difference <= error + 1e-8
        if difference > 1e-7:  # the error bar is no fantasy: within a factor of a few thousand
            assert error < 5e3 * difference


@pytest.mark.parametrize("tol", [1e-3, 1e-5, 1e-7])
@pytest.mark.parametrize(
    ("system", "state"),
    [
        (System("xi**2/2 + x**2/2 + x**4/100", ["x", "xi/2"], h=0.5, gamma=0.3), coherent(0.6, -0.2)),
        (System("xi**2/2 + x**2/2", ["x*xi/2"], h=0.5, gamma=0.2), cat([(0.7, 0), (-0.7, 0)])),
        (System("xi**2/2 + x**2/2 + (x**2 + xi**2)**2/20 + cos(3*t)*x", ["x"], h=0.4, gamma=0.2), coherent(0.5, 0)),
    ],
    ids=["quartic", "jump x xi", "driven"],
)
def test_errors_against_a_finer_run_and_against_the_grid(system: System, state: State, tol: float) -> None:
    run, fine = (evolve(system, state, [0.3, 0.8], tol=each) for each in (tol, tol / 100))
    assert run.numerics.scheme.startswith("Fock space") and fine.numerics.scheme.startswith("Fock space")
    for i in (0, 1):
        distance = dense_trace_norm(run[i] - fine[i])
        assert distance <= run.numerics.error[i] + fine.numerics.error[i]
        assert run.numerics.error[i] <= tol
    if tol == 1e-5:
        options: Any = {"kind": "quantum", "order": 1, "memory": 1e9, "time_limit": 60.0, "progress": None}
        grid = stepwise(system, state, (0.3, 0.8), tol=tol, look=None, watch_every=np.inf, **options)
        for i in (0, 1):
            assert dense_trace_norm(run[i] - grid[i]) <= run.numerics.error[i] + grid.numerics.error[i]


def test_damped_kerr_in_closed_form() -> None:
    """<a>(t) = alpha exp(-kt/2) exp(-|alpha|^2 (1 - exp(-kt - 2iKt))/(1 - 2iK/k...)): by the ordinary generating sum.

    For H = K ad^2 a^2 and the jump k^(1/2) a each |m><m+1| decays into those below it with binomial weights, and
    <a> = alpha e^{-kt/2} exp(-|alpha|^2 (1 - e^{-(k + 2iK) t}) 2iK/(k + 2iK)).
    """
    K, k, alpha, t = 0.7, 0.3, 1.2, 1.5
    system = System.from_operators("K*ad**2*a**2", ["sqrt(k)*a"], h=1, parameters={"K": K, "k": k})
    found = evolve(system, coherent(alpha=alpha), [t], tol=1e-8)
    moments = found.final.moments().mean
    rate = k + 2j * K
    true = alpha * np.exp(-k * t / 2) * np.exp(-(alpha**2) * (1 - np.exp(-rate * t)) * 2j * K / rate)
    assert (moments[0] + 1j * moments[1]) / sqrt(2) == pytest.approx(true, abs=1e-6)


def test_a_kerr_revival() -> None:
    system = System.from_operators("ad**2*a**2", [], h=1)
    found = evolve(system, coherent(alpha=2), [pi], tol=1e-6)
    start = coherent(alpha=2).at(1.0)
    assert dense_trace_norm(found.final - start.symbol(found.final.grid)) <= 1e-6


def test_a_lost_photon_leaves_a_mixture() -> None:
    """Amplitude damping of |2>: binomial populations."""
    found = evolve(System.from_operators("0*a", ["a"], h=1), fock(2), [0.7], tol=1e-9)
    p = np.exp(-0.7)
    populations = np.diagonal(found.final.fock(4).matrix).real
    assert populations == pytest.approx([(1 - p) ** 2, 2 * p * (1 - p), p**2, 0.0], abs=1e-8)


# ---------------------------------------------------------------------- what it sees


def run_and_truth(system: System, state: State, t: float, tol: float, size: int) -> tuple[float, float, FockRun]:
    """The error at t, that which is reported, and the run; the truth: one exponential on `size` levels."""
    given, scales = state.at(system.h), (1.0,)
    start = level_matrix(given, system.h, 0.2 * tol, 1000, scales)
    run = FockRun((Span(0.0, t, polynomial_of(system)),), start, tol, 1000, 1e12, 1e9, np.inf)
    *_, last = run.to((t,))
    start = level_matrix(given, system.h, 1e-13, 1000, scales)
    whole, v, _ = generator(polynomial_of(system), (size,), padded(start.matrix, start.levels, (size,)), 0.0)
    true = whole.matrix(blocks(whole.terms[0].inside).exponential(t) @ v)
    error = float(np.abs(np.linalg.eigvalsh(padded(last.matrix, last.levels, (size,)) - true)).sum())
    return error, last.time_error + last.level_error, run


@pytest.mark.parametrize("t", [100.0, 1000.0])
@pytest.mark.parametrize(("loss", "size"), [("a", 60), ("a**2", 30)])
def test_levels_that_fill_between_looks_alone(t: float, loss: str, size: int) -> None:
    """Gain lifts |5> for a moment, loss empties it: sixteen looks at a long time see none of that."""
    error, reported, run = run_and_truth(System.from_operators("ad*a", ["0.5*ad", loss], h=1), fock(5), t, 1e-4, size)
    assert run.flows is not None
    assert error <= reported + 1e-12 and reported <= 1e-4


def test_the_mean_of_what_a_step_passes() -> None:
    """v on a circle, once around: a look at the beginning, the middle and the end sees nothing of M v."""
    L = sparse.csr_array(2 * pi * np.array([[0.0, -1.0], [1.0, 0.0]]))
    step = free_step(L, np.array([1.0, 0.0]), 0.5, 1e-3, 1.0)
    M = sparse.csr_array(np.array([[0.0, 1.0]]))
    s = (np.arange(2000) + 0.5) / 2000 * step.length
    assert step.length == 1
    assert step.mean_of([M], [np.ones_like], 0.0) == pytest.approx(sqrt(np.mean(np.sin(2 * pi * s) ** 2)), rel=1e-3)


def test_an_integral_along_an_exponential() -> None:
    """v.G v = int |B e^{sL} v|^2 ds, against Gauss' rule on many short parts."""
    system = System.from_operators("ad**2*a**2 + 0.5*(a + ad)", ["0.3*a"], h=1)
    made, v, _ = generator(polynomial_of(system), (5,), random_state(5), 0.0)
    inside, beyond = made.terms[0].inside, made.terms[0].beyond
    form = sparse.csr_array(beyond.T @ beyond)
    pattern = abs(inside) + abs(form)
    found = v @ (blocks(inside, pattern).integral(3.0, blocks(form, pattern)) @ v)
    short, total, (nodes, weights) = 3.0 / 300, 0.0, np.polynomial.legendre.leggauss(6)
    flows = [blocks(inside).exponential(short * (node + 1) / 2) for node in nodes]
    whole = blocks(inside).exponential(short)
    for _ in range(300):
        total += sum(w * short / 2 * np.linalg.norm(beyond @ (E @ v)) ** 2 for w, E in zip(weights, flows, strict=True))
        v = whole @ v
    assert found == pytest.approx(total, rel=1e-7)


@pytest.mark.parametrize("state", [coherent(alpha=28.0), squeezed(29.0, 0.0, r=1.0)], ids=str)
def test_a_state_below_double_precision_is_no_zero_matrix(state: State) -> None:
    """<0|A|0>, from which the recurrence starts, is 0 or has few digits: no matrix is better than a wrong one."""
    with pytest.raises(TooManyLevelsError):
        level_matrix(state.at(1.0), 1.0, 1e-4, 1500, (1.0,))


def test_a_pulse_shorter_than_any_step_is_not_missed() -> None:
    """The drive displaces the state by its area, wherever it stands between the steps."""
    pulse = "100*exp(-((t - 0.7318)*1000)**2)"
    system = System.from_operators(f"0.01*ad**2*a**2 + {pulse}*(a + ad)/sqrt(2)", ["0.1*a"], h=1)
    start = level_matrix(coherent(alpha=0).at(1.0), 1.0, 1e-9, 1000, (1.0,))
    run = FockRun((Span(0.0, 0.75, polynomial_of(system)),), start, 1e-5, 1000, 1e12, 1e9, np.inf)
    *_, last = run.to((0.75,))
    (a,) = lowering(last.levels)
    mean = np.trace(a @ last.matrix) * sqrt(2)
    kick = 0.1 * sqrt(pi)  # d<xi> = -int f dt
    assert mean.imag == pytest.approx(-kick, rel=1e-2)


def test_levels_follow_gain_and_loss() -> None:
    system = System.from_operators("0.2*ad**2*a**2 + 3*sin(t)*(a + ad)", ["a"], h=1)
    start = level_matrix(coherent(alpha=0).at(1.0), 1.0, 1e-7, 1000, (1.0,))
    run = FockRun((Span(0.0, 12.0, polynomial_of(system)),), start, 1e-6, 1000, 1e12, 1e9, np.inf)
    sizes = [reached.levels[0] for reached in run.to((1.0, 2.0, 12.0))]
    assert max(sizes) > 8 and run.changes >= 3 and min(sizes) < max(sizes)


def test_gain_above_loss_goes_back_to_the_grid() -> None:
    """The number of levels grows without an end: no run in Fock space, no error."""
    system = System.from_operators("0.001*(ad*a)**2", ["3*ad"], h=1)
    found = evolve(system, coherent(alpha=0.5), [0.25], tol=1e-3)
    assert max(found.numerics.error) <= 1e-3


@pytest.mark.parametrize("power", [-9, 4])
def test_scales_follow_units(power: int) -> None:
    """x in other units: the same levels, the same steps."""
    a = 2.0**power
    plain = System("xi**2/2 + x**2/2 + x**4/40", ["x"], h=0.5, gamma=0.3)
    other = System(f"(xi*{a!r})**2/2 + (x/{a!r})**2/2 + (x/{a!r})**4/40", [f"x/{a!r}"], h=0.5, gamma=0.3)
    states = coherent(0.6, -0.2), gaussian(0.6 * a, -0.2 / a, [[a**2 / 2, 0], [0, 1 / a**2 / 2]])
    first, second = (evolve(s, state, [0.5], tol=1e-5) for s, state in zip((plain, other), states, strict=True))
    assert first.numerics.scheme == second.numerics.scheme and first.numerics.scheme.startswith("Fock space")
    assert first.numerics.steps == second.numerics.steps
    assert np.abs(first.final.values - second.final.values).max() < 1e-12


def test_a_far_state_goes_to_the_grid() -> None:
    """|alpha|^2 = 3200: no basis of levels, and no time lost on one."""
    system = System("xi**2/2 + x**4/400", ["x"], h=2**-6, gamma=1.0)
    assert fock_plan(system, coherent(10.0, 0.0), 1.0) is None
    assert fock_plan(System("cos(x) + xi**2", ["x"], h=1.0, gamma=1.0), coherent(0, 0), 1.0) is None


def test_a_run_goes_over_when_the_grid_is_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begun on a grid, as it is not forecast to be short, and left for Fock space."""
    from openweyl.evolution import in_fock_space

    monkeypatch.setattr(in_fock_space, "AT_ONCE", {1: 0.0, 2: 0.0})
    system = System.from_operators("ad**2*a**2", ["0.1*a"], h=1)
    found = evolve(system, coherent(alpha=2), [2.0], tol=1e-5)
    assert found.numerics.scheme.startswith("Fock space")
    monkeypatch.setattr(in_fock_space, "PATIENCE", 1e-9)
    monkeypatch.setattr(in_fock_space, "LEAST_PATIENCE", 0.0)
    monkeypatch.setattr(in_fock_space, "AT_ONCE", {1: 9.0, 2: 9.0})
    found = evolve(system, coherent(alpha=1), [0.05], tol=1e-4)
    assert not found.numerics.scheme.startswith("Fock space")


def test_watching_in_fock_space() -> None:
    seen: list[tuple[float, Symbol]] = []
    system = System.from_operators("ad**2*a**2", ["0.3*a"], h=1)
    found = evolve(
        system, coherent(alpha=1), [0.5, 1.0], tol=1e-5, watch=lambda t, w: seen.append((t, w)), watch_every=0.2
    )
    times = [t for t, _ in seen]
    assert times[0] == 0 and {0.5, 1.0} <= set(times) and np.diff(times).max() <= 0.2 + 1e-12
    assert seen[times.index(0.5)][1].moments().mean == pytest.approx(found[0].moments().mean, abs=1e-12)


def test_little_memory_goes_to_the_grid() -> None:
    system = System.from_operators("ad**2*a**2", ["0.3*a"], h=1)
    options: Any = {"kind": "quantum", "order": 1, "time_limit": 60.0, "progress": None, "look": None}
    with pytest.raises(Exception, match="memory"):
        by_steps(system, coherent(alpha=1), (0.5,), tol=1e-4, memory=1e4, watch_every=np.inf, **options)


def test_generators_have_no_more_than_they_need() -> None:
    system = System.from_operators("a**2 + ad**2 + ad**2*a**2", ["0.3*a"], h=1)
    made: Generator = generator(polynomial_of(system), (20,), random_state(20), 0.0)[0]
    assert made.terms[0].inside.nnz < 12 * 20**2
