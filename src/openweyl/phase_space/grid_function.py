"""A function on phase space by its samples on a grid: `GridFunction`, the type that all rooms exchange.

    f(z) = sum_j f_j sinc((z - z_j)/d),        z = (x, xi),

the band-limited function of the samples f_j, zero outside the box. Two functions may have two grids, as each run
chooses its own; arithmetic goes through a grid that holds both, never through the positions in the arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Self, TypeVar

import numpy as np
from array_api_compat import array_namespace

from openweyl._core.arguments import as_state, fail, must, real, whole
from openweyl._core.calls import public
from openweyl._core.fft import Array

from .arrays import check_result, known_values, number_of, values_on
from .edges import check_edges
from .grid import PhaseGrid, check_grid
from .grid_size import MEMORY_CHECKED_POINTS, check_fits, common_grid
from .moments import Moments, moments_of
from .profiles import Profile, profiles_of
from .resampling import BYTES_PER_RESAMPLED_POINT, resampled, resized
from .samples import Samples
from .spectral import Order, convolved, differentiated, orders_of

Function = TypeVar("Function", bound="GridFunction")


@dataclass(frozen=True, eq=False, init=False, repr=False)
class GridFunction(Samples):
    """A real or complex function by its `values`, shape (..., *grid.shape), at the points of `grid`.

    Axes in front of those of the grid are batches: several functions on one grid, of which `f[j]` is one. The values
    are copied, and read-only. Arrays of other namespaces than NumPy's (JAX) are kept as they are.

    Raises InputError unless `values` are finite numbers, at most 1e100 in size, of the grid's shape.
    """

    @public
    def __init__(self, values: Array, grid: PhaseGrid) -> None:
        check_grid(grid)
        self._set(values_on(grid, values), grid)

    def _set(self, values: Array, grid: PhaseGrid) -> None:
        if isinstance(values, np.ndarray):
            values = values.view()
            values.flags.writeable = False
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "grid", grid)

    def like(self, values: Array, grid: PhaseGrid | None = None) -> Self:
        """A function of the same class with these `values`, on `grid` or its own: neither checked nor copied."""
        return self.trusted(values, self.grid if grid is None else grid)

    @classmethod
    def trusted(cls, values: Array, grid: PhaseGrid) -> Self:
        """The function with these `values` on `grid`, neither checked nor copied: for callers that have made them."""
        made = object.__new__(cls)
        made._set(values, grid)
        return made

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return type(self).trusted, (np.asarray(self.values), self.grid)

    # ------------------------------------------------------------------------------------------- batches, contents

    def __getitem__(self, index: Any) -> Self:
        must(bool(self.batch), "index", "be left out", index, "This is a single function; its array is `.values`.")
        whole("index", index, -self.batch[0], self.batch[0] - 1)
        return self.like(self.values[index])

    def __iter__(self) -> Any:
        if not self.batch:
            raise TypeError(f"This {type(self).__name__} is a single function, not a batch; its array is `.values`.")
        return (self.like(values) for values in self.values)

    @property
    def members(self) -> tuple[Self, ...]:
        """The functions of a batch along its first axis; of a single function that alone."""
        return tuple(self) if self.batch else (self,)

    @cached_property
    def profiles(self) -> tuple[Profile, ...]:
        """The contents beyond each point of each axis, x then xi; computed once."""
        return profiles_of(self)

    # ------------------------------------------------------------------------------------------- arithmetic

    __array_ufunc__ = None  # array * symbol is refused: NumPy would multiply by position, whatever the grid

    def __add__(self, other: Any) -> Self:
        return self._with(other, lambda a, b: a + b)

    def __sub__(self, other: Any) -> Self:
        return self._with(other, lambda a, b: a - b)

    def __radd__(self, other: Any) -> Self:
        return self if type(other) is int and other == 0 else self + other  # `sum` starts from 0

    def __rsub__(self, other: Any) -> Self:
        return self - other  # refused: `other` is no function on a grid

    def __neg__(self) -> Self:
        return self.like(-self.values)

    def __mul__(self, other: Any) -> Self:
        """The product with a number, or of two functions at each point, on a grid as fine as both together."""
        if isinstance(other, GridFunction):
            return self._with(other, lambda a, b: a * b, sum_of_waves=True)
        number = number_of(other, "be a number or a Symbol")
        with np.errstate(over="ignore", invalid="ignore"):
            return self.like(check_result(self.values * number, "other"))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Self:
        number = number_of(other, "be a number")
        must(not isinstance(number, (float, complex)) or number != 0, "other", "not be 0", other)
        with np.errstate(over="ignore", invalid="ignore"):
            return self.like(check_result(self.values / number, "other"))

    def _with(self, other: Any, operation: Callable[[Array, Array], Array], *, sum_of_waves: bool = False) -> Self:
        a, b = on_one_grid(self, other)
        if sum_of_waves:
            a, b = a.doubled(), b.doubled()
        return self.like(check_result(operation(a.values, b.values), "other"), a.grid)

    @public
    def inner(self, other: GridFunction) -> Array:
        """(2 pi h)^-n int conj(f) g: tr(Op(f)* Op(g)), for each of a batch."""
        a, b = on_one_grid(self, other)
        xp = array_namespace(a.values)
        return a._integral(xp.conj(a.values) * b.values if a.values.dtype.kind == "c" else a.values * b.values)

    # ------------------------------------------------------------------------------------------- other functions of it

    @public
    def resampled(self, grid: PhaseGrid) -> Self:
        """f(z) = sum_j f_j sinc((z - z_j)/d) at the points z of `grid`; zero outside the present box.

        Exact (to round-off) where f is negligible at the edges of both boxes and beyond both Nyquist limits: the part
        that a smaller box, or a coarser grid, does not hold is cut off.

        Raises InputError for a grid of another n or h, ResourceError if the samples would not fit into half of the
        free memory.
        """
        check_grid(grid)
        self._check_same(grid, "grid")
        return self if grid == self.grid else self.like(resampled(self, grid), grid)

    def doubled(self) -> Self:
        """The same function on twice as many points of each axis."""
        values, fine = self.values, self.grid.scaled(1 / 2)
        if fine.size > MEMORY_CHECKED_POINTS:
            check_fits(fine, BYTES_PER_RESAMPLED_POINT * prod(self.batch), "take smaller grids")
        for position, axis in enumerate(self.grid.x + self.grid.xi):
            values = resized(values, position - 2 * self.n, 2 * axis.size)
        return self.like(values, fine)

    @public
    def derivative(self, x: Order = 0, xi: Order = 0) -> Self:
        """d_x^a d_xi^b f, spectrally: exact for the band-limited function. `x`, `xi`: the orders a and b, n of each.

        The box is periodic: where it cuts through the function there is a jump.

        >>> from openweyl import PhaseGrid, coherent
        >>> f = coherent(0, 0).symbol(PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-3, 3), size=(64, 64)))
        >>> round(float(f.derivative(x=2).inner(f) / f.inner(f)), 9)  # -1/(2 variance)
        -10.0
        """
        orders = [*orders_of("x", x, self.n), *orders_of("xi", xi, self.n)]
        with np.errstate(over="ignore", invalid="ignore"):
            values = differentiated(self, orders)
        return self.like(check_result(values, "x" if any(orders[: self.n]) else "xi"))

    @public
    def smoothed(self, variance: float) -> Self:
        """f * N(0, variance) in every variable: variance h/2 makes a Wigner function a Husimi function.

        The box is periodic: content within a few widths of an edge enters at the opposite one.
        """
        return self.like(convolved(self, real("variance", variance, low=0.0)))

    def moments(self) -> Moments:
        """<z> = (2 pi h)^-n int z f and <(z_i - <z_i>)(z_j - <z_j>)>, over the trace, as `Moments`.

        Raises InputError for a batch, for complex values, and if the trace is 0 up to round-off, as that of the
        difference of two states is.
        """
        self.check_single()
        return moments_of(self)

    def check_single(self) -> None:
        """Raise InputError unless this is one real function."""
        name = type(self).__name__
        must(not self.batch, "symbol", "be one", f"a batch of {' x '.join(map(str, self.batch))}", f"A {name} f[j] is.")
        must(
            np.dtype(self.values.dtype).kind != "c", "symbol", "be real", "complex",
            "That of a hermitian operator is: take its real part.",
        )  # fmt: skip

    def _check_same(self, grid: PhaseGrid, name: str) -> None:
        must(grid.n == self.n, name, f"have n = {self.n} degrees of freedom", grid.n)
        must(grid.h == self.h, name, f"have h = {self.h:.10g}", grid.h, "Symbols of two h are of two quantizations.")


def check_function(value: Any, name: str = "symbol") -> None:
    """Raise InputError unless `value` is a function on a grid."""
    if not isinstance(value, GridFunction):
        raise fail(name, "be a Symbol", value, "Symbol(values, grid) makes one of an array and its grid.")


def on_one_grid(first: Function, second: Function, name: str = "other") -> tuple[Function, Function]:
    """Both functions on one grid that holds both: the smallest box around both boxes, as fine as the finer of them.

    `name`: that of the argument `second`, for messages.

    Raises InputError for anything but a function on a grid, for another n or h, and where a box cuts through its
    function, whose values beyond are not known.
    """
    if not isinstance(second, GridFunction):
        advice = as_state(second) or "Symbol(values, grid) makes one of an array."
        raise fail(name, f"be a {type(first).__name__}", second, advice)
    same = first.batch == second.batch or not (first.batch and second.batch)
    must(same, name, f"be one, or a batch of shape {first.batch}", f"a batch of shape {second.batch}")
    if first.grid == second.grid:
        return first, second
    first._check_same(second.grid, name)
    grid = common_grid([first.grid, second.grid])
    for function in (first, second):
        check_edges(Samples(known_values(function.values), function.grid), grid)
    return resampled_together(first, second)


def resampled_together(first: Function, second: Function) -> tuple[Function, Function]:
    """`on_one_grid` without a look at the edges: for two runs, which report what they lose there, and for pictures."""
    first._check_same(second.grid, "other")
    grid = common_grid([first.grid, second.grid])
    return first.resampled(grid), second.resampled(grid)
