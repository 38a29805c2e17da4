"""Jumps that are not linear in `sample`: each particle's residual, and the whole against the truth."""

from __future__ import annotations

from math import comb, prod

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import sympy

from openweyl import InputError, System, coherent, sample
from openweyl.model.packets import symplectic_form
from openweyl.sampling.dissipation import linear_dissipation
from openweyl.sampling.jump_sorting import sorted_jumps
from openweyl.sampling.motion import Motion
from openweyl.sampling.sorting import sorted_hamiltonian
from openweyl.symbolic.brackets import poisson

Array = np.ndarray


def motion_of(system: System) -> Motion:
    dissipation, others = linear_dissipation(system)
    p = sorted_hamiltonian(system.hamiltonian, system.x, system.xi)
    return Motion(p, dissipation, system.h, sorted_jumps(others, system), system.gamma)


def ladder(size: int) -> tuple[Array, Array]:
    """x and xi between Fock states, for h = 1."""
    a = np.diag(np.sqrt(np.arange(1, size)), 1)
    return (a + a.T) / 2**0.5, (a - a.T) / (1j * 2**0.5)


def quantized(f: sympy.Expr, system: System, Z: list[Array]) -> Array:
    """Op(f) by McCoy's formula, each term of f a monomial, or a function of x; `Z`: the matrices of x and xi."""
    variables, total = (*system.x, *system.xi), np.zeros(Z[0].shape, dtype=complex)
    for term in sympy.Add.make_args(sympy.expand(f)):
        if not term.is_polynomial(*variables):
            level, states = np.linalg.eigh(Z[0])
            total += states * sympy.lambdify(system.x[0], term)(level) @ states.conj().T
            continue
        for powers, number in sympy.Poly(term, *variables).terms():
            product = complex(number) * np.eye(len(total))
            for j in range(system.n):
                a, b = powers[j], powers[j + system.n]
                X, P = Z[j], np.linalg.matrix_power(Z[j + system.n], b)
                ordered = (
                    comb(a, k) * np.linalg.matrix_power(X, k) @ P @ np.linalg.matrix_power(X, a - k)
                    for k in range(a + 1)
                )
                product = product @ sum(ordered) / 2**a
            total += product
    return total


def lindblad(system: System, H: Array, jumps: list[Array], A: Array) -> Array:
    out = -1j / system.h * (H @ A - A @ H)
    for L in jumps:
        LL = L.conj().T @ L
        out = out + system.gamma / system.h * (L @ A @ L.conj().T - (LL @ A + A @ LL) / 2)
    return out


def random_gaussian(n: int, rng: np.random.Generator, *, pure: bool, size: float) -> tuple[Array, Array, Array, Array]:
    """(z, S, occupations, C): C = S diag(occupations + 1/2) S^T, S symplectic."""
    G = size * rng.normal(size=(2 * n, 2 * n))
    S = scipy.linalg.expm(symplectic_form(n) @ (G + G.T))
    occupations = np.zeros(n) if pure else rng.uniform(0.02, 0.3 / n, size=n)
    return rng.normal(size=2 * n), S, occupations, S @ np.diag(np.tile(occupations + 0.5, 2)) @ S.T


def residual(system: System, rng: np.random.Generator, *, pure: bool, levels: int) -> tuple[float, float]:
    """(the trace norm of the residual of a random Gaussian state, by matrices; the rate that bounds it)."""
    n, h = system.n, system.h
    z, S, occupations, C = random_gaussian(n, rng, pure=pure, size=0.3 if n == 1 else 0.1)
    unit = np.eye(levels)
    own = [np.asarray(prod_kron([f if j == k else unit for k in range(n)])) for f in ladder(levels) for j in range(n)]
    Z = [z[i] * np.eye(levels**n) + h**0.5 * sum(S[i, k] * own[k] for k in range(2 * n)) for i in range(2 * n)]
    tau = prod_kron([np.diag((m / (1 + m)) ** np.arange(levels) / (1 + m)) for m in occupations])
    motion = motion_of(system)
    slopes = motion.slopes(z[None], C[None], 0.0, residual=True)

    def derivative(i: int, A: Array) -> Array:
        other, sign = (Z[i + n], 1j / h) if i < n else (Z[i - n], -1j / h)
        return sign * (other @ A - A @ other)

    first = [derivative(i, tau) for i in range(2 * n)]
    R = lindblad(
        system, quantized(system.hamiltonian, system, Z), [quantized(jump, system, Z) for jump in system.jumps], tau
    )
    for i in range(2 * n):
        R = R + slopes.z[0, i] * first[i]
        for j in range(2 * n):
            R = R - h / 2 * slopes.C[0, i, j] * derivative(i, first[j])
    kept = prod_kron([np.diag((np.arange(levels) < 0.75 * levels).astype(float))] * n)
    R = kept @ R @ kept  # the rest is cut matrices' error
    assert abs(np.trace(R)) < 1e-9 * (1 + np.abs(R).max())
    true = np.abs(np.linalg.eigvalsh((R + R.conj().T) / 2)).sum()
    return float(true), float(motion.rates(C[None], slopes).quantum[0])


