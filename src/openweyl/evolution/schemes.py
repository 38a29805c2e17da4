"""Splitting schemes as coefficient tables with a declared order.

A step of length dt is a product of kicks (multiplications in (x, s)) and drifts (multiplications in (k, xi)):

    w(t + dt) = K(a_m, c_m) D(b_m) ... D(b_1) K(a_0, c_0) w(t),
    K(a, c) = exp(a dt A + c dt^3 [A, [B, A]]),      D(b) = exp(b dt B).

All a and b are positive: diffusion cannot run backwards. Beyond order 2 that needs the double commutator, which is a
multiplication too when T is quadratic and the xi-jumps are linear (see `generators.double_commutator`).

Source: Chin, Phys. Lett. A 226, 344 (1997), doi:10.1016/S0375-9601(97)00003-0, his scheme A.
"""

from __future__ import annotations

from dataclasses import dataclass

from openweyl.generators.generator import Generator


@dataclass(frozen=True)
class Scheme:
    """Coefficients (a, c) of the kicks and b of the drifts between them; error ~ dt^order over a fixed time."""

    name: str
    order: int
    kicks: tuple[tuple[float, float], ...]
    drifts: tuple[float, ...]


STRANG = Scheme("Strang", 2, kicks=((1 / 2, 0.0), (1 / 2, 0.0)), drifts=(1.0,))
"""Half a kick, a drift, half a kick: for every generator."""
CHIN = Scheme("Chin 4A", 4, kicks=((1 / 6, 0.0), (2 / 3, 1 / 72), (1 / 6, 0.0)), drifts=(1 / 2, 1 / 2))
"""Chin's scheme A: where the double commutator is a multiplication."""


def best_scheme(generator: Generator) -> Scheme:
    """The scheme of the highest order that the generator admits."""
    return STRANG if generator.commutator is None else CHIN


def scheme_in_words(generator: Generator, scheme: Scheme) -> str:
    """The scheme and the flows that stand around it, in words."""
    ridges = len(generator.ridges)
    parts = [f"{ridges} ridge{'s' * (ridges > 1)}"] * bool(ridges)
    parts += ["scaled axes"] * bool(generator.scaling) + ["star products"] * bool(generator.operator_terms)
    return scheme.name + (f" with {', '.join(parts)}" if parts else "")
