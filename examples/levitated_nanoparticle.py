"""How long a levitated nanoparticle remembers a superposition.

U. Delic et al., Science 367, 892 (2020), arXiv:1911.04406, cooled a silica sphere of 143 nm diameter to 0.43 motional
quanta, or 12 uK, in an optical trap, and inferred a heating rate of 2 pi x 21 kHz, hence a coherence time of 7.6 us, or
15 coherent oscillations: these numbers are from the abstract of arXiv:1911.04406. It does not have the frequency of the
trap, but implies it: k_B T log(1 + 1/0.43)/(2 pi hbar) is 300 kHz at 12 uK, from two rounded numbers. 305 kHz is taken
here. Further choices: the density of silica, 1850 kg/m^3, and pure superpositions of two packets at rest.

Heating by Gamma quanta per second is localization with Lambda = m omega Gamma/hbar, and in units of the oscillator
(h = 1) gamma = 2 Gamma/omega = 0.14. The trap is harmonic and the jump linear, so the Fokker-Planck equation moves the
Wigner function exactly; what the environment takes is the coherence. The trace-norm distance of two superposed packets
from their mixture falls at first like exp(-Lambda D^2 t), D the distance of the packets, and more slowly when they have
turned around each other. At D = 8 zero-point amplitudes, 25 pm, it is down to 1/e after 0.31 us: a twenty-fifth of the
coherence time of 7.6 us, and less than a tenth of an oscillation.

![coherence](../docs/figures/levitated_nanoparticle.png)

Run `python examples/levitated_nanoparticle.py [FOLDER]`: it prints the units and the times, and draws the coherence.
"""

from __future__ import annotations

import sys
from math import sqrt
from pathlib import Path

import numpy as np

from openweyl import Units, cat, coherent, evolve, mixture, plot

MASS = "pi/6*(143 nm)**3*1850 kg/m**3"
OMEGA, HEATING = "2*pi*305 kHz", "2*pi*21 kHz"
DISTANCES = (4.0, 8.0, 16.0)  # in zero-point amplitudes sqrt(hbar/(2 m omega))
TRAP = Units(mass=MASS, length=f"(hbar/({MASS}*{OMEGA}))**0.5", time=f"1/({OMEGA})")
SYSTEM = TRAP.system("m*omega**2*x**2/2", {"omega": OMEGA}, localization=f"{MASS}*{OMEGA}*{HEATING}/hbar")
TIMES = TRAP.number("3 us") * np.linspace(0.0, 1.0, 21) ** 2


def coherence(distance: float) -> np.ndarray:
    """The trace-norm distance of the superposition from the mixture of the same two packets, at TIMES."""
    x = distance / (2 * sqrt(2))
    pair = [(x, 0.0), (-x, 0.0)]
    starts = cat(pair), mixture([(0.5, coherent(*z)) for z in pair])
    superposed, mixed = (evolve(SYSTEM, start, TIMES, kind="classical", tol=1e-6) for start in starts)  # exact here
    return np.array([np.mean((w - v).trace_norm(rtol=1e-6, atol=1e-6)) for w, v in zip(superposed, mixed, strict=True)])


def lifetime(values: np.ndarray) -> float:
    """The time in us at which the coherence has fallen to 1/e of its first value."""
    t = TRAP.quantity(TIMES, "us").magnitude
    return float(np.interp(1.0, -np.log(values / values[0]), t))


def main(folder: Path) -> dict[float, float]:
    """Compute, draw into `folder`, and return the lifetimes in us by distance."""
    found = {distance: coherence(distance) for distance in DISTANCES}
    figure, axes = plot.new_figure(1, 1, (6.5, 4.2))
    amplitude = TRAP.quantity(1 / sqrt(2), "pm").magnitude
    for distance, values in found.items():
        label = rf"$D = {distance:g}$ zero-point amplitudes, {distance * amplitude:.0f} pm"
        axes[0][0].semilogy(TRAP.quantity(TIMES, "us").magnitude, values, "o-", ms=4, label=label)
    axes[0][0].set(xlabel=r"time ($\mu$s)", ylabel="trace norm of superposition - mixture", ylim=(1e-4, 1.5))
    axes[0][0].set_title("143 nm silica sphere, 305 kHz, heating $2\\pi\\times$21 kHz")
    axes[0][0].grid(alpha=0.3)
    axes[0][0].legend()
    plot.write(figure, folder / "levitated_nanoparticle.png")
    return {distance: lifetime(values) for distance, values in found.items()}


if __name__ == "__main__":
    print(TRAP, SYSTEM, sep="\n\n")
    for gap, time in main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")).items():
        print(f"{gap:4g} zero-point amplitudes apart: coherent for {time:.3f} us")
