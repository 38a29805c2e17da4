"""What is read off the symbol of a state: values at points, entropy, fidelity, negativity, and marginals.

    S = -tr A ln A,      F = (tr |A^{1/2} B^{1/2}|)^2,      delta = int |W| - int W,      W = w/(2 pi h)^n,

and the density of x cos(angle) + xi sin(angle), which is what homodyne detection measures.
"""

from __future__ import annotations

from math import ceil, cos, log, pi, prod, sin, sqrt
from typing import Any, Self

import numpy as np

from openweyl._core.arguments import MAX_SCALE, ResourceError, fail, must, real, whole
from openweyl._core.calls import public
from openweyl._core.estimates import Estimate
from openweyl._core.fft import good_size
from openweyl._core.threads import one_thread
from openweyl.norms.dense import eigenvalues
from openweyl.norms.l1 import L1_RTOL, l1_norm
from openweyl.phase_space.arrays import as_array
from openweyl.phase_space.grid import Axis, PhaseGrid
from openweyl.phase_space.grid_function import GridFunction, on_one_grid
from openweyl.phase_space.kernels import kernel_points, quantize
from openweyl.phase_space.marginals import Marginal
from openweyl.phase_space.resampling import values_at

MAX_CUT_POINTS, MAX_KERNEL_POINTS = 8000, 3000
"""The rows of the largest kernels whose eigenvalues are computed, of one that is cut to its support first (1 GiB), and
of two that are not (half a minute)."""
PURE = 1e-10
"""How far the purity of a state may be from 1 for it to count as pure: round-off of a sampled symbol is 1e-13."""
ROUND_OFF = 1e-14
"""The trace norm, for each state of a kernel, that round-off in its eigenvalues has."""
STATE_EDGE = 1e-12
"""The part of a state that may lie beyond the grid of its symbol, where it is compared with another one: round-off."""


