"""How cold a dust grain must be kept to move quantum mechanically.

E. Joos and H. D. Zeh, Z. Phys. B 59, 223 (1985), showed that scattered photons localize: dA/dt = -Lambda [X, [X, A]],
which means d<P^2>/dt = 2 hbar^2 Lambda. A photon of wave number k is scattered by a grain much smaller than its wave
length with Rayleigh's cross section (8 pi/3) k^4 a^6, a the radius, the dielectric factor |(eps - 1)/(eps + 2)|^2 set
to 1, forward as often as backward, and so adds (2/3) hbar^2 k^2 to <P^2>. With the k^2/(pi^2 (e^{k/q} - 1)) dk thermal
photons in a unit volume, q = k_B T/(hbar c), and the flux c of each,

    Lambda = (1/3) int_0^oo (8 pi/3) c a^6 k^6 k^2/(pi^2 (e^{k/q} - 1)) dk = 8! 8 zeta(9)/(9 pi) c a^6 q^9.

Emission, absorption, collisions and stimulated scattering are left out. Twice the temperature is 2^9 = 512 times the
rate.

Our choices: density 2000 kg/m^3, a lattice V = -m (x0/t0)^2 cos(X/x0) with x0 = 20 nm and t0 = 1 s (so weak that only
free fall could offer it), and a coherent state at X = 2 x0. Then h = 0.031, and gamma = 2 h Lambda x0^2 t0 runs from
0.002 at 150 K to 1 at 300 K. The trace-norm distance of the quantum from the classical evolution after 3 s tells the
two apart, the largest difference of any measurement: it falls from 0.25 at 150 K to 0.0046 at 300 K, by a factor of 53.

![distances](../docs/figures/warm_dust.png)

Run `python examples/warm_dust.py [FOLDER]`: it prints gamma and the distance at each temperature and draws them.
"""

from __future__ import annotations

import sys
from math import factorial, pi
from pathlib import Path

import numpy as np

from openweyl import System, Units, coherent, compare, plot

GRAIN = Units(mass="4/3*pi*(100 nm)**3*2000 kg/m**3", length="20 nm", time="1 s")
TEMPERATURES = (150, 200, 250, 300)
PHOTONS = factorial(8) * 8 * 1.0020083928 / (9 * pi)
TIMES = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0)


def grain(kelvin: float) -> System:
    """The grain in its lattice, among thermal photons of this temperature."""
    rate = f"{PHOTONS}*c*(100 nm)**6*(k_B*{kelvin} K/(hbar*c))**9"
    return GRAIN.system("-m*(x0/t0)**2*cos(x/x0)", {"x0": "20 nm", "t0": "1 s"}, localization=rate)


def main(folder: Path) -> dict[int, np.ndarray]:
    """Compute, draw into `folder`, and return the distances by temperature."""
    start = coherent(GRAIN.number("40 nm"), 0.0)
    found = {kelvin: np.asarray(compare(grain(kelvin), start, TIMES, tol=1e-4).trace_norm) for kelvin in TEMPERATURES}
    figure, axes = plot.new_figure(1, 1, (6.5, 4.2))
    seconds = GRAIN.quantity(np.array(TIMES), "s").magnitude
    plot.draw_distances(axes[0][0], seconds, {f"{kelvin} K": values for kelvin, values in found.items()})
    axes[0][0].set_title("dust of 100 nm radius among thermal photons")
    axes[0][0].set(xlabel="time (s)", ylabel="distance in trace norm")
    plot.write(figure, folder / "warm_dust.png")
    return found


if __name__ == "__main__":
    print(GRAIN, end="\n\n")
    for temperature, values in main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")).items():
        print(f"{temperature} K: gamma = {grain(temperature).gamma:.3g}, distance after 3 s {values[-1]:.4f}")
