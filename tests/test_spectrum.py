"""Spectra and coherence against closed forms and QuTiP, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import qutip

from common import invoke
from openweyl import (
    InputError,
    Spectrum,
    System,
    coherent,
    evolve,
    fock,
    from_qutip,
    g2,
    plot,
    spectrum,
    squeezed,
    thermal,
)
from openweyl.evolution.applied import applied
from openweyl.spectra.segments import followed
from openweyl.spectra.slow_modes import slowest_rate

BATH = System.from_operators("h*3*ad*a", ["sqrt(0.6*h)*a", "sqrt(0.2*h)*ad"], h=0.1)
"""Frequency 3, kappa = 0.4, nbar = 0.5."""
KERR = System.from_operators("0.5*ad**2*a**2 + 0.7*(a + ad) - 0.3*ad*a", ["a"], h=1)
OMEGA = np.array([-1.0, 0.0, 2.8, 3.0, 3.5])


def kerr_in_qutip(size: int = 30) -> tuple[qutip.Qobj, list[qutip.Qobj], qutip.Qobj]:
    a = qutip.destroy(size)
    return 0.5 * a.dag() ** 2 * a**2 + 0.7 * (a + a.dag()) - 0.3 * a.dag() * a, [a], a


def lorentzian(omega: np.ndarray, center: float, kappa: float) -> np.ndarray:
    return np.asarray(kappa / ((omega - center) ** 2 + kappa**2 / 4))


@pytest.mark.parametrize(("A", "B", "weight", "center"), [("ad", "a", 0.5, 3.0), ("a", "ad", 1.5, -3.0)])
def test_the_lines_of_a_damped_oscillator(A: str, B: str, weight: float, center: float) -> None:
    """nbar on one side, nbar + 1 on the other: absorption and emission."""
    found = spectrum(BATH, thermal(0.5), A, B, OMEGA, tol=1e-4)
    truth = weight * lorentzian(OMEGA, center, 0.4)
    assert (np.abs(found.value - truth) <= found.error).all()
    assert float(found.error.max()) < 0.03


def test_the_spectrum_of_the_photon_number() -> None:
    """<n(tau) n(0)> - <n>^2 = nbar (nbar + 1) e^{-kappa tau}; the constant is left out, and reported."""
    found = spectrum(BATH, thermal(0.5), "ad*a", "ad*a", OMEGA, tol=1e-5)
    truth = 0.75 * lorentzian(OMEGA, 0.0, 0.8)
    assert (np.abs(found.value - truth) <= found.error).all()
    assert found.coherent == pytest.approx(0.25, abs=1e-6)
    assert float(found.error.max()) < 0.2


def test_classically_it_is_symmetric() -> None:
    one, other = (
        spectrum(BATH, thermal(0.5), *pair, OMEGA, kind="classical", tol=1e-4) for pair in (("ad", "a"), ("a", "ad"))
    )
    assert one.value == pytest.approx(lorentzian(OMEGA, 3.0, 0.4), abs=float(one.error.max()))
    assert other.value == pytest.approx(lorentzian(OMEGA, -3.0, 0.4), abs=float(other.error.max()))


@pytest.mark.slow
@pytest.mark.parametrize("tol", [1e-3, 1e-4])
def test_a_driven_kerr_oscillator_against_qutip(tol: float) -> None:
    H, jumps, a = kerr_in_qutip()
    omega = np.linspace(-3, 3, 7)
    truth = qutip.spectrum(H, omega, jumps, a.dag(), a, solver="solve")
    found = spectrum(KERR, from_qutip(qutip.steadystate(H, jumps), 1.0), "ad", "a", omega, tol=tol)
    assert (np.abs(found.value - truth) <= found.error).all()
    assert float(np.abs(found.value - truth).max()) < 10 * tol
    assert found.coherent == pytest.approx(abs(qutip.expect(a, qutip.steadystate(H, jumps))) ** 2, abs=1e-3)


class Fading:
    """A function that decays to 0, or stays, as a source for `followed`."""

    def __init__(self, rate: float, frequency: float) -> None:
        self.rate, self.frequency, self.elapsed, self.until = rate, frequency, 0.0, 0.0

    def sample(self, delays: list[float]) -> tuple[np.ndarray, np.ndarray]:
        self.until = delays[-1]
        return np.exp((1j * self.frequency - self.rate) * (self.elapsed + np.array(delays))), np.full(
            len(delays), 1e-12
        )

    def advance(self) -> None:
        self.elapsed += self.until

    def slowest(self) -> float:
        return self.rate

    def first_rate(self) -> float:
        return abs(self.rate) + self.frequency + 0.01


@pytest.mark.parametrize("rate", [1.0, 1e-2])
@pytest.mark.parametrize("frequency", [0.0, 1.0, 10.0])
def test_a_decaying_exponential_is_followed(rate: float, frequency: float) -> None:
    decay = followed(Fading(rate, frequency), 0.0, 1e-6)
    at = np.array([-3.0, 0.0, frequency, 200.0])
    found = np.sum([piece.transform(at) for piece in decay.pieces], axis=0)
    error = decay.left + sum(piece.error * piece.length for piece in decay.pieces)
    assert float(np.abs(found - 1 / (rate + 1j * (at - frequency))).max()) <= error < 1e-3 / rate


@pytest.mark.parametrize("rate", [0.0, 1e-9, -0.1])
def test_what_does_not_decay_is_refused(rate: float) -> None:
    for frequency in (0.0, 5.0):
        with pytest.raises(InputError, match="must decay"):
            followed(Fading(rate, frequency), 0.0, 1e-4)


def test_a_state_nearly_at_rest_has_a_larger_error() -> None:
    """What both the value and its samples miss alike: the state given is not that at rest."""
    found = spectrum(BATH, thermal(0.505), "ad", "a", OMEGA, tol=1e-4)
    truth = 0.5 * lorentzian(OMEGA, 3.0, 0.4)
    assert (np.abs(found.value - truth) <= found.error).all()
    assert float(np.abs(found.value - truth).max()) > 0.01


@pytest.mark.parametrize(
    ("system", "state", "words"),
    [
        (BATH, coherent(1, 0), "at rest"),
        (BATH, thermal(2.0), "not at rest"),
        (System("x**2/2 + xi**2/2", h=0.1), thermal(0.5), "`system` must be damped"),
        (System("x**2/2", ["x"], h=0.1, gamma=1), thermal(0.5), "damped in all directions"),
        (System("x**2/2 + xi**2/2 + x*cos(t)", ["x + I*xi"], h=0.1, gamma=1), thermal(0.5), "not depend on time"),
        (System.from_operators("h*ad*a", ["sqrt(h)*ad"], h=1), thermal(0.5), "damped in all directions"),
    ],
)
def test_what_has_no_spectrum_is_refused(system: System, state: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        spectrum(system, state, "ad*a", "ad*a", [1.0], tol=1e-3)


def test_operators_that_do_nothing_have_no_spectrum() -> None:
    for A, B in (("0", "a"), ("a", "0"), ("1", "1")):
        found = spectrum(BATH, thermal(0.5), A, B, [0.0, 3.0], tol=1e-3)
        assert (np.abs(found.value) <= found.error).all()


def test_frequencies_far_away_cost_nothing() -> None:
    found = spectrum(BATH, thermal(0.5), "ad", "a", [1e9, -1e40], tol=1e-3)
    assert float(np.abs(found.value).max()) < 1e-6


def test_the_result_shows_itself(tmp_path: Path) -> None:
    found: Spectrum = spectrum(BATH, thermal(0.5), "ad*a", "ad*a", OMEGA, tol=1e-3)
    assert "delta(omega)" in str(found)
    assert "omega" in repr(found)
    assert "<table" in found._repr_html_()
    assert float(found.to_xarray()["value"].sel(frequency=3.0)) == found.value[3]
    assert json.loads(json.dumps(found.as_dict()))["coherent"][0] == pytest.approx(0.25, abs=1e-3)
    figure = found.plot().get_figure(root=True)
    assert figure is not None
    assert plot.write(figure, tmp_path / "one.png").stat().st_size > 1000


def test_g2_of_a_driven_kerr_oscillator_against_qutip() -> None:
    H, jumps, a = kerr_in_qutip()
    truth = qutip.coherence_function_g2(H, qutip.basis(30, 2), [0, 0.4, 1.0], jumps, a)[0].real
    found = g2(KERR, fock(2), [0, 0.4, 1.0], tol=1e-5)
    assert (np.abs(found.value - truth) <= found.error + 1e-5).all()  # 1e-5: QuTiP's steps
    assert float(found.error.max()) < 1e-3


@pytest.mark.parametrize(
    ("state", "kind", "value"),
    [
        ("thermal", "quantum", 2.0),
        ("coherent", "quantum", 1.0),
        ("fock", "quantum", 0.5),
        ("thermal", "classical", 2.0),
    ],
)
def test_g2_at_once(state: str, kind: Any, value: float) -> None:
    """2 of heat, 1 of a coherent state, 1 - 1/n of n quanta; of a Gaussian density classically 2."""
    made = {"thermal": thermal(0.7), "coherent": coherent(alpha=1.2), "fock": fock(2)}[state]
    found = g2(BATH, made, [0.0], kind=kind, tol=1e-5)
    assert abs(found.value[0] - value) <= found.error[0] < 0.05


def test_g2_of_the_vacuum_is_refused() -> None:
    with pytest.raises(InputError, match="intensity"):
        g2(KERR, fock(0), [0.0], tol=1e-4)


def test_the_right_sides_are_the_derivatives_of_the_evolutions() -> None:
    system = System.from_operators("0.5*ad**2*a**2 + 0.7*(a + ad)", ["a", "0.3*ad*a"], h=1)
    state = squeezed(0.5, 0.2, r=0.2)
    w = state.symbol(state.grid(1.0, 1e-12, 0.5))
    step = 1e-4
    for kind in ("quantum", "classical"):
        later = evolve(system, state, [step, 2 * step], kind=kind, tol=1e-10)  # type: ignore[arg-type]
        change = (4 * later[0] - later[1] - 3 * w) / (2 * step)
        difference = (change - applied(system, w, quantum=kind == "quantum")).hilbert_schmidt()
        assert float(difference) < 1e-6 * float(change.hilbert_schmidt())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "keys"),
    [
        (("spectrum", "bath.toml", "--A", "ad", "--B", "a", "--frequencies", "0, 3"), "frequencies"),
        (("g2", "kerr-damped", "--times", "0", "--tol", "1e-3"), "times"),
    ],
)
def test_the_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, args: Any, keys: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bath.toml").write_text(
        '[run]\ntimes = [1]\ntol = 1e-3\n[system]\nhamiltonian_operator = "h*3*ad*a"\nh = 0.1\n'
        'jump_operators = ["sqrt(0.6*h)*a", "sqrt(0.2*h)*ad"]\n[state]\nkind = "thermal"\nnbar = 0.5\n'
    )
    done = invoke(monkeypatch, capsys, *args, "--json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    assert keys in found["quantum"]
    assert keys in found["classical"]
    done = invoke(monkeypatch, capsys, *args, "--out", "here")
    assert len(list(Path("here").iterdir())) == 4


def test_a_command_without_frequencies(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    done = invoke(monkeypatch, capsys, "spectrum", "damped-oscillator", "--A", "ad", "--B", "a", "--json")
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert "`frequencies` must be given" in done.err


RARE = ["a**2", "0.2*ad**2", "0.003*a", "0.0002*ad"]
"""The parity changes once in 5e4, and is odd for 1 part in 200."""


def rarely_odd(size: int = 18) -> tuple[qutip.Qobj, list[qutip.Qobj], qutip.Qobj]:
    a = qutip.destroy(size + 2)
    jumps = [qutip.Qobj(one[:size, :size]) for one in (a**2, 0.2 * a.dag() ** 2, 0.003 * a, 0.0002 * a.dag())]
    return qutip.Qobj(np.zeros((size, size))), jumps, qutip.num(size)


def test_the_slowest_rate_is_that_of_the_generator() -> None:
    H, jumps, _ = rarely_odd()
    L = qutip.liouvillian(H, jumps)
    state = from_qutip(qutip.steadystate(L), h=1)
    w = state.symbol(state.grid(1.0, 1e-8))
    decays = np.sort(-np.linalg.eigvals(L.full()).real)
    assert slowest_rate(System.from_operators("0*a", RARE, h=1), [w], 1e-6) == pytest.approx(decays[1], rel=1e-3)
    assert slowest_rate(System("cos(x) + xi**2/2", ["x + I*xi"], h=1, gamma=1), [w], 1e-6) == np.inf


@pytest.mark.slow
def test_what_decays_slowly_below_all_errors_is_in_the_error() -> None:
    """<n(tau) n> has a part of 1/200 that decays at a rate of 2e-5: most of S(0), and too small to be seen."""
    H, jumps, n = rarely_odd()
    L = qutip.liouvillian(H, jumps)
    rest = qutip.steadystate(L)
    mean = qutip.expect(n, rest)
    y = np.append((n * rest - mean * rest).full().ravel(order="F"), 0.0)
    bordered = np.zeros((len(y), len(y)), dtype=complex)
    bordered[:-1, :-1] = -L.full()
    bordered[-1, :-1] = np.eye(n.shape[0]).ravel(order="F")
    bordered[:-1, -1] = rest.full().ravel(order="F")
    integral = np.linalg.solve(bordered, y)[:-1].reshape(n.shape, order="F")
    true = 2 * float(np.trace(n.full() @ integral).real)
    found = spectrum(System.from_operators("0*a", RARE, h=1), from_qutip(rest, h=1), "ad*a", "ad*a", [0.0], tol=1e-2)
    assert true > 1e4
    assert abs(found.value[0] - true) <= found.error[0]
