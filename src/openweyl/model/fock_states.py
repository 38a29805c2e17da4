"""Fock states, and superpositions of these and of coherent states.

    sum_j c_j D(alpha_j)|k_j>,      D(alpha)|0> = e^{-|alpha|^2/2} sum_m alpha^m / sqrt(m!) |m>,
    w_k(z) = 2 (-1)^k L_k(2 |z|^2 / h) e^{-|z|^2/h}        for |k> alone, L_k the Laguerre polynomials.

|k> is the k-th state of the oscillator (x^2 + xi^2)/2 at h.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt

import numpy as np

from openweyl._core.arguments import fail, must, whole
from openweyl._core.calls import public
from openweyl.weyl.fock_basis import AMPLITUDE_ROUND_OFF, fock_window, hermite_functions
from openweyl.weyl.fock_matrix import MAX_LEVELS

from .gaussian_states import cat
from .matrix_state import MatrixState
from .packets import Packet
from .scaled_states import Ket, ScaledState
from .state_arguments import amplitudes_of, pairs_of
from .states import MIN_TRACE, PacketState, State


@public
def fock(k: int) -> State:
    """The Fock state |k> at every h, n = 1: w(z) = 2 (-1)^k L_k(2 |z|^2/h) e^{-|z|^2/h}. `k`: from 0 to 4999.

    Products are `tensor(fock(1), fock(2))`, D(alpha)|k> is `displaced(fock(k), alpha=alpha)`; density matrices in the
    Fock basis are `from_fock`.

    >>> from openweyl import PhaseGrid
    >>> grid = PhaseGrid.box(h=0.5, x=(-4, 4), xi=(-4, 4), size=(32, 32))
    >>> float(fock(1).symbol(grid).values[16, 16].round(9))  # at the origin
    -2.0
    """
    k = whole("k", k, 0, MAX_LEVELS - 1)
    return _of_ket(((1.0, k, 0.0),), f"Fock state {k}")


@public
def superposition(components: Sequence[tuple[complex, State]]) -> State:
    """The pure state sum_j c_j psi_j, normalised, of Fock and coherent states, or of superpositions of these.

    `components`: pairs (c_j, state) of a complex number and `fock(k)` or `coherent(alpha=...)`, n = 1, the latter with
    the phase of D(alpha)|0>; or of it and `coherent(x, xi)`, any n, which is `cat`, with the phase of Li (1.7).

    >>> from openweyl import coherent
    >>> state = superposition([(1, fock(0)), (1j, fock(3)), (0.5, coherent(alpha=1 - 1j))])
    >>> round(float(state.symbol(state.grid(0.1, 1e-12)).purity()), 9)
    1.0

    Raises InputError for other states, and for amplitudes that cancel each other.
    """
    pairs = pairs_of(components, "components", "(amplitude, state)")
    states = [state for _, state in pairs]
    amplitudes = amplitudes_of([amplitude for amplitude, _ in pairs], len(pairs))
    if all(isinstance(state, ScaledState) and state.ket for state in states):
        terms = [
            (c * factor, k, alpha)
            for c, state in zip(amplitudes, states, strict=True)
            for factor, k, alpha in state.ket
        ]
        text = " + ".join(f"({c:.6g}) {state}" for c, state in zip(amplitudes, states, strict=True))
        return _of_ket(_normalized(terms), f"superposition {text}")
    packets = [_coherent_packet(state) for state in states]
    if any(packet is None for packet in packets):
        what = "hold Fock and coherent states, all coherent ones by alpha if there are others"
        raise fail("components", what, ", ".join(map(str, states)))
    n = states[0].n
    return cat([(one.center[:n], one.center[n:]) for one in packets if one], amplitudes)


def _coherent_packet(state: State) -> Packet | None:
    """The packet of a coherent state at a place that does not depend on h."""
    if not isinstance(state, PacketState) or len(state.members) > 1 or len(state.members[0][1]) > 1:
        return None
    (packet,) = state.members[0][1]
    return packet if np.array_equal(packet.covariance, np.eye(2 * state.n) / 2) else None


def _of_ket(ket: Ket, description: str) -> State:
    """The state of a normalised ket: by packets if it consists of coherent states."""
    if all(k == 0 for _, k, _ in ket):
        centers = [(sqrt(2) * alpha.real, sqrt(2) * alpha.imag) for *_, alpha in ket]
        phases = [np.exp(1j * alpha.real * alpha.imag) for *_, alpha in ket]  # of D(alpha)|0> against Li (1.7)
        amplitudes = [complex(c * phase) for (c, *_), phase in zip(ket, phases, strict=True)]
        return ScaledState(cat(centers, amplitudes), description, ket)
    psi = fock_amplitudes(ket)
    window = fock_window(len(psi), 1.0)
    wave = psi @ hermite_functions(len(psi), window.points) * sqrt(window.spacing)
    wave = wave / np.linalg.norm(wave)
    return ScaledState(MatrixState(np.ones((1, 1)), (wave[:, None],), (window,), 1.0, description), description, ket)


def fock_amplitudes(ket: Ket) -> np.ndarray:
    """<m|psi> for the m up to which they are more than round-off."""
    psi = np.zeros(max(map(_levels, ket)), dtype=complex)
    for c, k, alpha in ket:
        if alpha == 0:
            psi[k] += c
        else:
            psi += c * _coherent_amplitudes(alpha, len(psi))
    last = int(np.nonzero(np.abs(psi) > AMPLITUDE_ROUND_OFF)[0][-1])
    return psi[: last + 1]


def _levels(term: tuple[complex, int, complex]) -> int:
    """The number of levels that hold a Fock state or, to round-off, a coherent one: a Poisson law and 12 deviations."""
    _, k, alpha = term
    count = k + 1 if alpha == 0 else ceil(abs(alpha) ** 2 + 12 * abs(alpha)) + 40
    must(count <= MAX_LEVELS, "components", f"lie within {MAX_LEVELS} levels", f"one that needs {count}")
    return count


def _coherent_amplitudes(alpha: complex, count: int) -> np.ndarray:
    """<m|D(alpha)|0> for m < count."""
    m = np.arange(count)
    logarithms = -(abs(alpha) ** 2) / 2 + m * np.log(abs(alpha)) - np.cumsum(np.log(np.maximum(m, 1))) / 2
    return np.asarray(np.exp(logarithms + 1j * m * np.angle(alpha)))


def _normalized(terms: list[tuple[complex, int, complex]]) -> Ket:
    """The same ket of norm 1."""
    square = sum(c.conjugate() * d * _overlap((k, a), (m, b)) for c, k, a in terms for d, m, b in terms).real
    least = MIN_TRACE * max(abs(c) for c, *_ in terms) ** 2
    must(square > least, "components", "not cancel each other", f"so that a norm^2 of {square:.2g} is left")
    return tuple((c / sqrt(square), k, alpha) for c, k, alpha in terms)


def _overlap(bra: tuple[int, complex], ket: tuple[int, complex]) -> complex:
    """<k|D(a)* D(b)|m>, where k = 0 or a = 0, and m = 0 or b = 0."""
    (k, a), (m, b) = bra, ket
    if k and m:
        return float(k == m)
    if k:
        return complex(_coherent_amplitudes(b, k + 1)[k]) if b else 0.0
    if m:
        return _overlap(ket, bra).conjugate()
    return complex(np.exp(-(abs(a) ** 2) / 2 - abs(b) ** 2 / 2 + a.conjugate() * b))
