"""Correlation functions against closed forms and QuTiP: values, errors, clocks, and what is refused."""

from __future__ import annotations

import doctest
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import qutip
import scipy.linalg
import sympy

from common import invoke
from openweyl import (
    Correlation,
    InputError,
    State,
    Symbol,
    System,
    coherent,
    correlation,
    evolve,
    fock,
    plot,
    superposition,
    tensor,
    thermal,
)

ACCURATE = {"atol": 1e-13, "rtol": 1e-11, "nsteps": 1_000_000}
KAPPA, OMEGA, NBAR = 0.4, 3.0, 0.5
DAMPED = System.from_operators(f"h*{OMEGA}*ad*a", [f"sqrt({KAPPA}*h)*a"], h=0.1)
KERR = System.from_operators("0.5*ad**2*a**2 + 0.7*(a + ad) - 0.3*ad*a", ["a"], h=1)
TAUS = [0.0, 0.3, 1.0, 2.0]


def ladder(size: int) -> tuple[qutip.Qobj, qutip.Qobj]:
    a = qutip.destroy(size)
    return a, a.dag()


def by_qutip(H: Any, jumps: Any, rho: Any, A: Any, B: Any, taus: Any = TAUS, start: float = 0.0) -> np.ndarray:
    """<A(start + tau) B(start)> with its basis; H is a function of time if `start` matters."""
    if start:
        rho = qutip.mesolve(H(0.0), rho, [0, start], jumps, options=ACCURATE).states[-1]
        H = H(start)
    return np.asarray(qutip.correlation_2op_1t(H, rho, taus, jumps, A, B, options=ACCURATE))


def assert_true(found: Correlation, truth: np.ndarray, most: float) -> None:
    """The reported error is at least the true one, and at most `most`."""
    assert (np.abs(found.value - truth) <= found.error).all()
    assert float(found.error.max()) <= most


@pytest.mark.parametrize(("kind", "quanta"), [("quantum", NBAR), ("classical", NBAR + 0.5)])
def test_the_damped_oscillator_in_closed_form(kind: Any, quanta: float) -> None:
    found = correlation(DAMPED, thermal(NBAR), "ad", "a", TAUS, kind=kind)
    assert_true(found, quanta * np.exp((1j * OMEGA - KAPPA / 2) * np.array(TAUS)), 1e-6)
    assert found.scheme == "closed form"


def test_the_order_of_operators_counts() -> None:
    """[a(tau), ad(0)] = e^{(-i omega - kappa/2) tau} in every state."""
    state = superposition([(1, fock(0)), (0.5j, fock(3))])
    values = [correlation(DAMPED, state, "a", "ad", TAUS), correlation(DAMPED, state, "ad", "a", TAUS)]
    swapped = np.conj(values[1].value)  # <ad(tau) a(0)>* = <ad(0) a(tau)>
    gap = np.exp((-1j * OMEGA - KAPPA / 2) * np.array(TAUS))
    assert (np.abs(values[0].value - swapped - gap) <= values[0].error + values[1].error).all()


def test_the_closed_form_and_the_evolutions_agree() -> None:
    """A quartic term of no size makes the same system one that is stepped."""
    x, xi = sympy.symbols("x xi", real=True)
    stepped = System(DAMPED.hamiltonian + sympy.Float(1e-14) * (x**2 + xi**2) ** 2, DAMPED.jumps, h=0.1, gamma=1)
    state = superposition([(1, coherent(alpha=0.7)), (1j, fock(1))])
    for kind in ("quantum", "classical"):
        one, other = (
            correlation(s, state, "ad*x", "a**2 + I*xi", TAUS, kind=kind, tol=1e-5) for s in (DAMPED, stepped)
        )
        assert (one.scheme, other.scheme) == ("closed form", "three evolutions")
        assert (np.abs(one.value - other.value) <= one.error + other.error).all()
        assert float(np.abs(one.value - other.value).max()) < 1e-6


