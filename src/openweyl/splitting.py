"""Splitting schemes as coefficient tables with a declared order, and the step that they make.

A step of length dt is a product of kicks (multiplications in (x, s)) and drifts (multiplications in (k, xi)):

    w(t + dt) = K(a_m, c_m) D(b_m) ... D(b_1) K(a_0, c_0) w(t),
    K(a, c) = exp(a dt A + c dt^3 [A, [B, A]]),      D(b) = exp(b dt B).

All a and b are positive: diffusion cannot run backwards. Beyond order 2 that needs the double commutator, which is a
multiplication too when T is quadratic and the xi-jumps are linear (see `generator`).

Source: Chin, Phys. Lett. A 226, 344 (1997), doi:10.1016/S0375-9601(97)00003-0, his scheme A.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ._fourier import Array, filtered, series_product
from .generator import Generator


@dataclass(frozen=True)
class Scheme:
    """Coefficients (a, c) of the kicks and b of the drifts between them; error ~ dt^order over a fixed time."""

    name: str
    order: int
    kicks: tuple[tuple[float, float], ...]
    drifts: tuple[float, ...]


STRANG = Scheme("Strang", 2, kicks=((1 / 2, 0.0), (1 / 2, 0.0)), drifts=(1.0,))
CHIN = Scheme("Chin 4A", 4, kicks=((1 / 6, 0.0), (2 / 3, 1 / 72), (1 / 6, 0.0)), drifts=(1 / 2, 1 / 2))


def best_scheme(generator: Generator) -> Scheme:
    """The scheme of the highest order that the generator admits."""
    return STRANG if generator.commutator is None else CHIN


def exponential(series: Array, order: int = 1) -> Array:
    """exp(c_0 + c_1 lambda + ...) as a series, cut after `order` terms; a lone c_0 stays a lone coefficient.

    With E = exp(c_0) sum_j e_j lambda^j: j e_j = sum_i i c_i e_{j-i}.
    """
    xp = array_namespace(series)
    terms = [xp.exp(series[0])]
    if series.shape[0] == 1:
        return terms[0][None]
    for j in range(1, order):
        terms.append(sum(i * series[i] * terms[j - i] for i in range(1, min(j, series.shape[0] - 1) + 1)) / j)
    return xp.stack(terms)


@dataclass
class Stepper:
    """The step of `scheme` for one generator and one dt; the factors are computed once, at construction.

    `order` is the number of powers of lambda kept (1 without corrections). `growth` bounds the rate at which a kick may
    amplify: far out in (x, s), where the symbol is nil, dt^3 [A, [B, A]] may outgrow dt A and would amplify round-off.
    `half`: a stepper for dt/2 with the same generator; squares of its factors are cheaper than exponentials.
    """

    generator: Generator
    scheme: Scheme
    dt: float
    order: int = 1
    growth: float = np.inf
    half: Stepper | None = field(default=None, repr=False)
    _factors: dict[tuple[str, float, float], Array] = field(default_factory=dict, repr=False)
    _scratch: dict[tuple[int, ...], Any] = field(default_factory=dict, repr=False)

    def run(self, w: Array, steps: int) -> Array:
        """`steps` steps from `w`; a NumPy array is overwritten. Kicks that meet between two steps are one kick."""
        kicks, drifts = self.scheme.kicks, self.scheme.drifts
        merged = (kicks[0][0] + kicks[-1][0], kicks[0][1] + kicks[-1][1])
        for step in range(steps):
            w = self._kick(w, kicks[0] if step == 0 else merged)
            for position, b in enumerate(drifts):
                w = self._drift(w, b)
                if position < len(drifts) - 1:
                    w = self._kick(w, kicks[position + 1])
        return self._kick(w, kicks[-1])

    def _kick(self, w: Array, coefficients: tuple[float, float]) -> Array:
        return self._multiply(w, ("kick", *coefficients), x=False, xi=True)

    def _drift(self, w: Array, b: float) -> Array:
        if self.generator.spread is None:
            return self._multiply(w, ("drift", b), x=True, xi=False)
        if self.generator.commutator is not None:  # the drift moves the spread with it: exact
            w = self._multiply(w, ("spread", b), x=True, xi=True)
            return self._multiply(w, ("drift", b), x=True, xi=False)
        w = self._multiply(w, ("spread", b / 2), x=True, xi=True)
        w = self._multiply(w, ("drift", b), x=True, xi=False)
        return self._multiply(w, ("spread", b / 2), x=True, xi=True)

    def _multiply(self, w: Array, key: tuple[str, *tuple[float, ...]], *, x: bool, xi: bool) -> Array:
        return filtered(w, self._factor(*key), self.generator.grid.array_axes(x=x, xi=xi), self._scratch)

    def _factor(self, kind: str, a: float, c: float = 0.0) -> Array:
        key = (kind, a, c)
        if key not in self._factors:
            root = None
            if kind != "spread" and not c:  # the exponent is a dt times a rate: look for half of it
                root = self.half._factor(kind, a) if self.half else self._factors.get((kind, a / 2, 0.0))
            factor = series_product(root, root) if root is not None else exponential(self._exponent(*key), self.order)
            self._factors[key] = factor
        return self._factors[key]

    def _exponent(self, kind: str, a: float, c: float = 0.0) -> Array:
        generator = self.generator
        if kind == "drift":
            return a * self.dt * generator.drift
        if kind == "spread":
            return generator.spread(a * self.dt) if generator.spread is not None else None
        exponent = a * self.dt * generator.kick
        if not c or generator.commutator is None:
            return exponent
        xp = array_namespace(exponent)
        correction = c * self.dt**3 * generator.commutator
        if correction.shape[0] > 1:
            exponent = xp.concat([exponent, xp.zeros_like(exponent[:1])])
        exponent = exponent + correction
        if not np.isfinite(self.growth):
            return exponent
        excess = xp.real(exponent[:1]) - self.growth * self.dt
        head = exponent[:1] - xp.where(excess > 0, excess, xp.zeros_like(excess))
        return head if exponent.shape[0] == 1 else xp.concat([head, exponent[1:]])