class StateReadings(GridFunction):
    """A function on phase space read as the symbol of a state."""

    @public
    def at(self, x: Any, xi: Any) -> np.ndarray:
        """w at points: the band-limited function of the samples, 0 beyond the box up to its ripples.

        `x`, `xi`: numbers, or arrays that broadcast; for n > 1 lists of n of these. Returns an array of their shape.
        The Wigner function is W = w/(2 pi h)^n, for n = 1 that of QuTiP's wigner(state, x, xi, g=sqrt(2/h)). An error
        e of the operator, in trace norm, is one of at most 2^n e here.

        >>> from openweyl import coherent
        >>> w = coherent(0.5, 0.0).symbol(coherent(0.5, 0.0).grid(0.1, 1e-12))
        >>> w.at([0.5, 0.6], 0.0).round(9)  # 2 exp(-|z - z0|^2/h)
        array([2.        , 1.80967484])

        Raises InputError for a batch, for complex values, and for anything but finite numbers.
        """
        self.check_single()
        sides = []
        for name, given in (("x", x), ("xi", xi)):
            parts = [given] if self.n == 1 else given
            count = len(parts) if hasattr(parts, "__len__") else 0
            must(count == self.n, name, f"be a list of {self.n} numbers or arrays", given)
            sides += [_numbers(name, part) for part in parts]
        try:
            points = np.broadcast_arrays(*sides)
        except ValueError:
            raise fail("xi", "broadcast against x", tuple(side.shape for side in sides)) from None
        flat = np.array([part.ravel() for part in points])
        return values_at(self, flat).reshape(points[0].shape)

    @public
    def entropy(self) -> Estimate:
        """The von Neumann entropy -tr A ln A, in nats, by all eigenvalues; the error is a bound.

        In it are what was cut off, negative eigenvalues, which a density of the classical evolution may have, and the
        distance of the trace from 1, by the inequality of Fannes and Audenaert. The linear entropy is 1 - purity().

        >>> from openweyl import thermal
        >>> value, error = thermal(0.5).symbol(thermal(0.5).grid(0.1, 1e-12)).entropy()
        >>> round(float(value), 6), error < 1e-6  # (nbar + 1) ln(nbar + 1) - nbar ln(nbar)
        (0.954771, True)

        Raises InputError for a batch and for complex values, ResourceError for a kernel of more than 8000 points.
        """
        self.check_single()
        states = _check_states(self, MAX_CUT_POINTS)
        found, lost = eigenvalues(self)
        positive = found[found > 0] / float(found[found > 0].sum())
        value = -float(positive @ np.log(positive))
        distance = lost - 2 * float(found[found < 0].sum()) + abs(float(found.sum()) - 1) + ROUND_OFF * states
        part = min(distance / 2, 1 - 1 / states)
        return Estimate(max(value, 0.0), part * log(states) - part * log(part) - (1 - part) * log(1 - part))

    @public
    def fidelity(self, other: Any) -> Estimate:
        """F = (tr |A^{1/2} B^{1/2}|)^2, for pure B the overlap <b|A|b>; the error is a bound.

        `other`: a Symbol, or a State. A purity within 1e-10 of 1 counts as 1. Else all eigenvalues are computed, and
        what was cut off of a trace, or was negative, t in all, is in the error by its root, as it is in F.

        >>> from openweyl import coherent
        >>> w = coherent(0.0, 0.0).symbol(coherent(0.0, 0.0).grid(0.1, 1e-12))
        >>> round(float(w.fidelity(coherent(0.2, 0.0)).value), 9)  # exp(-|z - z'|^2/2h)
        0.818730753

        Raises InputError for other arguments, ResourceError for kernels of more than 3000 points.
        """
        self.check_single()
        a, b = self._with_state(other)
        impure = min(abs(1 - float(one.purity())) for one in (a, b))
        if impure <= PURE:
            return Estimate(max(float(a.inner(b)), 0.0), 2 * impure + ROUND_OFF)
        _check_states(a, MAX_KERNEL_POINTS)
        roots, losses = zip(*(_root(one) for one in (a, b)), strict=True)
        with one_thread(len(roots[0])):
            root = float(np.linalg.svd(roots[0] @ roots[1], compute_uv=False).sum())
        change = sum(map(sqrt, losses))  # Powers and Stormer: ||A^{1/2} - B^{1/2}||_HS^2 <= ||A - B||_tr
        return Estimate(root**2, 2 * root * change + change**2)

    @public
    def wigner_negativity(self, rtol: float = L1_RTOL) -> Estimate:
        """delta = int |W| - int W, twice the volume of the negative part of W (Kenfack and Zyczkowski, 2004).

        `rtol`: of int |W|. The error is a bound.

        >>> from openweyl import fock
        >>> round(float(fock(1).symbol(fock(1).grid(0.1, 1e-12)).wigner_negativity().value), 4)  # 4/sqrt(e) - 2
        0.4261

        Raises InputError for a batch, and for complex values.
        """
        self.check_single()
        value, error = l1_norm(self, real("rtol", rtol, above=0.0))
        return Estimate(max(value - float(self.trace()), 0.0), error)

    @public
    def homodyne(self, angle: float, mode: int = 1) -> Marginal:
        """The density of x cos(angle) + xi sin(angle) of one degree of freedom, as `marginal` returns one.

        Exact for the band-limited function: its transform is that of w along a line. `angle`: in radians. `mode`: which
        degree of freedom, from 1.

        >>> from openweyl import squeezed
        >>> state = squeezed(0.3, 0.1, r=0.5, angle=0.7)
        >>> density = state.symbol(state.grid(0.1, 1e-12)).homodyne(0.7)
        >>> u, spacing = density.axes[0].points, density.axes[0].spacing
        >>> mean = float((u * density.values).sum() * spacing)
        >>> round(float(((u - mean) ** 2 * density.values).sum() * spacing) / 0.1, 9)  # e^{-2r}/2
        0.183939721

        Raises InputError for a batch, for complex values, and for a degree of freedom that there is not.
        """
        angle, plane = real("angle", angle), self.reduced(mode)
        (x,), (xi,) = plane.grid.x, plane.grid.xi
        c, s = cos(angle), sin(angle)
        ends = [c * a + s * b for a in (x.lower, x.upper) for b in (xi.lower, xi.upper)]
        lower, upper = min(ends), max(ends)
        reach = min(axis.reach / abs(part) for axis, part in ((x, c), (xi, s)) if abs(part) > 1e-9)
        axis = Axis.between(lower, upper, good_size(ceil((upper - lower) * reach / pi) + 2))
        k = 2 * pi * np.fft.rfftfreq(axis.size, axis.spacing)
        k = k[k <= reach]
        waves = [np.exp(-1j * k[:, None] * (part * one.points)) for one, part in ((x, c), (xi, s))]
        transform = np.einsum("ka,ka->k", waves[0] @ np.asarray(plane.values), waves[1]) * plane.grid.cell
        coefficients = np.zeros(axis.size // 2 + 1, dtype=complex)
        coefficients[: k.size] = transform * np.exp(1j * k * axis.lower) / axis.spacing
        return Marginal((axis,), np.fft.irfft(coefficients, axis.size))

    @public
    def reduced(self, *modes: int) -> Self:
        """The symbol of the reduced state of these degrees of freedom, from 1: w integrated over all others.

        Raises InputError for a batch, and for numbers that are none of its degrees of freedom.
        """
        must(not self.batch, "symbol", "be one", "a batch")
        kept = [whole("modes", mode, 1, self.n) - 1 for mode in modes]
        must(0 < len(set(kept)) == len(kept), "modes", "be different numbers", modes)
        kept = sorted(kept)
        others = [j for j in range(self.n) if j not in kept]
        axes = self.grid.x, self.grid.xi
        weight = prod(side[j].spacing for side in axes for j in others) / (2 * pi * self.h) ** len(others)
        values = self.values.sum(axis=(*others, *(self.n + j for j in others))) * weight
        x, xi = (tuple(side[j] for j in kept) for side in axes)
        return self.like(values, PhaseGrid(x, xi, self.h))

    def _with_state(self, other: Any) -> tuple[GridFunction, GridFunction]:
        """This symbol and that of `other`, a Symbol or a State, on one grid. Raises InputError for anything else."""
        if not isinstance(other, GridFunction) and hasattr(other, "symbol") and hasattr(other, "grid"):
            other = other.symbol(other.grid(self.h, STATE_EDGE))
        a, b = on_one_grid(self, other)
        b.check_single()
        return a, b


def _numbers(name: str, value: Any) -> np.ndarray:
    array = np.asarray(as_array(value, name))
    must(array.dtype.kind in "iuf", name, "be real numbers", value)
    finite = bool((np.abs(array) <= MAX_SCALE).all())
    must(finite, name, f"be finite numbers of at most {MAX_SCALE:g} in size", value)
    return np.asarray(array, dtype=float)


def _check_states(w: GridFunction, most: int) -> int:
    """The rows of the kernel. Raises ResourceError if there are too many for all eigenvalues."""
    states = prod(kernel_points(w.grid))
    if states > most:
        message = f"The symbol has a kernel of {states} points, too many for all eigenvalues: at most {most}."
        raise ResourceError(f"{message} Resample it to a smaller grid if it is negligible at the edges.")
    return states


def _root(w: GridFunction) -> tuple[np.ndarray, float]:
    """The root of the positive part of Op(w), and the trace norm of what is negative in it, with round-off."""
    matrix = quantize(w).matrix
    with one_thread(len(matrix)):
        found, vectors = np.linalg.eigh((matrix + matrix.conj().T) / 2)
    positive = np.maximum(found, 0.0)
    return (vectors * np.sqrt(positive)) @ vectors.conj().T, float((positive - found).sum()) + ROUND_OFF * len(found)
