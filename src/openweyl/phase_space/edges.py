"""Whether a box cuts through the function on it: a check before arithmetic puts two functions on one grid.

A function is zero outside its box, so that the part which the box does not hold is missing from every sum with a
function on a larger box. That part is estimated from the outermost points of the box, on the scale of the L1 norm.
"""

from __future__ import annotations

import numpy as np

from openweyl._core.arguments import InputError, fail

from .grid import Axis, PhaseGrid
from .profiles import Profile, edge_loss, edge_points, profiles_of
from .samples import Samples

MAX_EDGE_FRACTION = 0.05
"""The part of the L1 norm that may lie in the outermost points of an axis, or in its largest wave numbers: a function
with more is not resolved. Runs leave at most 3.5 %, at the largest tolerance."""
MAX_LOST_FRACTION = 0.02
"""The part of the L1 norm that may lie beyond all edges of the box, by the estimate of `lost_beyond`: a sum may be off
by that much and is not refused. Runs leave 0.9 % at the largest tolerance, 0.1 in trace norm, and 0.1 % at 0.03."""


def check_edges(f: Samples, new: PhaseGrid) -> None:
    """Raise InputError if `f`, one function or a batch, does not vanish at the edges beyond which `new` continues.

    Each function of a batch is checked by itself, on the scale of the largest of them.
    """
    old = f.grid
    members = f.values.reshape(-1, *old.shape)
    size = max(float(np.abs(member).sum()) for member in members) * old.cell
    if size > 0:
        for member in members:
            _check(profiles_of(Samples(member, old)), old, new, size)


def _check(profiles: tuple[Profile, ...], old: PhaseGrid, new: PhaseGrid, size: float) -> None:
    pairs = zip(profiles, old.x + old.xi, new.x + new.xi, strict=True)
    changed = [(index, profile, axis) for index, (profile, axis, other) in enumerate(pairs) if axis != other]
    lost = [lost_beyond(profile, axis) for _, profile, axis in changed]
    if sum(lost) > MAX_LOST_FRACTION * size:
        worst = int(np.argmax(lost))
        raise _refusal(old, changed[worst][0], sum(lost) / size, "ends, and beyond,", "a longer interval")
    for index, profile, axis in changed:
        left, right, high = edge_loss(profile, axis)
        if max(left, right) > MAX_EDGE_FRACTION * size:
            raise _refusal(old, index, max(left, right) / size, "ends", "a longer interval")
        if high > MAX_EDGE_FRACTION * size:
            raise _refusal(old, index, high / size, "largest wave numbers", "more points")


def _refusal(grid: PhaseGrid, index: int, part: float, where: str, what: str) -> InputError:
    name = ("x" if index < grid.n else "xi") + (str(index % grid.n + 1) if grid.n > 1 else "")
    return fail(
        "symbol",
        "be negligible at the edges of its grid, to meet one on another grid",
        f"of {min(part, 1.0):.2g} of its size at the {where} of {name}",
        f"Take {what} there, or both on one grid.",
    )


def lost_beyond(profile: Profile, axis: Axis) -> float:
    """An estimate of the content beyond both ends of the box, from the outermost points and as many next to these.

    Their contents are continued as a geometric series over one more length of the box: an overestimate for functions
    that fall faster and faster, as Gaussians do.
    """
    band, total = min(edge_points(axis), axis.size), 0.0
    for content in (profile.left, profile.right):
        outer = float(content[band - 1])
        inner = float(content[min(2 * band, axis.size) - 1]) - outer
        ratio = min(outer / inner, 1.0) if inner > 0 else 1.0
        total += outer * sum(ratio**j for j in range(1, round(axis.size / band) + 1))
    return total