def prod_kron(factors: list[Array]) -> Array:
    out = np.eye(1)
    for factor in factors:
        out = np.kron(out, factor)
    return out


ONE_MODE = [
    ("xi**2/2 + x**2/2", ["(x + I*xi)**2/2"]),
    ("xi**2/2 + x**2/2", ["x**2"]),
    ("xi**2 + (x**2 - 1/2)**2", ["x**2", "x*xi"]),
    ("xi**2", ["x + x**2/3 + I*xi"]),
    ("x*xi", ["x**3/3 + I*x*xi/2"]),
    ("x**3", ["x**2 + I*xi**2", "x + I*xi"]),
    ("xi**2", ["tanh(x)"]),
    ("xi**2 + cos(x)", ["sin(x) + I*x"]),
]
TWO_MODES = [
    ("xi1**2 + xi2**2 + x1*x2", ["(x1 + I*xi1)*x2"]),
    ("x1**2 + x2**2", ["(x1 + I*xi1)*(x2 + I*xi2)/2", "x1*xi2"]),
]


@pytest.mark.parametrize(("p", "jumps"), ONE_MODE)
@pytest.mark.parametrize("pure", [True, False])
def test_rates_bound_the_residual_of_one_mode(p: str, jumps: list[str], pure: bool) -> None:
    rng = np.random.default_rng(5)
    for h, gamma in [(0.02, 0.3), (0.1, 1.0), (0.3, 2.0)]:
        true, told = residual(System(p, jumps, h=h, gamma=gamma), rng, pure=pure, levels=70)
        assert true <= told * (1 + 1e-9)
        assert told < (1.6 if pure else 3) * true  # seen: 1.3 and 2.3


@pytest.mark.parametrize(("p", "jumps"), TWO_MODES)
@pytest.mark.parametrize("pure", [True, False])
def test_rates_bound_the_residual_of_two_modes(p: str, jumps: list[str], pure: bool) -> None:
    true, told = residual(System(p, jumps, h=0.05, gamma=0.7), np.random.default_rng(6), pure=pure, levels=16)
    assert true <= told < (1.2 if pure else 2.5) * true  # seen: 1.05 and 1.7


def test_coherent_states_are_all_but_kept_by_two_photon_loss() -> None:
    """a^2 |z> is a multiple of |z>: no residual at all, but for the squeezing that the motion has."""
    motion = motion_of(System("xi**2 + x**2", ["(x + I*xi)**2/2"], h=0.1, gamma=2.0))
    C = np.eye(2)[None] / 2
    slopes = motion.slopes(np.array([[1.0, 0.5]]), C, 0.0, residual=True)
    assert motion.rates(C, slopes).quantum[0] < 1e-6
    assert np.abs(slopes.C).max() > 0.1


