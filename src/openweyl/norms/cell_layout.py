"""Which windows cut a symbol into cells, on which samples, and the error that these samples make.

Each degree of freedom has windows in x of half width W and windows in xi of half width W'. A cell is a matrix of
4 W W' / (2 pi h) momenta: as many states as its windows hold. The proofs are in docs/trace-norm.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, pi, prod, sqrt

import numpy as np

from openweyl._core.fft import good_size
from openweyl.phase_space.grid import Axis, PhaseGrid
from openweyl.phase_space.grid_function import GridFunction
from openweyl.phase_space.kernels import kernel_points
from openweyl.phase_space.profiles import Profile
from openweyl.phase_space.support import required_box

from .partition_of_unity import tail

SAMPLES_PER_HALF_WAVE = 3.0
"""Points in x per half wave length of the symbol: one resolves the symbol, two more the wave numbers of the windows,
so that the sampling error of Lemma 3 stays below the other losses."""
MIN_HALF_WIDTH_IN_REACHES = 3.0
"""The least half width of a window, in units of the largest distance s (for windows in x) or of h times the largest
wave number k (for windows in xi): at 3 the overlap f stays close to 1; below, (1 - f)^r, which is not restored, grows
fast."""
MIN_HALF_WIDTH_IN_SPACINGS = 4
"""The least half width of a window, in spacings of the symbol's own grid: fewer points do not resolve the window."""
CONTENT_BANDS = 16
"""The bands of wave numbers in which `sampling_error` takes the norm ||w_b|| of the symbol's content (Lemma 3): more
make the bound sharper, and each costs a few table look-ups."""
COUNTED_ALIASES = 8
"""The aliases r = 1 .. 8 that `sampling_error` counts one by one. Those beyond fall like r^-2, so that together they
count as at most 2 * 8 times the last one counted."""


@dataclass(frozen=True)
class Part:
    """The windows of one degree of freedom: `strips` of them in x, and `bands` in xi.

    x, xi: the samples of the symbol. A window in x has half the width W = rows dx; the momenta have the spacing 2 dxi =
    2 pi h / torus, and a window in xi holds `momenta` of them. One band: no windows in xi.
    """

    x: Axis
    xi: Axis
    rows: int
    strips: int
    momenta: int
    bands: int
    torus: float

    @property
    def pad(self) -> int:
        """Samples of xi to add at either end, for the windows that reach beyond."""
        return self.momenta if self.bands > 1 else 0

    @property
    def waves(self) -> int:
        """The wave numbers 2 pi m / torus, |m| <= waves, are those that the samples in x hold."""
        return floor(self.torus / (2 * self.x.spacing) * (1 - 1e-12))

    def along(self, values: np.ndarray, axis: int) -> np.ndarray:
        """A vector as an array that broadcasts along `axis`, a negative number."""
        return values.reshape((-1,) + (1,) * (-axis - 1))


@dataclass(frozen=True)
class Layout:
    """The windows for a symbol on the grid `original`, one `Part` for each degree of freedom.

    padded: `original` with margins in xi for the momenta that the windows shift. grid: the samples that the windows
    need, on the box of `padded`. lost: a bound, in trace norm, on the error of these samples and of the cut in waves.
    """

    parts: tuple[Part, ...]
    original: PhaseGrid
    padded: PhaseGrid
    grid: PhaseGrid
    lost: float

    @property
    def cell(self) -> int:
        """The number of rows of the matrix of a cell."""
        return prod(part.momenta for part in self.parts)

    @property
    def cells(self) -> int:
        """The number of cells, with those that are empty."""
        return prod(part.strips * (part.bands + 1 if part.pad else 1) for part in self.parts)


