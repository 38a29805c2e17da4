"""Matrices, QuTiP objects and wave functions, to symbols and back."""

from __future__ import annotations

import re
from math import pi, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import qutip

from openweyl import (
    InputError,
    PhaseGrid,
    State,
    Symbol,
    System,
    cat,
    certify,
    coherent,
    compare,
    evolve,
    from_fock,
    from_qutip,
    from_wavefunction,
    gaussian,
    mixture,
)
from openweyl.weyl.fock_basis import hermite_functions

H = 0.1


def alpha(x: float, xi: float, h: float = H) -> complex:
    return (x + 1j * xi) / sqrt(2 * h)


def packet(x: float, xi: float, size: int, h: float = H) -> qutip.Qobj:
    return qutip.coherent(size, alpha(x, xi, h), method="analytic")


def trace_norm(a: np.ndarray) -> float:
    return float(np.linalg.svd(a, compute_uv=False).sum())


def on_own_grid(state: State, h: float = H, level: float = 1e-12) -> Symbol:
    return state.symbol(state.grid(h, level))


def test_hermite_functions_are_orthonormal_beyond_the_range_of_doubles() -> None:
    y = np.linspace(-60, 60, 12001)
    psi = hermite_functions(1500, y)[[0, 1, 2, 700, 1499]]
    assert np.allclose(psi @ psi.T * (y[1] - y[0]), np.eye(5), rtol=0, atol=1e-11)
    assert np.allclose(psi[2], (2 * y**2 - 1) / sqrt(2) * np.exp(-(y**2) / 2) / pi**0.25, rtol=0, atol=1e-14)


