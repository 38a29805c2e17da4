"""Physical units: numbers and back, and each constant of a bath against a closed form in SI units."""

from __future__ import annotations

from math import exp, sqrt

import numpy as np
import pint
import pytest

from openweyl import InputError, System, Units, coherent, evolve, gaussian

HBAR, K_B = 1.054571817e-34, 1.380649e-23
BEAD = Units(mass="2.8 fg", length="10 pm", time="0.5 us")


def variance(system: System, state: object, time: float) -> np.ndarray:
    solution = evolve(system, state, [time], tol=1e-7)
    return solution[0].moments().covariance


def test_numbers_and_back() -> None:
    m, x0, t0 = 2.8e-18, 1e-11, 5e-7
    assert BEAD.h == pytest.approx(HBAR * t0 / (m * x0**2), rel=1e-9)
    assert BEAD.number("3 pm") == pytest.approx(0.3)
    assert BEAD.number("2*pi*100 kHz") == pytest.approx(2 * np.pi * 1e5 * t0)
    assert BEAD.number("k_B*4 K") == pytest.approx(K_B * 4 / (m * x0**2 / t0**2), rel=1e-6)
    assert BEAD.number("1e20/m**2/s") == pytest.approx(1e20 * x0**2 * t0)
    for unit in ("nm", "us", "kg*m/s", "J", "1/cm**2/s"):
        assert BEAD.number(BEAD.quantity(0.7, unit)) == pytest.approx(0.7, rel=1e-12)
    speeds = BEAD.quantity(np.array([1.0, 2.0]), "mm/s")
    assert speeds.magnitude == pytest.approx([2e-2, 4e-2])


def test_quantities_of_any_registry() -> None:
    other = pint.UnitRegistry()
    assert Units(other.Quantity(2.8, "fg"), 10 * other.pm, other("0.5 us")) == BEAD


def test_potentials() -> None:
    lattice = BEAD.system("V0*(1 - cos(k*x)) + m*g*x", {"V0": "k_B*1 mK", "k": "2*pi/(1 nm)", "g": "9.81 m/s**2"})
    x = lattice.x[0]
    slope = float(lattice.hamiltonian.diff(x).subs({x: 0.5}))
    force = 1e-3 * K_B * 2 * np.pi / 1e-9 * np.sin(2 * np.pi * 5e-3) + 2.8e-18 * 9.81
    assert slope == pytest.approx(force / (2.8e-18 * 1e-11 / 5e-7**2), rel=1e-6)
    assert (lattice.gamma, lattice.n) == (0.0, 1)
    two = BEAD.system("m*w**2*(x1**2 + x2**2)/2", {"w": "1 MHz"}, localization="1e25/m**2/s")
    assert (two.n, len(two.jumps)) == (2, 2)


def test_localization_heats() -> None:
    """d<P^2>/dT = 2 hbar^2 Lambda: a free particle gains hbar^2 Lambda/m of energy per unit time."""
    free = BEAD.system("0", localization="1e26/m**2/s")
    gained = variance(free, coherent(0.0, 0.0), 0.3)[1, 1] - free.h / 2
    expected = 2 * HBAR**2 * 1e26 * 0.3 * 5e-7
    assert gained == pytest.approx(expected / (2.8e-18 * 1e-11 / 5e-7) ** 2, rel=1e-5)


def test_friction_leads_to_equipartition() -> None:
    """d<P>/dT = -Gamma <P> and Var P(T) = m k_B T_b + e^{-2 Gamma T} (Var P(0) - m k_B T_b), whatever X does."""
    free = BEAD.system("0", damping="1/us", temperature="50 uK")
    solution = evolve(free, coherent(0.0, 1.0), [0.8], tol=1e-7)
    found = solution[0].moments()
    assert found.mean[1] == pytest.approx(exp(-0.4), rel=1e-6)
    theta = K_B * 50e-6 / (2.8e-18 * 1e-11**2 / 5e-7**2)
    assert found.covariance[1, 1] == pytest.approx(theta + exp(-0.8) * (free.h / 2 - theta), rel=1e-5)


def test_thermal_oscillator() -> None:
    """d<a* a>/dT = -Gamma (<a* a> - N), in whatever units."""
    omega, mean = 2.0e6, 0.7
    jumps, gamma = BEAD.thermal_jumps("2e6/s", "0.1e6/s", mean)
    c = omega * 5e-7
    system = System(f"xi**2/2 + {c**2}*x**2/2", jumps, h=BEAD.h, gamma=gamma)
    ground = gaussian(0.0, 0.0, [[0.5 / c, 0], [0, 0.5 * c]])
    found = variance(system, ground, 3.0)
    quanta = (c * found[0, 0] + found[1, 1] / c) / (2 * BEAD.h) - 0.5
    assert quanta == pytest.approx(mean * (1 - exp(-gamma * 3.0)), rel=1e-5)
    assert gamma == pytest.approx(0.05)


def test_localization_and_bath_add_up() -> None:
    alone = BEAD.system("0", localization="1e26/m**2/s").gamma
    bath = BEAD.system("0", damping="1/us", temperature="50 uK")
    both = BEAD.system("0", localization="1e26/m**2/s", damping="1/us", temperature="50 uK")
    assert both.gamma == pytest.approx(alone + bath.gamma)
    assert float(both.jumps[0].coeff(both.x[0])) == pytest.approx(sqrt(alone / both.gamma))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Units("1 m", "1 nm", "1 s"), r"`mass` must be a positive mass, but is 1.0 m."),
        (lambda: Units("abc", "1 nm", "1 s"), r"`mass` must be a quantity such as '2.8 fg', but is abc."),
        (lambda: Units("1 g", "-1 nm", "1 s"), r"`length` must be a positive length"),
        (lambda: Units("1 g", "1 nm", 3), r"`time` must be a quantity"),
        (lambda: BEAD.number("300 K"), r"`quantity` must be made of mass, length and time, but is \[temperature\]"),
        (lambda: BEAD.gamma("1/s"), r"`localization` must be a rate per squared length, but is 1.0 / s."),
        (lambda: BEAD.gamma("-1/s/m**2"), r"`localization` must be >= 0"),
        (lambda: BEAD.system("m*x"), r"`potential` must be an energy, but is of dimension"),
        (lambda: BEAD.system("3"), r"`potential` must be an energy, but is of dimension dimensionless"),
        (lambda: BEAD.system("m*x + x**2"), r"`potential` must be an energy, but Cannot convert"),
        (lambda: BEAD.system("k*x**2", {"m": "1 g"}), r"`parameters` must have names of their own, but is m."),
        (lambda: BEAD.system("k*x**2"), r"`potential` must use known names only, but is k."),
        (lambda: BEAD.system("0", damping="1/s"), r"`damping` must come with a temperature"),
        (lambda: BEAD.system("0", damping="1/s", temperature="1 m"), r"`quantity` must be|`temperature` must"),
        (lambda: BEAD.thermal_jumps("1/s", "1/s", -1), r"`occupation` must be >= 0"),
    ],
)
def test_what_cannot_be_used(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_pint_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr("openweyl._core.arguments.import_module", missing)
    with pytest.raises(ImportError, match=r"pint is not installed: pip install 'openweyl\[units\]'."):
        Units("1 g", "1 nm", "1 s")
