"""Correlation functions in closed form, where p is quadratic, the jumps are linear, and A is a polynomial.

Points move by z -> F z + d, with Gaussian noise of covariance h S (gaussian_packets). So A evolves by the adjoint of
the evolution into a polynomial of the same degree, which the moments of B rho, taken once, determine:

    <A(t + tau) B(t)>  =  tr(A_tau B rho(t)),        A_tau(z) = E A(F z + d + g),    g Gaussian, E g g^T = h S.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from openweyl.gaussian_packets.flow import QuadraticFlow
from openweyl.model.gaussian_states import coherent, mixture
from openweyl.model.states import PacketState
from openweyl.weyl.symbol import Symbol

from .factors import Factor
from .polynomials import averaged, degree, moments, polynomial_of, substituted
from .reading import change

ROUND_OFF = 1e-13
"""The relative error of sums of some thousand terms and products of a few, each rounded to 1e-16."""


def regression(
    flow: QuadraticFlow, a: Factor, b: Factor, w: Symbol, error: float, times: Sequence[float], *, quantum: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The correlation function at `times`, complex, and its estimated error; `error`: that of `w`, in trace norm."""
    z = (*a.x, *a.xi)
    axes = w.grid.x + w.grid.xi
    center = w.moments().mean
    observable = polynomial_of(a.real, z)
    for powers, c in polynomial_of(a.imaginary, z).items():
        observable[powers] = observable.get(powers, 0.0) + 1j * c
    product = b.times(w, quantum=quantum) * w.grid.cell
    points = [axis.points - c for axis, c in zip(axes, center, strict=True)]
    known = moments(product, points, degree(observable))
    sizes = moments(np.abs(product), [np.abs(one) for one in points], degree(observable))
    factor_sizes = np.abs(b.values(w))
    changes: dict[tuple[int, ...], float] = {}
    for powers in known:
        lines = np.meshgrid(*(np.abs(u) ** k for u, k in zip(points, powers, strict=True)), indexing="ij", sparse=True)
        changes[powers] = change(reduce(np.multiply, lines) * factor_sizes, w, error)
    values, errors = [], []
    for F, d, S in _maps(flow, w.n, times):
        later = substituted(averaged(observable, w.h * S), F, F @ center + d)
        values.append(sum(c * known[powers] for powers, c in later.items()))
        lost = (abs(c) * (changes[powers] + ROUND_OFF * sizes[powers].real) for powers, c in later.items())
        errors.append(sum(lost))
    return np.array(values, dtype=complex), np.array(errors)


def _maps(flow: QuadraticFlow, n: int, times: Sequence[float]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(F, d, S) at each time, from where the packets around 0 and around the unit vectors go."""
    size = 2 * n
    centers = np.concatenate([np.zeros((1, size)), np.eye(size)])
    states = [(1.0, coherent(list(c[:n]), list(c[n:]))) for c in centers]
    around = mixture(states)
    assert isinstance(around, PacketState)  # noqa: S101 - mixtures of packets are packets
    found = []
    for state, _ in flow.carry(around, times):
        packets = [members[0] for _, members in state.members]
        d = np.array(packets[0].center)
        F = np.array([np.array(packet.center) - d for packet in packets[1:]]).T
        found.append((F, d, np.array(packets[0].covariance) - F @ F.T / 2))
    return found