def test_a_driven_kerr_oscillator_against_qutip() -> None:
    a, ad = ladder(40)
    truth = by_qutip(
        0.5 * ad**2 * a**2 + 0.7 * (a + ad) - 0.3 * ad * a, [a], qutip.coherent(40, (0.5 + 0.2j) / 2**0.5), ad, a
    )
    assert_true(correlation(KERR, coherent(0.5, 0.2), "ad", "a", TAUS, tol=1e-5), truth, 1e-4)


def test_drives_keep_their_clock() -> None:
    """Both evolutions: to the first time, and from there. A clock that starts anew misses by far more."""
    system = System.from_operators("0.5*ad**2*a**2 + 0.8*cos(2*t)*(a + ad)", ["a"], h=1)
    a, ad = ladder(30)

    def H(start: float) -> Any:
        return [0.5 * ad**2 * a**2, [a + ad, lambda t: 0.8 * np.cos(2 * (t + start))]]

    truth = by_qutip(H, [a], qutip.basis(30, 0), a, ad + a * a, start=0.7)
    assert_true(correlation(system, fock(0), "a", "ad + a**2", TAUS, start=0.7, tol=1e-5), truth, 1e-3)
    wrong = qutip.correlation_2op_1t(H(0.0), qutip.basis(30, 0), TAUS, [a], a, ad + a * a, options=ACCURATE)
    assert float(np.abs(wrong - truth).max()) > 0.1


@pytest.mark.slow
def test_two_modes_in_closed_form() -> None:
    """Amplitudes of coherent states under a beam splitter with loss follow a linear equation."""
    system = System.from_operators("h*0.7*(a1*ad2 + ad1*a2)", ["sqrt(0.3*h)*a1"], h=0.2)
    state = tensor(coherent(alpha=0.8), coherent(alpha=0.3))
    moved = scipy.linalg.expm(np.array([[-0.15, -0.7j], [-0.7j, 0]])) @ np.array([0.8, 0.3])
    truth = np.array([0.8 * 0.3, np.conj(moved[0]) * 0.3])
    assert_true(correlation(system, state, "ad1", "a2", [0.0, 1.0], tol=1e-3), truth, 1e-6)


def test_a_linear_drive_keeps_its_clock_in_closed_form() -> None:
    """<x(t + tau)> of a driven oscillator is the first moment that evolve finds, by either way."""
    system = System("(x**2 + xi**2)/2 + x*sin(3*t)", ["x + I*xi"], h=0.2, gamma=0.1)
    found = correlation(system, coherent(1, 0), "x", "1", [0.0, 0.6], start=0.5)
    for tau, value in zip(found.times, found.value, strict=True):
        mean = evolve(system, coherent(1, 0), [0.5 + tau]).final.moments().mean[0]
        assert value == pytest.approx(mean, abs=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("tol", [1e-3, 1e-5])
@pytest.mark.parametrize("nbar", [0.5, 2.0])
def test_what_lies_beyond_the_grid_is_in_the_error(nbar: float, tol: float) -> None:
    """Tails of a thermal state, weighed with high powers: what all of the evolutions miss alike."""
    a, ad = ladder(120)
    system = System.from_operators("0.3*ad**2*a**2", ["sqrt(0.5)*a"], h=1)
    rho, jumps, H = qutip.thermal_dm(120, nbar), [np.sqrt(0.5) * a], 0.3 * ad**2 * a**2
    for A, of_qutip in (("ad**4*a**4", ad**4 * a**4), ("x**3", ((a + ad) / np.sqrt(2)) ** 3)):
        for B, second in (("ad*a", ad * a), ("a**3", a**3)):
            found = correlation(system, thermal(nbar), A, B, [0, 0.5, 1.5], tol=tol)
            truth = by_qutip(H, jumps, rho, of_qutip, second, [0, 0.5, 1.5])
            assert (np.abs(found.value - truth) <= found.error).all()


@pytest.mark.parametrize(("A", "B", "truth"), [("1", "1", 1.0), ("a", "a", 0.0), ("ad*a", "0", 0.0)])
def test_products_that_vanish_and_ones_that_do_nothing(A: str, B: str, truth: float) -> None:
    assert_true(correlation(KERR, fock(0), A, B, [0.0, 0.5], tol=1e-4), np.array([truth, truth]), 0.01)


def test_weyl_symbols_as_expressions() -> None:
    """x as text and as a symbol are one; a phase e^{i k x} at delay 0 is the characteristic function of the state."""
    x = sympy.Symbol("x")
    one, other = (correlation(KERR, fock(1), A, "xi", [0.2], tol=1e-4).value for A in ("x", x))
    assert one == pytest.approx(other, abs=1e-12)
    value = correlation(KERR, coherent(0.5, 0), sympy.exp(2 * sympy.I * x), "1", [0.0], tol=1e-4).value
    assert value[0] == pytest.approx(np.exp(1j - 1.0), abs=1e-6)  # mean 1/2, variance 1/2


def test_the_result_shows_itself(tmp_path: Path) -> None:
    found = correlation(DAMPED, thermal(NBAR), "ad", "a", TAUS)
    assert "<ad(tau) a(0)>" in str(found)
    assert "real part" in repr(found)
    assert "<table" in found._repr_html_()
    data = found.to_xarray()
    assert complex(data["value"].sel(tau=1.0)) == found.value[2]
    assert json.loads(json.dumps(found.as_dict()))["imaginary"] == found.value.imag.tolist()
    figure = found.plot().get_figure(root=True)
    assert figure is not None
    assert plot.write(figure, tmp_path / "one.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"A": "a*"}, "`A` must be a formula"),
        ({"A": "adag"}, "with a and its adjoint ad"),
        ({"B": "sin(x)"}, "`B` must be a polynomial"),
        ({"B": "a2"}, "`B` must have indices from 1 to 1"),
        ({"B": sympy.Symbol("t") * sympy.Symbol("x")}, "`B` must not depend on time"),
        ({"B": 1 / sympy.Symbol("x")}, "`B` must be smooth"),
        ({"A": qutip.destroy(3)}, "Operators are text"),
        ({"start": -1}, "`start` must be >= 0"),
        ({"kind": "both"}, "`kind` must be"),
        ({"times": [1, 0]}, "`times` must increase"),
    ],
)
def test_bad_input_is_refused(changes: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"A": "ad", "B": "a", "times": [0.1]} | changes
    with pytest.raises(InputError, match=words.replace("(", r"\(")):
        correlation(KERR, fock(0), **given)