# what QuTiP holds, and the same as a state of ours
KNOWN = {
    "coherent": (packet(0.4, -0.3, 40), coherent(0.4, -0.3)),
    "cat": ((packet(0.5, 0.0, 40) + 1j * packet(-0.5, 0.0, 40)).unit(), cat([(0.5, 0.0), (-0.5, 0.0)], [1, 1j])),
    "thermal": (qutip.thermal_dm(70, 0.8, method="analytic"), gaussian(0, 0, [[1.3, 0], [0, 1.3]])),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_states(name: str) -> None:
    theirs, ours = KNOWN[name]
    w = on_own_grid(from_qutip(theirs, H))
    assert np.abs((w - ours.symbol(w.grid)).values).max() < 1e-10
    operator, leakage = w.to_qutip(theirs.shape[0]), w.fock(theirs.shape[0]).leakage
    matrix = theirs.full() if theirs.isoper else theirs.proj().full()
    assert trace_norm(operator.full() - matrix) < 1e-10
    assert leakage < 1e-9


def random(size: int, rank: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(size, rank)) + 1j * rng.normal(size=(size, rank))
    matrix = factor @ factor.conj().T
    return matrix / np.trace(matrix).real


@pytest.mark.parametrize(("size", "rank"), [(2, 1), (12, 3), (40, 40)])
@pytest.mark.parametrize("h", [1.0, 2.0**-8])
def test_random_matrices_come_back(size: int, rank: int, h: float) -> None:
    matrix = random(size, rank, seed=size)
    w = on_own_grid(from_fock(matrix, h), h)
    found, leakage = w.fock()
    assert found.shape == matrix.shape  # no level too few, none too many
    assert trace_norm(found - matrix) < 1e-11
    assert leakage < 1e-9
    assert w.trace() == pytest.approx(1, rel=0, abs=1e-12)
    assert w.purity() == pytest.approx(np.vdot(matrix, matrix).real, rel=0, abs=1e-12)


def test_wigner_functions_of_qutip() -> None:
    """QuTiP has a = (g/2)(x + i p), so that [x, p] = 2i/g^2: h = 2/g^2, and W = w/(2 pi h)."""
    theirs = qutip.Qobj(random(15, 4, seed=3))
    w = on_own_grid(from_qutip(theirs, H))
    wigner = qutip.wigner(theirs, w.grid.x[0].points, w.grid.xi[0].points, g=sqrt(2 / H)).T
    assert np.abs(w.values - 2 * pi * H * wigner).max() < 1e-12


def test_a_high_fock_state() -> None:
    """At the origin the symbol of |m><m| is 2 (-1)^m."""
    state = from_fock(np.eye(202)[201], H)
    grid = PhaseGrid.box(h=H, x=(-8, 8), xi=(-8, 8), size=(512, 512))
    assert state.symbol(grid).values[256, 256] == pytest.approx(-2, rel=0, abs=1e-10)


def test_grids_that_reach_beyond_the_state() -> None:
    """The symbol is zero there, not a copy of itself."""
    grid = PhaseGrid.box(h=H, x=(-12, 12), xi=(-12, 12), size=(320, 320))
    w = from_fock([0, 0, 1], H).symbol(grid)
    assert w.trace() == pytest.approx(1, rel=0, abs=1e-12)


def test_leakage_bounds_what_is_left_out() -> None:
    matrix = random(20, 2, seed=7)
    w = on_own_grid(from_fock(matrix, H))
    found, leakage = w.fock(14)
    rest = matrix.copy()
    rest[:14, :14] = 0
    assert trace_norm(rest) <= leakage < 30 * trace_norm(rest)
    assert np.abs(found - matrix[:14, :14]).max() < 1e-11


@pytest.mark.slow
def test_two_degrees_of_freedom() -> None:
    h = 0.3
    theirs = qutip.tensor(qutip.fock(3, 2), packet(0.4, 0.2, 12, h).unit())
    theirs = (theirs + 0.5j * qutip.tensor(qutip.fock(3, 0), qutip.fock(12, 1))).unit()
    w = on_own_grid(from_qutip(theirs, h), h, 1e-6)
    assert w.trace() == pytest.approx(1, rel=0, abs=1e-7)
    operator, leakage = w.to_qutip((3, 12), tol=1e-4), w.fock((3, 12), tol=1e-4).leakage
    assert operator.dims == [[3, 12], [3, 12]]
    assert trace_norm(operator.full() - theirs.proj().full()) < 1e-6
    assert leakage < 1e-4


@pytest.mark.slow
def test_two_degrees_of_freedom_without_qutip() -> None:
    """Two coherent states: the first degree of freedom is the slow index."""
    h, first, second = 0.3, (0.4, 0.0), (-0.2, 0.3)
    ket = np.kron(*(packet(*z, 14, h).unit().full()[:, 0] for z in (first, second)))
    w = on_own_grid(from_fock(ket, h, sizes=(14, 14)), h, 1e-7)
    ours = coherent([first[0], second[0]], [first[1], second[1]])
    assert np.abs((w - ours.symbol(w.grid)).values).max() < 1e-6  # 14 levels leave 1e-8 of the states out


def test_wave_functions() -> None:
    x, (c, p) = np.linspace(-4, 5, 250), (0.5, -0.7)
    psi = (pi * H) ** -0.25 * np.exp(-((x - c) ** 2) / (2 * H) + 1j * p * x / H)
    w = on_own_grid(from_wavefunction(psi, x, H))
    assert np.abs((w - coherent(c, p).symbol(w.grid)).values).max() < 1e-12


def test_wave_functions_of_two_variables() -> None:
    h, y, z = 0.5, np.linspace(-6, 6, 48), np.linspace(-5, 7, 50)
    one, two = (np.exp(-((v - c) ** 2) / (2 * h)) for v, c in ((y, 0.0), (z, 0.5)))
    psi = np.multiply.outer(y * one, two) + np.multiply.outer(one, z * two)  # entangled
    psi /= sqrt((psi**2).sum() * (y[1] - y[0]) * (z[1] - z[0]))
    w = on_own_grid(from_wavefunction(psi, (y, z), h), h, 1e-6)
    assert w.trace() == pytest.approx(1, rel=0, abs=1e-7)
    assert w.purity() == pytest.approx(1, rel=0, abs=1e-7)


@pytest.mark.slow
def test_states_from_outside_are_states() -> None:
    system = System("xi**2/2 - cos(x)", ["x", "xi"], h=H, gamma=1.0)
    outside, inside = from_qutip(KNOWN["cat"][0], H), KNOWN["cat"][1]
    ours, theirs = (compare(system, state, [0.0, 0.5], tol=1e-6) for state in (inside, outside))
    assert np.abs(ours.trace_norm - theirs.trace_norm).max() < 2e-6
    bounds = [certify(system, state, [0.5], order=2, tol=1e-5) for state in (inside, outside)]
    assert bounds[0].estimate[0] == pytest.approx(bounds[1].estimate[0], rel=0, abs=2e-5)
    half = mixture([(1.0, outside), (1.0, coherent(0.0, 0.5))])
    w = on_own_grid(half)
    expected = (inside.symbol(w.grid) + coherent(0.0, 0.5).symbol(w.grid)) / 2
    assert np.abs((w - expected).values).max() < 1e-10
    with pytest.raises(InputError, match=r"`h` must be that of the state, 0.1, but is 0.2"):
        evolve(system.replace(h=0.2), outside, [1.0])


@pytest.mark.slow
def test_evolution_is_that_of_mesolve() -> None:
    h, size, times = 2**-3, 100, [0.25, 0.5]
    a = qutip.destroy(size)
    x, xi = sqrt(h / 2) * (a + a.dag()), -1j * sqrt(h / 2) * (a - a.dag())
    well = xi**2 + (x**2 - 0.5) ** 2
    start = packet(1.0, 0.0, size, h).unit()
    options = {"atol": 1e-10, "rtol": 1e-8, "nsteps": 10**6}
    theirs = qutip.mesolve(well / h, start, [0.0, *times], [x / sqrt(h), xi / sqrt(h)], options=options).states[1:]
    system = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=h, gamma=1.0)
    ours = evolve(system, from_qutip(start, h), times, tol=1e-6)
    for state, w in zip(theirs, ours, strict=True):
        found, _ = w.fock(size, tol=1e-7)
        assert trace_norm(found - state.full()) <= 1e-5