def plan(w: GridFunction, widths: list[float], level: float) -> Layout:
    """Windows at least `widths` wide (x axes, then xi axes), and wide against the distances and wave numbers of `w`.

    `level`: the trace norm that is neglected when these are read off the profiles of `w`.
    """
    grid, n, h = w.grid, w.n, w.h
    parts, padded, cut, sampling, ranks = [], [], 0.0, 0.0, 1.0
    for j in range(n):
        x, xi, in_x, in_xi = grid.x[j], grid.xi[j], w.profiles[j], w.profiles[n + j]
        wave, distance = required_box(in_x, x, level).reach, h * required_box(in_xi, xi, level).reach
        half_x = max(widths[j], MIN_HALF_WIDTH_IN_REACHES * distance, MIN_HALF_WIDTH_IN_SPACINGS * x.spacing)
        half_xi = max(widths[n + j], MIN_HALF_WIDTH_IN_REACHES * h * wave, MIN_HALF_WIDTH_IN_SPACINGS * xi.spacing)
        longer = _with_margin(xi, h * wave)
        fine = _resolving(x, SAMPLES_PER_HALF_WAVE * wave)
        part = _part(fine, longer, half_x, half_xi, h)
        parts.append(part)
        padded.append(longer)
        width = part.rows * fine.spacing
        cut += beyond(in_xi, xi, width / h)
        ranks *= part.strips * (part.xi.size / 2 + part.waves + 1)  # of all strips together: they overlap
        sampling += sampling_error(in_x, x, fine, width, several=n > 1)
    lost = sqrt(prod(kernel_points(grid)) / grid.states) * cut + sqrt(ranks / grid.states) * sampling
    new = PhaseGrid(tuple(p.x for p in parts), tuple(p.xi for p in parts), h)
    return Layout(tuple(parts), grid, PhaseGrid(grid.x, tuple(padded), h), new, lost)


def _with_margin(xi: Axis, reach: float) -> Axis:
    """The axis with `reach` more at either end, for (p + q)/2 of momenta that a window in x shifts; an even size."""
    margin = ceil(reach / xi.spacing)
    return Axis(xi.lower - margin * xi.spacing, xi.spacing, xi.size + 2 * margin + xi.size % 2)


def _resolving(x: Axis, wave: float) -> Axis:
    """The axis with a spacing of at most pi / `wave`, and no coarser than it is."""
    points = max(good_size(wave * x.length / pi), x.size)
    return Axis(x.lower, x.length / points, points)


def _part(x: Axis, xi: Axis, half_x: float, half_xi: float, h: float) -> Part:
    """The windows of half widths W >= `half_x` in x and W' >= `half_xi` in xi, with L = the length of `xi`.

    momenta under a window in xi:     m = 2 W 2 W' / (2 pi h),    a multiple of 4
    windows in xi:                    bands = L W / (pi h m);     with 2 or fewer there is none: m = L W / (2 pi h)
    samples of xi:                    size = L / (pi h / P),      the spacing pi h/P holds all (p + q)/2
    period of the lattice of momenta: P = pi h size / L >= 2 W
    """
    momenta = 4 * max(ceil(half_x * half_xi / (8 * pi * h)), 2)
    bands = ceil(xi.length * half_x / (pi * h * momenta))
    if bands <= 2:
        bands, momenta = 1, 2 * ceil(xi.length * half_x / (4 * pi * h))
    size = bands * momenta if bands > 1 else 2 * momenta
    torus = pi * h * size / xi.length
    rows = floor(torus / (2 * x.spacing) * (1 + 1e-12))
    strips = ceil((x.size - 1) / rows) + 1
    return Part(x, Axis(xi.lower, xi.length / size, size), rows, strips, momenta, bands, torus)


def beyond(profile: Profile, axis: Axis, reach: float) -> float:
    """sqrt(states) times the Hilbert-Schmidt norm of what lies at or above the wave number `reach`."""
    step = axis.reach / (profile.high.size - 1)
    above = profile.high.size - max(ceil(reach / step * (1 - 1e-12)), 0)
    return float(profile.high[above - 1]) if above > 0 else 0.0


def sampling_error(profile: Profile, old: Axis, new: Axis, width: float, several: bool) -> float:
    """sqrt(states) ||E||_HS, E the error that the samples in x make of all chi_j D chi_j together (Lemma 3).

    The wave number k of the symbol is mistaken for others where the windows have (2r - 1) pi/dx - k or more, r >= 1.
    """
    total, edges = 0.0, np.linspace(0.0, old.reach * (1 + 1e-9), CONTENT_BANDS + 1)
    for low, high in pairwise(edges.tolist()):
        power = beyond(profile, old, low) ** 2 - beyond(profile, old, high) ** 2
        tails = [tail(width * ((2 * r - 1) * new.reach - high), several) for r in range(1, COUNTED_ALIASES + 1)]
        # T_b of Lemma 3: aliases from both sides, those not counted one by one, and the waves that no sample holds
        total += (2 * sum(tails) + 2 * COUNTED_ALIASES * tails[-1] + tails[0]) * sqrt(max(power, 0.0))
    return total