def test_a_symbol_is_no_operator() -> None:
    w: Symbol = fock(0).symbol(fock(0).grid(1.0, 1e-8))
    with pytest.raises(InputError, match="`A` must be text in operators"):
        correlation(KERR, fock(0), w, "a", [0.1])  # type: ignore[arg-type]


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    args = ("correlation", "damped-oscillator", "--A", "ad", "--B", "a", "--times", "0, 1")
    done = invoke(monkeypatch, capsys, *args, "--json")
    found = json.loads(done.out)
    assert set(found) == {"quantum", "classical"}
    assert found["quantum"]["times"] == [0.0, 1.0]
    done = invoke(monkeypatch, capsys, *args, "--out", str(tmp_path / "here"))
    assert done.status == 0
    written = {f"correlation-{kind}.{end}" for kind in ("quantum", "classical") for end in ("nc", "png")}
    assert {path.name for path in (tmp_path / "here").iterdir()} == written
    done = invoke(monkeypatch, capsys, *args[:2], "--A", "ad", "--json")
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert "`B` must be given" in done.err


@pytest.mark.slow
def test_the_examples_of_the_page() -> None:
    page = (Path(__file__).parent.parent / "docs" / "spectra.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```pycon\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    assert blocks
    names: dict[str, Any] = {}
    for code in blocks:
        example = doctest.DocTestParser().get_doctest(code, names, "spectra.md", None, None)
        assert doctest.DocTestRunner().run(example, clear_globs=False).failed == 0
        names = example.globs


def test_states_of_all_kinds() -> None:
    """A run's symbol is a state, too."""
    solution = evolve(KERR, fock(1), [0.3], tol=1e-5)
    state: State = fock(1)
    later = correlation(KERR, solution.final, "ad", "a", [0.5], tol=1e-4)
    whole = correlation(KERR, state, "ad", "a", [0.5], start=0.3, tol=1e-4)
    assert later.value == pytest.approx(whole.value, abs=1e-4)