@pytest.mark.parametrize(
    "jump",
    ["(x1 + I*xi1)**2/2", "x1**2", "x1*xi1 + I*x1**2/2", "(x1 + I*xi1)*x2", "x1**2 + I*x2*xi1", "x1**3/4 + I*xi2"],
)
def test_classical_rate_is_the_root_mean_square_of_the_residual(jump: str) -> None:
    """Against Q tau / tau, a polynomial, by brackets, and averaged by quadrature in all four variables."""
    system = System("x1**2 + xi2**2 + x2*xi1 + xi1**2/2", [jump], h=0.3, gamma=0.8)
    v, h, gamma = (*system.x, *system.xi), 0.3, 0.8
    z, _, _, C = random_gaussian(2, np.random.default_rng(7), pure=False, size=0.2)
    motion = motion_of(system)
    slopes = motion.slopes(z[None], C[None], 0.0, residual=True)
    dZ = sympy.Matrix([s - m for s, m in zip(v, z, strict=True)])
    log = -(dZ.T * sympy.Matrix(np.linalg.inv(h * C)) * dZ)[0] / 2
    field = [log.diff(s) for s in v]

    def bracket(f: sympy.Expr, w: sympy.Expr) -> sympy.Expr:
        """{f, w tau}/tau."""
        return poisson(f, w, system.x, system.xi) + w * poisson(f, log, system.x, system.xi)

    whole = sympy.expand(system.jumps[0])
    a, b = sympy.re(whole), sympy.im(whole)
    one = sympy.Integer(1)
    rho = bracket(system.hamiltonian, one)
    rho += gamma * (bracket(a, b) - bracket(b, a))
    rho += gamma * h / 2 * (bracket(a, bracket(a, one)) + bracket(b, bracket(b, one)))
    rho += sum(slopes.z[0, i] * field[i] for i in range(4))
    rho -= sum(
        h / 2 * slopes.C[0, i, j] * (field[i] * field[j] + log.diff(v[i], v[j])) for i in range(4) for j in range(4)
    )
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    points = np.stack(np.meshgrid(*[nodes] * 4, indexing="ij"), -1).reshape(-1, 4)
    weight = np.array([prod(w) for w in np.stack(np.meshgrid(*[weights] * 4, indexing="ij"), -1).reshape(-1, 4)])
    points = z + points @ np.linalg.cholesky(h * C).T
    values = sympy.lambdify(v, rho)(*points.T)
    mean_square = weight @ values**2 / weight.sum()
    assert motion.rates(C[None], slopes).classical[0] == pytest.approx(mean_square**0.5, rel=1e-9)


def packets(z: Array, C: Array, h: float, levels: int) -> Array:
    """Pure Gaussian states of one mode between Fock states, a column each."""
    y = np.linspace(-14, 14, 1400)
    fock = np.zeros((levels, len(y)))
    fock[0] = np.pi**-0.25 * np.exp(-y * y / 2)
    fock[1] = 2**0.5 * y * fock[0]
    for k in range(1, levels - 1):
        fock[k + 1] = (2**0.5 * y * fock[k] - k**0.5 * fock[k - 1]) / (k + 1) ** 0.5
    s, A = y[:, None] - z[:, 0] / h**0.5, C[:, 0, 0]
    psi = (2 * np.pi * A) ** -0.25 * np.exp(-(s**2) * (0.25 - 0.5j * C[:, 0, 1]) / A + 1j * s * z[:, 1] / h**0.5)
    return (y[1] - y[0]) * fock @ psi


