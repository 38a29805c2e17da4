"""Observables: norms are bounds, values are traces, and what is unbounded or nonsense is refused in one line."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import quad

from common import refused, slow_but
from openweyl import Observable, PhaseGrid, coherent
from openweyl._core.arguments import InputError

H = 1 / 4
GRID = PhaseGrid.box(h=H, x=(-7, 7), xi=(-7, 7), size=(128, 128))
POINTS = GRID.x[0].points
CENTRES = ((0.6, -0.3), (-1.1, 0.4))
W = (coherent(*CENTRES[0]).symbol(GRID) + coherent(*CENTRES[1]).symbol(GRID)) / 2
Function = Callable[[np.ndarray], np.ndarray]


def wave(x: float, xi: float) -> np.ndarray:
    """The coherent state on the x-grid, with norm 1."""
    return (
        (np.pi * H) ** -0.25 * np.exp(-((POINTS - x) ** 2) / (2 * H) + 1j * xi * POINTS / H) * GRID.x[0].spacing ** 0.5
    )


RHO = sum(np.outer(wave(*c), wave(*c).conj()) for c in CENTRES) / 2


def separable(f: Function, g: Function) -> np.ndarray:
    """f(x) + g(hD) as a matrix on the x-grid."""
    fourier = np.fft.fft(np.eye(len(POINTS)), norm="ortho")
    momenta = 2 * np.pi * H * np.fft.fftfreq(len(POINTS), GRID.x[0].spacing)
    return np.diag(f(POINTS)) + fourier.conj().T @ np.diag(g(momenta)) @ fourier


def anti_wick(o: Callable[[np.ndarray, np.ndarray], np.ndarray], points: int = 400) -> np.ndarray:
    """int o(z) |z><z| dz/(2 pi h) as a matrix on the x-grid, by z-points between those where o may jump."""
    z = np.linspace(-5, 5, points, endpoint=False) + 5 / points
    matrix = np.zeros((len(POINTS),) * 2, dtype=complex)
    for x in z:
        waves = wave(x, 0.0)[None, :] * np.exp(1j * z[:, None] * POINTS[None, :] / H)
        matrix += waves.T @ (o(np.full_like(z, x), z)[:, None] * waves.conj())
    return matrix * (10 / points) ** 2 / (2 * np.pi * H)


def parity() -> np.ndarray:
    """u(x) -> u(-x); the leftmost point has no partner and maps to itself."""
    n = len(POINTS)
    return np.eye(n)[(-np.arange(n)) % n]


CASES: dict[str, Callable[[], np.ndarray]] = {
    "tanh(x)": lambda: separable(np.tanh, np.zeros_like),
    "cos(x) + sin(xi)": lambda: separable(np.cos, np.sin),
    "exp(-x**2) - exp(-2*xi**2)": lambda: separable(lambda x: np.exp(-(x**2)), lambda k: -np.exp(-2 * k**2)),
    "1/(1 + x**2)": lambda: separable(lambda x: 1 / (1 + x**2), np.zeros_like),
    "tanh(2*x) + cos(3*xi)": lambda: separable(lambda x: np.tanh(2 * x), lambda k: np.cos(3 * k)),
    "smooth(exp(-x**2 - xi**2))": lambda: anti_wick(lambda x, xi: np.exp(-(x**2) - xi**2), points=100),
    "smooth(tanh(x*xi))": lambda: anti_wick(lambda x, xi: np.tanh(x * xi), points=100),
    "region(x)": lambda: anti_wick(lambda x, _: (x > 0).astype(float)),
    "region(x**2 + xi**2 - 1)": lambda: anti_wick(lambda x, xi: (x**2 + xi**2 > 1).astype(float)),
    "husimi(0.5, 0.25)": lambda: np.outer(wave(0.5, 0.25), wave(0.5, 0.25).conj()),
    "parity": parity,
}


@pytest.mark.parametrize("text", slow_but(set(CASES) - {"region(x)", "region(x**2 + xi**2 - 1)"}, CASES))
def test_norm_and_value_against_matrices(text: str) -> None:
    """The norm bounds the largest singular value of the operator on a grid; the value is the trace with a state."""
    observable, matrix = Observable.parse(text, 1), CASES[text]()
    norm = float(np.linalg.norm(matrix, 2))
    assert norm <= observable.norm * (1 + 1e-6)
    assert observable.norm <= 2 * (1 + 1e-9)
    assert norm > 0.3 * observable.norm  # of a size: no bound that says nothing
    value, error = observable.value(W)
    expected = np.trace(matrix @ RHO)
    assert abs(expected.imag) < 1e-12
    broken = text.startswith("region")  # the matrix errs as well, by the jump over a z-cell
    assert abs(value - expected.real) <= error + (1e-3 if broken else 1e-9)
    assert error < (1e-3 if broken else 1e-9)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("3*tanh(x)", 3.0),
        ("2 + cos(x)", 3.0),
        ("sin(x)*cos(x)", 1.0),
        ("exp(-x**2)", 1.0),
        ("atan(x)", np.pi / 2),
        ("tanh(x) + tanh(xi)", 2.0),
        ("smooth(tanh(x)*tanh(xi))", 1.0),
        ("region(x*xi)", 1.0),
        ("0", 0.0),
        ("-5", 5.0),
    ],
)
def test_interval_bounds(text: str, bound: float) -> None:
    found = Observable.parse(text, 1).norm
    assert bound * (1 - 1e-12) <= found <= bound * (1 + 1e-6)


def test_coherent_state() -> None:
    """Closed forms: husimi at the own centre and elsewhere, parity, tanh by quadrature, a half plane."""
    x, xi = 0.6, -0.3
    w = coherent(x, xi).symbol(GRID)

    def value(text: str) -> float:
        return Observable.parse(text, 1).value(w)[0]

    assert value(f"husimi({x}, {xi})") == pytest.approx(1, abs=1e-12)
    assert value("husimi(0, 0)") == pytest.approx(np.exp(-(x**2 + xi**2) / (2 * H)), abs=1e-12)
    assert value("parity") == pytest.approx(np.exp(-(x**2 + xi**2) / H), abs=1e-12)
    assert Observable.parse("parity", 1).value(coherent(0, 0).symbol(GRID))[0] == pytest.approx(1, abs=1e-12)
    expected = quad(lambda y: np.tanh(y) * np.exp(-((y - x) ** 2) / H) / np.sqrt(np.pi * H), -10, 10, epsabs=1e-13)[0]
    assert value("tanh(x)") == pytest.approx(expected, abs=1e-11)
    assert value("smooth(cos(x))") == pytest.approx(np.cos(x) * np.exp(-H / 2), abs=1e-11)  # variance h/2 + h/2
    half = quad(lambda y: np.exp(-((y - x) ** 2) / (2 * H)) / np.sqrt(2 * np.pi * H), 0, 10, epsabs=1e-13)[0]
    found, error = Observable.parse("region(x)", 1).value(w)
    assert abs(found - half) <= error < 1e-3


@pytest.mark.parametrize("wave_number", [57.0, 115.0, 400.0])
def test_faster_than_the_grid(wave_number: float) -> None:
    """cos(k x) with k beyond the grid's wave numbers must not come back as a slower wave."""
    value, error = Observable.parse(f"cos({wave_number}*x)", 1).value(W)
    assert abs(value) <= error + 1e-9
    assert error < 1e-6


