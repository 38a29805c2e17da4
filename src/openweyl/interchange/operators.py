"""Operators to and from other programs: matrices in the Fock basis, QuTiP objects, sampled wave functions.

    Op(w) = sum_{m,n} c_mn |m><n|,    c_mn = int int phi_m(y) rho(y, y') phi_n(y') dy dy',

phi_m(y) = h^{-1/4} psi_m(y/sqrt h) with the Hermite functions psi_m: the basis of the oscillator (x^2 + xi^2)/2 at h,
where x = sqrt(h/2) (a + a*) and xi = -i sqrt(h/2) (a - a*). For n > 1 the indices run over tensor products, the first
degree of freedom slowest. What comes from outside becomes a kernel (weyl.py), and is a state from there on.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, pi, prod, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.arguments import LARGEST as LARGEST_NUMBER
from openweyl._core.arguments import fail, is_list, moderate, must, needs, real
from openweyl._core.calls import public
from openweyl.model.states import State
from openweyl.phase_space.grid import Axis, PhaseGrid, as_array, interpolation, symbol_on
from openweyl.phase_space.kernels import Kernel, quantize
from openweyl.phase_space.support import truncated

from .fock import TINY, MatrixState, apply_to, fock_window, hermite_functions

if TYPE_CHECKING:
    from qutip import Qobj

ACCEPTED = 1e-6
"""How far norm, trace, symmetry and positivity of what comes from outside may be off."""
EDGE = 1e-12
"""The probability that a sampled wave function may have at the ends of its box, and at the largest momenta."""
LARGEST = 8000
"""The most points of a kernel of one degree of freedom made here: it takes 1 GiB."""
MOST_LEVELS = 5000
"""The most levels per degree of freedom among which a basis is sought."""

BLOCK = 2**14
"""Columns of a kernel that are looked at together."""


# ---------------------------------------------------------------------------------------------------- from outside


@public
def from_fock(state: Any, h: float, *, sizes: Sequence[int] | None = None) -> State:
    """The state sum_mn c_mn |m><n| of a density matrix c, or |psi><psi| of a ket, in the Fock basis at h.

    `state`: a square matrix, or a vector, of numbers; for n > 1 `sizes` gives the number of levels of each degree of
    freedom. Its symbol is real to round-off, whatever `state` lacks of hermiticity.

    >>> from openweyl import PhaseGrid
    >>> grid = PhaseGrid.box(h=0.5, x=(-4, 4), xi=(-4, 4), size=(32, 32))
    >>> float(from_fock([0, 1], h=0.5).symbol(grid)[16, 16].round(9))  # the first excited state, at the origin
    -2.0

    Raises InputError for what is not normalised, hermitian or positive, up to 1e-6.
    """
    h = moderate("h", h, above=0.0)
    array = _numbers(state, "state")
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    must(array.ndim in (1, 2) and len(set(array.shape)) == 1, "state", "be a vector or a square matrix", array.shape)
    what = f"be a list of whole numbers of product {len(array)}"
    found = _levels_of("sizes", (len(array),) if sizes is None else sizes, len(array), what)
    levels = [size for size in found if size is not None]
    must(len(levels) == len(found) and prod(levels) == len(array), "sizes", what, sizes)
    (_check_ket if array.ndim == 1 else _check_matrix)(array)
    kind = "ket" if array.ndim == 1 else "density matrix"
    entries = array.reshape(levels * array.ndim)
    rows = [np.linalg.norm(np.moveaxis(entries, j, 0).reshape(size, -1), axis=1) for j, size in enumerate(levels)]
    kept = [int(np.nonzero(row > TINY)[0][-1]) + 1 for row in rows]
    windows = [fock_window(size, h) for size in kept]
    _check_size("state", windows, "Use fewer levels.")
    for axis in range(entries.ndim):
        entries = entries.take(range(kept[axis % len(kept)]), axis)
    vectors = [
        hermite_functions(size, window.points / sqrt(h)).T * sqrt(window.spacing / sqrt(h))
        for size, window in zip(kept, windows, strict=True)
    ]
    text = f"{kind} of {' x '.join(map(str, levels))} Fock states at h = {h:.10g}"
    return _state(entries, vectors, windows, h, text)


@public
def from_qutip(state: Qobj, h: float) -> State:
    """The state of a QuTiP ket or density operator, its levels those of the oscillator (x^2 + xi^2)/2 at h.

    Tensor products are states of n > 1. The symbol is 2 pi h times `qutip.wigner(state, x, xi, g=sqrt(2/h)).T`.

    >>> import qutip
    >>> print(from_qutip(qutip.coherent(20, 1.0), h=0.1))
    ket of 20 Fock states at h = 0.1

    Raises InputError as `from_fock` does, and for bras and superoperators.
    """
    kind = getattr(state, "type", None)
    must(kind in ("ket", "oper"), "state", "be a ket or an operator of QuTiP", kind or type(state).__name__)
    return from_fock(state.full(), h, sizes=state.dims[0])


@public
def from_wavefunction(psi: Any, x: Any, h: float) -> State:
    """The pure state of psi(x), sampled at evenly spaced points: kernel psi(y) conj(psi(y')), int |psi|^2 dx = 1.

    `x`: the points, or one array of points for each axis of `psi` if n > 1. Momenta up to pi h / spacing are resolved.

    >>> x = np.linspace(-6, 6, 100)
    >>> print(from_wavefunction(np.pi**-0.25 * np.exp(-(x**2) / 2), x, h=1.0))
    wave function on 100 points at h = 1

    Raises InputError if psi is not normalised, or has not vanished at the ends of `x` or at the largest momenta.
    """
    h = moderate("h", h, above=0.0)
    samples = _numbers(psi, "psi")
    lists = [x] if samples.ndim == 1 else list(x) if is_list(x) and len(x) == samples.ndim else None
    if lists is None:
        raise fail("x", f"be one array of points for each axis of `psi` ({samples.ndim})", x)
    points = [_numbers(one, "x").real for one in lists]
    sizes = tuple(p.size for p in points)
    must(sizes == samples.shape, "psi", f"have the shape of the points, {sizes}", samples.shape)
    windows = [_axis(p) for p in points]
    _check_size("psi", windows, "Sample it at fewer points.")
    samples = samples * sqrt(prod(window.spacing for window in windows))
    for values, where, advice in (
        (samples, "the ends of `x`", "Sample it on a longer interval."),
        (np.fft.fftshift(np.fft.fftn(samples, norm="ortho")), "the largest momenta", "Sample it at closer points."),
    ):
        lost = max(_edge(np.abs(values) ** 2, axis) for axis in range(values.ndim))
        must(lost <= EDGE, "psi", f"vanish at {where}", f"there with probability {lost:.2g}", advice)
    _check_ket(samples, "psi", "Divide it by the root of int |psi|^2 dx.")
    text, vectors = f"wave function on {' x '.join(map(str, samples.shape))} points at h = {h:.10g}", []
    for j, window in enumerate(windows):  # Schmidt's decomposition, one degree of freedom after the other
        flat = np.moveaxis(samples, j, 0).reshape(window.size, -1)
        left, weights, _ = np.linalg.svd(flat, full_matrices=False)
        vectors.append(left[:, weights > TINY])
        samples = apply_to(vectors[j].conj().T, samples, j)
    return _state(samples, vectors, windows, h, text)


def _state(array: np.ndarray, vectors: Sequence[np.ndarray], windows: Sequence[Axis], h: float, text: str) -> State:
    """The state with the coefficients `array`, of a ket or of a density matrix."""
    matrix = np.multiply.outer(array, array.conj()) if array.ndim == len(windows) else array
    return MatrixState(matrix, tuple(vectors), tuple(windows), h, text)


def _numbers(value: Any, name: str) -> np.ndarray:
    array = as_array(value, name)
    must(array.size > 0, name, "hold at least one number", "empty")
    must(bool(np.isfinite(array).all()), name, "be finite", "not")
    size = float(np.abs(array).max())
    must(size <= LARGEST_NUMBER, name, f"be at most {LARGEST_NUMBER:g} in size", size)
    return np.asarray(array, dtype=complex)


def _levels_of(name: str, value: Any, most: int, what: str) -> tuple[int | None, ...]:
    """A list of whole numbers from 1 to `most`, or of None."""
    good = is_list(value) and all(
        one is None or (isinstance(one, (int, np.integer)) and not isinstance(one, bool) and 1 <= one <= most)
        for one in value
    )
    must(good, name, what, value)
    return tuple(None if one is None else int(one) for one in value)


def _axis(points: np.ndarray) -> Axis:
    must(points.ndim == 1 and points.size >= 2, "x", "be a list of at least two points", points.shape)
    spacing = float(points[-1] - points[0]) / (points.size - 1)
    even = spacing > 0 and bool(np.allclose(np.diff(points), spacing, rtol=1e-6, atol=0))
    must(even, "x", "hold increasing, evenly spaced points", points.tolist())
    return Axis(float(points[0]), spacing, points.size)


def _edge(probability: np.ndarray, axis: int) -> float:
    """What lies in the first and the last hundredth of an axis."""
    line = probability.sum(axis=tuple(a for a in range(probability.ndim) if a != axis))
    end = ceil(line.size / 100)
    return float(line[:end].sum() + line[-end:].sum())


def _check_ket(ket: np.ndarray, name: str = "state", advice: str = "Divide it by its norm.") -> None:
    norm = float(np.linalg.norm(ket))
    must(abs(norm - 1) <= ACCEPTED, name, "have norm 1", f"of norm {norm:.7g}", advice)


def _check_matrix(matrix: np.ndarray) -> None:
    skew = float(np.abs(matrix - matrix.conj().T).max())
    must(skew <= ACCEPTED, "state", "be hermitian", f"off by {skew:.2g}")
    trace = complex(np.trace(matrix)).real
    must(abs(trace - 1) <= ACCEPTED, "state", "have trace 1", f"of trace {trace:.7g}", "Divide it by its trace.")
    lowest = float(np.linalg.eigvalsh(matrix)[0])
    must(lowest >= -ACCEPTED, "state", "be positive", f"one with the eigenvalue {lowest:.2g}")


def _check_size(name: str, windows: Sequence[Axis], advice: str) -> None:
    size = max(window.size for window in windows)
    must(size <= LARGEST, name, f"ask for kernels of at most {LARGEST} points", f"one that asks for {size}", advice)


# ------------------------------------------------------------------------------------------------------- to outside


@public
def to_fock(
    symbol: np.ndarray, grid: PhaseGrid, size: int | Sequence[int] | None = None, *, tol: float = 1e-9
) -> tuple[np.ndarray, float]:
    """(c, leakage): the matrix c of Op(symbol) in the Fock basis at grid.h, and what that basis leaves out.

    With P the projection on the basis, || Op(w) - P Op(w) P ||_tr <= 2 ||(1 - P) Op(w)||_tr <= leakage. `size`: the
    number of levels, of each degree of freedom or one for all; if None, the fewest whose leakage is below `tol`.

    >>> from openweyl import coherent
    >>> grid = coherent(0.5, 0.0).window(0.25, 1e-12)
    >>> matrix, leakage = to_fock(coherent(0.5, 0.0).symbol(grid), grid)
    >>> matrix.shape, leakage < 1e-9, round(float(matrix[0, 0].real), 9)  # e^{-|z|^2/2h}
    ((18, 18), True, 0.60653066)

    Raises InputError for a symbol too far from the origin for a basis of this kind.
    """
    entries, leakage = _fock(symbol, grid, size, tol)
    total = prod(entries.shape[: grid.n])
    matrix = entries.reshape(total, total)
    return (matrix + matrix.conj().T) / 2, leakage


@public
def to_qutip(
    symbol: np.ndarray, grid: PhaseGrid, size: int | Sequence[int] | None = None, *, tol: float = 1e-9
) -> tuple[Qobj, float]:
    """(Qobj of Op(symbol), leakage): `to_fock` for QuTiP, with its tensor dimensions for n > 1.

    >>> from openweyl import coherent
    >>> grid = coherent(0.5, 0.0).window(0.25, 1e-12)
    >>> operator, leakage = to_qutip(coherent(0.5, 0.0).symbol(grid), grid, size=20)
    >>> operator.dims, leakage < 1e-9
    ([[20], [20]], True)

    Raises InputError as `to_fock` does, and ImportError if QuTiP is not installed.
    """
    qutip = needs("qutip", "qutip")
    entries, leakage = _fock(symbol, grid, size, tol)
    levels = list(entries.shape[: grid.n])
    matrix = entries.reshape(prod(levels), prod(levels))
    return qutip.Qobj((matrix + matrix.conj().T) / 2, dims=[levels, levels]), leakage


def _fock(
    symbol: np.ndarray, grid: PhaseGrid, size: int | Sequence[int] | None, tol: float
) -> tuple[np.ndarray, float]:
    """The matrix with one axis for each index, and the leakage of `to_fock`."""
    tol, symbol = real("tol", tol, above=0.0), symbol_on(symbol, grid)
    n, level = grid.n, 1e-3 * tol
    what = f"be a whole number from 1 to {MOST_LEVELS}, or one for each axis of x"
    given = _levels_of("size", size if is_list(size) else [size] * n, MOST_LEVELS, what)
    must(len(given) == n, "size", what, size)
    small, box = truncated(symbol, grid, level)
    kernel = quantize(small, box)
    points = prod(window.size for window in kernel.windows)
    allowed = ((tol - 6 * n * level) / 2) ** 2 / (points * n)
    entries, lost = kernel.entries, 0.0
    for j, wanted in enumerate(given):
        basis = _overlaps(kernel, j, max(_levels(box, j), wanted or 1))
        rows = np.moveaxis(kernel.entries, j, 0).reshape(kernel.windows[j].size, -1)
        parts = np.array_split(rows, ceil(rows.shape[1] / BLOCK), axis=1)
        powers = sum((np.abs(basis @ part) ** 2).sum(axis=1) for part in parts)
        tails = np.append(np.cumsum(powers[::-1])[::-1], 0.0)
        levels = max(int(np.argmax(tails <= allowed)), 1) if wanted is None else wanted
        lost += float(tails[levels])
        entries = apply_to(basis[:levels], entries, j)
        entries = apply_to(basis[:levels].conj(), entries, n + j)
    return entries, 2 * sqrt(points * lost) + 6 * n * level


def _levels(box: PhaseGrid, j: int) -> int:
    """How many levels hold a box: the m with h (2m + 1) < |z|^2 at its corners, and the tails beyond."""
    corner = sum(max(abs(axis.lower), abs(axis.upper)) ** 2 for axis in (box.x[j], box.xi[j])) / (2 * box.h)
    levels = ceil(corner + 12 * corner ** (1 / 3)) + 20
    must(levels <= MOST_LEVELS, "grid", f"lie within {MOST_LEVELS} levels of the origin", f"one that needs {levels}")
    return levels


def _overlaps(kernel: Kernel, j: int, levels: int) -> np.ndarray:
    """<phi_m|s_a>, s_a(y) = sinc((y - y_a)/d) e^{i p (y - y_a)/h} / sqrt d: the kernel's own basis."""
    window, p, h = kernel.windows[j], kernel.momenta[j], kernel.h
    own = fock_window(levels, h)
    spacing = pi / (pi / own.spacing + pi / window.spacing + abs(p) / h)  # the product is integrated exactly
    count = ceil(own.length / spacing)
    fine = Axis(-spacing * (count - 1) / 2, spacing, count)
    phi = hermite_functions(levels, fine.points / sqrt(h)) * h**-0.25
    turn = [np.exp(1j * p * axis.points / h) for axis in (fine, window)]
    return (phi * turn[0]) @ interpolation(window, fine.points) * (turn[1].conj() * spacing / sqrt(window.spacing))