def truth(system: System, start: Array, times: list[float], levels: int) -> list[Array]:
    """A(t) between Fock states, from a coherent state."""
    Z = [system.h**0.5 * f for f in ladder(levels + 8)]
    H, *jumps = (quantized(f, system, Z)[:levels, :levels] for f in (system.hamiltonian, *system.jumps))

    def slope(_: float, flat: Array) -> Array:
        A = flat.reshape(levels, levels)
        return lindblad(system, H, jumps, (A + A.conj().T) / 2).ravel()

    psi = packets(start[None], np.eye(2)[None] / 2, system.h, levels)
    A = (psi @ psi.conj().T).ravel()
    found = scipy.integrate.solve_ivp(slope, (0, times[-1]), A, "DOP853", times, rtol=1e-6, atol=1e-8)
    assert np.abs(found.y[-levels:]).max() < 1e-4  # nothing has come to the last Fock state
    return [found.y[:, k].reshape(levels, levels) for k in range(len(times))]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("p", "jumps", "h", "gamma"),
    [
        ("xi**2/2 + x**2/2", ["(x + I*xi)**2/2"], 1 / 4, 1.0),
        ("xi**2/2 + x**2/2", ["(x + I*xi)**2/2"], 1 / 16, 3.0),
        ("xi**2/2 + x**2/2", ["x**2"], 1 / 4, 0.5),
        ("xi**2 + (x**2 - 1/2)**2", ["x**2", "(x + I*xi)/2"], 1 / 8, 0.5),
        ("xi**2/2 + x**2/2", ["tanh(x)"], 1 / 4, 1.0),
        ("xi**2/2 - cos(x)", ["sin(x)", "x*xi/2"], 1 / 8, 1.0),
        ("xi**2/2 + x**2/2", ["x*xi/2", "x + I*xi + I*x**2/3"], 1 / 8, 0.3),
    ],
)
def test_the_truth_is_within_the_bound(p: str, jumps: list[str], h: float, gamma: float) -> None:
    """Pure states of particles side by side, against the density matrix; less what half the particles differ by."""
    system, start, times, count = System(p, jumps, h=h, gamma=gamma), np.array([0.7, 0.3]), [0.1, 0.25], 250
    ensemble = sample(system, coherent(*start), times, particles=count, seed=3)
    for k, A in enumerate(truth(system, start, times, 50)):
        psi = packets(ensemble.centers[k], ensemble.covariances(k) / h, h, 50)
        first, second = (part @ part.conj().T / (count / 2) for part in (psi[:, : count // 2], psi[:, count // 2 :]))
        true = np.abs(np.linalg.eigvalsh(A - (first + second) / 2)).sum()
        noise = np.abs(np.linalg.eigvalsh(first - second)).sum() / 2
        assert true - noise <= ensemble.bound[k]
        assert ensemble.bound[k] < 6 * (true + noise) and ensemble.bound[k] < 0.9


def test_damping_by_pairs_of_quanta_is_within_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """By one observable and few particles: a quick look, beside the test above. With any lag, so none is looked for."""
    monkeypatch.setattr("openweyl.sampling.sample.best_lag", lambda *_, **__: 0.1)
    system = System("xi**2/2 + x**2/2", ["(x + I*xi)**2/2"], h=1 / 4, gamma=1.0)
    start, time, levels = np.array([0.7, 0.3]), 0.02, 30
    ensemble = sample(system, coherent(*start), [time], particles=40)
    (A,) = truth(system, start, [time], levels)
    husimi = packets(np.array([[0.4, 0.2]]), np.eye(2)[None] / 2, system.h, levels)[:, 0]
    found = ensemble.fidelity(0.4, 0.2)
    off = abs(found.value[0] - (husimi.conj() @ A @ husimi).real)
    assert off <= found.bound[0] + 4 * found.statistical[0]
    assert 0 < found.bound[0] < 0.05


def test_alike_jumps_are_one_family_and_a_chain_is_a_sum_of_its_parts() -> None:
    n = 6
    p = " + ".join(f"x{j}**2 + xi{j}**2" for j in range(1, n + 1))
    jumps = [f"{j}*(x{j} + I*xi{j})**2/7" for j in range(1, n + 1)]
    system = System(p, jumps, h=0.1, gamma=1.0)
    whole = motion_of(system)
    assert len(whole.jumps) == 1
    C = np.tile(np.array([0.9, 1 / 3.6]).repeat(n), (1, 1))
    C = C[:, :, None] * np.eye(2 * n)
    z = np.linspace(-1, 1, 2 * n)[None]
    slopes = whole.slopes(z, C, 0.0, residual=True)
    rates = whole.rates(C, slopes)
    classical = 0.0
    for j in range(n):
        part = motion_of(System("x**2 + xi**2", [f"{j + 1}*(x + I*xi)**2/7"], h=0.1, gamma=1.0))
        own = part.slopes(z[:, [j, j + n]], C[:, [j, j + n]][:, :, [j, j + n]], 0.0, residual=True)
        np.testing.assert_allclose(own.z, slopes.z[:, [j, j + n]], rtol=1e-12)
        np.testing.assert_allclose(own.C, slopes.C[:, [j, j + n]][:, :, [j, j + n]], rtol=1e-12, atol=1e-12)
        classical += part.rates(C[:, [j, j + n]][:, :, [j, j + n]], own).classical[0]
    assert rates.classical[0] == pytest.approx(classical, rel=1e-9)


@pytest.mark.parametrize(
    ("jump", "match"), [("sin(x1)*xi1", "conjugate"), ("x1*x2*xi1*xi2*x3", "at most 4"), ("tanh(x1 + I)", "complex")]
)
def test_refusals(jump: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        sample(System("xi1**2 + xi2**2 + xi3**2 + x1**2", [jump], h=0.1, gamma=1.0), coherent([1] * 3, [0] * 3), [0.1])