MATRIX = np.diag([0.5, 0.5]).astype(complex)
X = np.linspace(-6, 6, 120)
PSI = pi**-0.25 * np.exp(-(X**2) / 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: from_fock(2 * MATRIX, H), r"`state` must have trace 1, but is of trace 2. Divide it by its trace."),
        (lambda: from_fock([1, 1], H), r"`state` must have norm 1, but is of norm 1.414214. Divide it by its norm."),
        (lambda: from_fock(MATRIX + np.array([[0, 0.1], [0, 0]]), H), r"`state` must be hermitian, but is off by 0.1."),
        (lambda: from_fock(np.diag([1.5, -0.5]), H), r"`state` must be positive, but is one with the eigenvalue -0.5."),
        (lambda: from_fock(np.ones((2, 3)), H), r"`state` must be a vector or a square matrix, but is \(2, 3\)."),
        (lambda: from_fock([1, np.nan], H), r"`state` must be finite, but is not."),
        (lambda: from_fock("psi", H), r"`state` must be an array of numbers, but is psi."),
        (lambda: from_fock([1, 0], -H), r"`h` must be > 0"),
        (
            lambda: from_fock([1, 0, 0], H, sizes=(2, 2)),
            r"`sizes` must be a list of whole numbers of product 3, but",
        ),
        (lambda: from_fock(np.append(np.zeros(8_000), 1), H), r"`state` must ask for kernels of at most 8000 points"),
        (lambda: from_qutip(qutip.basis(3, 0).dag(), H), r"`state` must be a ket or an operator of QuTiP, but is bra."),
        (lambda: from_qutip(MATRIX, H), r"`state` must be a ket or an operator of QuTiP, but is ndarray."),
        (
            lambda: from_wavefunction(2 * PSI, X, 1.0),
            r"`psi` must have norm 1, but is of norm 2. Divide it by the root",
        ),
        (lambda: from_wavefunction(PSI, X**3, 1.0), r"`x` must hold increasing, evenly spaced points"),
        (lambda: from_wavefunction(PSI[:-1], X, 1.0), r"`psi` must have the shape of the points, \(120,\)"),
        (lambda: from_wavefunction(PSI[:80], X[:80], 1.0), r"the ends of `x`"),
        (lambda: from_wavefunction(PSI[::8], X[::8], 1.0), r"the largest momenta"),
        (lambda: Symbol(np.ones((4, 4)), coherent(0, 0).grid(H, 1e-3)), r"`values` must have the grid's shape"),
        (lambda: on_own_grid(coherent(0, 0)).fock(size=0), r"`size` must be a whole number from 1 to 5000"),
        (lambda: on_own_grid(coherent(50, 0)).fock(), r"`symbol` must lie within 5000 levels of the origin"),
    ],
)
def test_what_cannot_be_used(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parent.parent / "docs" / "interchange.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for code in re.findall(r"^```python\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL):
        exec(compile(code, "interchange.md", "exec"), names)  # noqa: S102 - our own page
    assert names["leakage"] < 1e-4
    assert names["operator"].dims == [[100], [100]]
    assert names["start_at"] == pytest.approx(0.3)
    assert str(names["bead"]) in capsys.readouterr().out


def test_qutip_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr("openweyl._core.arguments.import_module", missing)
    with pytest.raises(ImportError, match=r"qutip is not installed: pip install 'openweyl\[qutip\]'."):
        on_own_grid(coherent(0, 0)).to_qutip()
