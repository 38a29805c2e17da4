"""A system of which one jump is observed, as coefficients of products of ladder operators.

With c = sqrt(gamma/h) Op(l) e^{-i theta} for the observed jump l and efficiencies eta_i of channels c_i = c, or c and
-i c, the Lindblad generator falls into what one operator does from the left and what is not seen,

    L rho = A rho + rho A* + sum_V V rho V* + (sum_i eta_i) c rho c*,      A = -(i/h) P - (1/2) sum of V* V, c* c,

the V: all other jumps, and sqrt(1 - sum_i eta_i) c.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin, sqrt

import sympy

from openweyl._core.arguments import fail
from openweyl.fock_space.ladder import Ladder, ladders_in_time, raises
from openweyl.model.system import System
from openweyl.model.timed_factor import split

MAX_MODES = 2
"""The most degrees of freedom: of three, each with ten levels, a conditional state has a million entries."""


@dataclass(frozen=True)
class Detection:
    """`angles` of the channels, which share the `efficiency`."""

    angles: tuple[float, ...]
    efficiency: float

    @staticmethod
    def of(kind: str, angle: float, efficiency: float) -> Detection:
        """Homodyne detection at an angle, or heterodyne detection there and at a right angle to it."""
        return Detection((angle,) if kind == "homodyne" else (angle, angle + pi / 2), efficiency)

    @property
    def share(self) -> float:
        """The efficiency of each channel."""
        return self.efficiency / len(self.angles)


@dataclass(frozen=True)
class ObservedSystem:
    """The polynomials of `hamiltonian` and of `jumps`, each with a function of the time that it is multiplied by; with
    that of its rate, if it is a jump. `seen`: c, at the first angle. In x/s and s xi, s the `scales`.
    """

    system: System
    scales: tuple[float, ...]
    hamiltonian: tuple[tuple[sympy.Expr, Ladder], ...]
    jumps: tuple[tuple[sympy.Expr, Ladder], ...]
    seen: Ladder
    detection: Detection

    @staticmethod
    def of(system: System, scales: tuple[float, ...], jump: int, detection: Detection) -> ObservedSystem:
        """`jump`: the number of the one observed, from 1 on. Raises InputError where there are no such matrices."""
        if system.n > MAX_MODES:
            what = f"have at most {MAX_MODES} degrees of freedom, or p quadratic, all jumps linear and a Gaussian state"
            raise fail("system", what, str(system))
        p = ladders_in_time(system.hamiltonian, system.x, system.xi, system.h, scales)
        factors, symbols = zip(*map(split, system.jumps), strict=True)
        parts = [ladders_in_time(one, system.x, system.xi, system.h, scales) for one in symbols]
        if p is None or any(part is None or len(part) > 1 for part in parts):
            advice = "Conditional states are followed on levels of oscillators, or as Gaussians."
            raise fail("system", "have polynomials in x and xi for p and jumps", str(system), advice)
        scale = sqrt(system.gamma / system.h)
        jumps = [
            (factor, {key: scale * value for key, value in ladder.items()})
            for factor, part in zip(factors, parts, strict=True)
            for ladder in (part or {sympy.S.One: {}}).values()
        ]
        phase = cos(detection.angles[0]) - 1j * sin(detection.angles[0])
        seen = {key: phase * value for key, value in jumps[jump - 1][1].items()}
        hidden = [(factor**2, ladder) for i, (factor, ladder) in enumerate(jumps) if i != jump - 1]
        return ObservedSystem(system, scales, tuple(p.items()), tuple(hidden), seen, detection)

    @property
    def factors(self) -> tuple[sympy.Expr, ...]:
        """The functions of the time, 1 first."""
        return tuple(dict.fromkeys([sympy.S.One, *(f for f, _ in (*self.hamiltonian, *self.jumps))]))

    @property
    def hides(self) -> bool:
        """Whether anything happens that is not seen: pure states do not stay pure then."""
        return self.detection.efficiency < 1 or any(ladder for _, ladder in self.jumps)

    def raised(self, j: int) -> int:
        """By how many levels one of the operators takes mode j up at most."""
        ladders = [ladder for _, ladder in (*self.hamiltonian, *self.jumps)] + [self.seen]
        return max(max(raises(ladder, j), 0) for ladder in ladders)

    def ladder(self, f: sympy.Expr) -> Ladder:
        """A polynomial of x and xi, such as an observable."""
        found = ladders_in_time(f, self.system.x, self.system.xi, self.system.h, self.scales)
        if found is None or set(found) - {sympy.S.One}:
            raise fail("observables", "be polynomials in x and xi, or in a and ad", f)
        return found.get(sympy.S.One, {})