def test_far_out() -> None:
    """Overflow on the way to a bounded value is no warning."""
    assert Observable.parse("1/(1 + exp(20*x**2))", 1).value(W)[0] > 0


def test_two_degrees_of_freedom() -> None:
    grid = PhaseGrid.box(
        h=0.5, x=[(-4, 4)] * 2, xi=[(-4, 4)] * 2, size=(32, 32)
    )  # at 24 its own wave numbers end at 1e-5
    w = coherent([0.2, -0.1], [0.0, 0.3]).symbol(grid)
    assert Observable.parse("husimi(0.2, -0.1, 0, 0.3)", 2).value(w)[0] == pytest.approx(1, abs=1e-8)
    parity = Observable.parse("parity", 2).value(w)[0]
    assert parity == pytest.approx(np.exp(-(0.2**2 + 0.1**2 + 0.3**2) / 0.5), abs=1e-8)
    value, error = Observable.parse("cos(x1 + x2) + sin(xi1)", 2).value(w)
    assert value == pytest.approx(np.cos(0.1) * np.exp(-0.25), abs=1e-8 + error)  # x1 + x2 has variance h


@pytest.mark.parametrize(
    "text",
    [
        "smooth(x)",
        "smooth(log(1 + x**2))",
        "a",
        "ad*a*t",
        "adag*a",
        "a2",
        "operator(x*xi)",
        "operator(a",
        "operator(a)*operator(ad)",
        "operator()",
        "operator",
        "operator(tanh(x))",
        "cos(a)",
        "x*t",
        "exp(exp(x))*I",
        "smooth()",
        "smooth",
        "region()",
        "husimi",
        "husimi()",
        "husimi(1)",
        "husimi(1, 2, 3)",
        "husimi(a, b)",
        "husimi(nan, 0)",
        "parity(1)",
        "parity()",
        "",
        " ",
        "(",
        "y",
        "1/x",
        "abs(x)",
        "smooth(x1)",
        "__import__('os')",
        "tanh(x",
        "smooth(tanh(x)) + 1",
        "region(x > 0)",
        "nonsense(x)",
        "\n",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Observable.parse(text, 1)
    assert str(caught.value).startswith("Argument `observable` must ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "returned",
    [1.0, None, "ab", ("a", "b"), (1.0,), (1.0, 0.0, 0.0), (np.nan, 0.0), (1j, 0.0), (np.ones(3), 0.0), (1.0, -1.0)],
    ids=str,
)
def test_what_a_reading_returns_is_two_numbers(returned: object) -> None:
    mine = Observable("mine", 1.0, lambda _: returned)  # type: ignore[arg-type, return-value]
    refused(lambda: W.expectation(mine), "Argument `reading` must")


@pytest.mark.parametrize("n", ["a", 0, -1, 1.5, True])
def test_degrees_of_freedom_are_counted(n: object) -> None:
    refused(lambda: Observable("mine", 1.0, lambda _: (1.0, 0.0), n=n), "Argument `n` must")  # type: ignore[arg-type]


def test_a_reading_that_knows_no_error() -> None:
    assert W.expectation(Observable("mine", 1.0, lambda _: (np.float64(0.5), np.inf))) == (0.5, np.inf)
