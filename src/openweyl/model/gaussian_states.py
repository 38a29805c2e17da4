"""The states made of Gaussian packets: coherent, squeezed, thermal, Gaussian, superpositions (cats), and mixtures.

Sources: Li (1.7)-(1.8) coherent, (1.12) squeezed, (1.13) mixtures.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, exp, sin

import numpy as np

from openweyl._core.arguments import is_list, moderate, must, real, whole
from openweyl._core.calls import public
from openweyl.symbolic.expressions import MAX_MODES

from .packets import Packet, symplectic_form
from .scaled_states import ScaledState
from .state_arguments import (
    Coordinates,
    amplitudes_of,
    center_of,
    center_or_alpha,
    coordinates_of,
    one_for_each,
    pairs_of,
    point,
)
from .states import PacketState, State, mixed

MAX_SQUEEZING = 10
"""The largest |r|: the variances are then e^{40} apart, at the edge of double precision."""


@public
def coherent(
    x: Coordinates | None = None, xi: Coordinates | None = None, *, alpha: complex | Sequence[complex] | None = None
) -> State:
    """The coherent state at z0 = (x, xi): w(z) = 2^n exp(-|z - z0|^2 / h), Li (1.7)-(1.8).

    `x`, `xi`: a number for n = 1, n numbers in general. Or, in place of both, `alpha`: a complex number, or n, the
    eigenvalue of a = (x + i xi)/sqrt(2h), so that z0 = sqrt(2h) (Re alpha, Im alpha) at every h.

    >>> state = coherent(alpha=1 + 2j)
    >>> state.symbol(state.grid(0.5, 1e-12)).moments().mean.round(9)
    array([1., 2.])

    Raises InputError for anything but numbers of moderate size, and for x without xi or together with `alpha`.
    """
    center, numbers = center_or_alpha(x, xi, alpha)
    text = f"coherent state of alpha = {point(numbers)[1:-1]}" if numbers else f"coherent state at {point(center)}"
    state = _single(center, np.eye(len(center)) / 2, text)
    ket = ((1.0, 0, numbers[0]),) if len(numbers) == 1 else ()
    return ScaledState(state, text, ket) if numbers else state


@public
def thermal(nbar: Coordinates, n: int = 1) -> State:
    """The thermal state of (x^2 + xi^2)/2 with nbar quanta: w = exp(-|z|^2/(2 h nbar + h)) / (nbar + 1/2).

    Its covariance is h (nbar + 1/2), its levels m have the probabilities nbar^m / (nbar + 1)^{m + 1}; for n > 1 it is
    the product of n of these. `nbar`: >= 0, a number for all n degrees of freedom, or one for each. Elsewhere than at
    0, or squeezed too, it is `squeezed(x, xi, r=r, nbar=nbar)`, or `displaced(thermal(nbar), alpha=alpha)`.

    >>> state = thermal(0.5)
    >>> float(state.symbol(state.grid(0.1, 1e-12)).purity().round(9))  # 1/(2 nbar + 1)
    0.5

    Raises InputError for nbar < 0, and for an n that does not agree with the length of `nbar`.
    """
    numbers = [moderate("nbar", one, low=0.0) for one in coordinates_of(nbar, "nbar")]
    count = whole("n", n, 1, MAX_MODES)
    must(len(numbers) <= MAX_MODES, "nbar", f"hold at most {MAX_MODES} numbers", nbar)
    must(len(numbers) == 1 or count in (1, len(numbers)), "n", f"be {len(numbers)}, as there are so many nbar", n)
    numbers = numbers * count if len(numbers) == 1 else numbers
    text = f"thermal state of nbar = {', '.join(f'{number:g}' for number in numbers)}"
    return _single((0.0,) * (2 * len(numbers)), np.diag([number + 0.5 for number in numbers] * 2), text)


@public
def squeezed(
    x: Coordinates, xi: Coordinates, *, r: Coordinates, angle: Coordinates = 0.0, nbar: Coordinates = 0.0
) -> State:
    """The squeezed state w(z) = 2^n exp(-(z - z0).sigma^{-1}(z - z0)), sigma/h symplectic, Li (1.12) with its sign.

    sigma = h R diag(e^{-2r}, e^{2r}) R^T with R the rotation by `angle` (radians): r > 0 narrows x at angle 0. A
    number for all degrees of freedom, or one for each. `nbar` > 0: the squeezed thermal state, (2 nbar + 1) sigma.

    >>> state = squeezed(0.0, 0.0, r=0.5)
    >>> covariance = state.symbol(state.grid(0.1, 1e-12)).moments().covariance
    >>> covariance.diagonal().round(6)  # h e^{-2r}/2 and h e^{2r}/2
    array([0.018394, 0.135914])

    Raises InputError for |r| > 10, nbar < 0, and for other numbers of `r`, `angle` and `nbar` than one or n.
    """
    center = center_of(x, xi)
    n = len(center) // 2
    covariance = np.zeros((2 * n, 2 * n))
    given = [one_for_each(values, n, name) for values, name in ((r, "r"), (angle, "angle"), (nbar, "nbar"))]
    for j, (r_j, angle_j, nbar_j) in enumerate(zip(*given, strict=True)):
        moderate("nbar", nbar_j, low=0.0)
        must(abs(r_j) <= MAX_SQUEEZING, "r", f"lie between -{MAX_SQUEEZING} and {MAX_SQUEEZING}", r_j)
        rotation = np.array([[cos(angle_j), -sin(angle_j)], [sin(angle_j), cos(angle_j)]])
        block = rotation @ np.diag([exp(-2 * r_j), exp(2 * r_j)]) @ rotation.T * (nbar_j + 0.5)
        covariance[np.ix_([j, j + n], [j, j + n])] = block
    text = f"squeezed state at {point(center)}, r = {r}, angle = {angle}"
    return _single(center, covariance, text if not any(given[2]) else f"{text}, nbar = {nbar}")


@public
def gaussian(x: Coordinates, xi: Coordinates, covariance: Sequence[Sequence[float]]) -> State:
    """The Gaussian state with means (x, xi) and covariance h C: w = det(C)^{-1/2} exp(-Z.(hC)^{-1}Z/2).

    `x`, `xi`: a number for n = 1, n numbers in general. `covariance`: the symmetric 2n x 2n matrix C, in units of h,
    order (x, xi).

    >>> gaussian(0.2, -0.4, [[1.1, 0.3], [0.3, 0.7]])
    <State, n = 1: Gaussian state at (0.2, -0.4)>

    Raises InputError for a matrix of another shape, one that is not symmetric, or one that violates the uncertainty
    relation C + iJ/2 >= 0, J the symplectic matrix.
    """
    center = center_of(x, xi)
    size = len(center)
    what = f"be a {size} x {size} matrix of numbers"
    square = is_list(covariance) and len(covariance) == size
    must(square and all(is_list(row) and len(row) == size for row in covariance), "covariance", what, covariance)
    matrix = np.array([[real("covariance", entry) for entry in row] for row in covariance])
    for variance in np.diag(matrix):
        moderate("covariance", float(variance), above=0.0)
    must(bool(np.allclose(matrix, matrix.T)), "covariance", "be symmetric", matrix.tolist())
    lowest = float(np.linalg.eigvalsh(matrix + 0.5j * symplectic_form(size // 2))[0])
    must(
        lowest >= -1e-12,
        "covariance",
        "obey the uncertainty relation C + iJ/2 >= 0",
        f"short of it by {-lowest:.3g}",
        "It is in units of h: 1/2 on the diagonal for a coherent state.",
    )
    return _single(center, matrix, f"Gaussian state at {point(center)}")


@public
def cat(components: Sequence[tuple[Coordinates, Coordinates]], amplitudes: Sequence[complex] | None = None) -> State:
    """The pure state sum_j c_j psi_{z_j} of coherent states, with its interference symbol, normalised.

    The symbol of |psi_1><psi_2| is 2^n exp(-|Z|^2/h + (i/h)(X.dxi - Xi.dx) - (i/h) xi_m.dx), where Z = (X, Xi) is z
    less the midpoint (x_m, xi_m), dx = x_1 - x_2, dxi = xi_1 - xi_2; phases as in Li (1.7).
    `components`: pairs (x, xi); `amplitudes`: the c_j, all 1 by default.

    >>> state = cat([(2.0, 0.0), (-2.0, 0.0)])
    >>> round(float(state.symbol(state.grid(0.5, 1e-12)).expect("parity").value), 6)  # an even function
    1.0

    Raises InputError for an empty list, for different numbers of coordinates, and for amplitudes that are all 0.
    """
    centers = [np.array(center_of(*pair)) for pair in pairs_of(components, "components", "(x, xi)")]
    sizes = [len(center) // 2 for center in centers]
    must(len(set(sizes)) == 1, "components", "have one number of coordinates", f"with {sizes} of them")
    c = amplitudes_of([1.0] * len(centers) if amplitudes is None else amplitudes, len(centers))
    n = len(centers[0]) // 2
    packets = []
    for i, (z_i, c_i) in enumerate(zip(centers, c, strict=True)):
        for j in range(i + 1):
            difference, middle = z_i - centers[j], (z_i + centers[j]) / 2
            packets.append(
                Packet(
                    center=tuple(middle.tolist()),
                    covariance=_rows(np.eye(2 * n) / 2),
                    # the pair (j, i) is the complex conjugate of (i, j): the real part counts both
                    weight=c_i * np.conj(c[j]) * (1.0 if i == j else 2.0),
                    phase=-float(middle[n:] @ difference[:n]),
                    wave=(*difference[n:].tolist(), *(-difference[:n]).tolist()),
                )
            )
    places = ", ".join(point(tuple(z.tolist())) for z in centers)
    return PacketState(((1.0, tuple(packets)),), f"superposition of coherent states at {places}")


@public
def mixture(members: Sequence[tuple[float, State]]) -> State:
    """The mixture sum_j p_j A_j, the p_j scaled to sum to one: Li (1.13).

    `members`: pairs (p_j >= 0, state), of any kind, all with one n.

    >>> state = mixture([(1, coherent(1, 0)), (3, thermal(0.5))])
    >>> float(state.symbol(state.grid(0.1, 1e-12)).moments().mean[0].round(9))
    0.25

    Raises InputError for weights < 0 or all 0, for anything but states, and for states of different n.
    """
    members = pairs_of(members, "members", "(weight, state)")
    weights = [moderate("weight", weight, low=0.0) for weight, _ in members]
    must(sum(weights) > 0, "weight", "be > 0 for at least one member", weights)
    for _, state in members:
        must(isinstance(state, State), "members", "hold pairs (weight, state)", state, "Make states by `coherent` etc.")
    sizes = [state.n for _, state in members]
    must(len(set(sizes)) == 1, "members", "have one number of degrees of freedom", f"with {sizes} of them")
    text = "mixture of " + "; ".join(f"{w:g} x {s}" for w, (_, s) in zip(weights, members, strict=True))
    parts = [(w / sum(weights), s) for w, (_, s) in zip(weights, members, strict=True) if w > 0]
    return mixed(parts, text)


def _single(center: tuple[float, ...], covariance: np.ndarray, description: str) -> State:
    return PacketState(((1.0, (Packet(center, _rows(covariance)),)),), description)


def _rows(matrix: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())
