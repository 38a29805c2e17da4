"""`dequantize`: from the kernel of an operator to its Weyl symbol, the inverse of `quantize`.

    (Op(w) u)(y) = int rho(y, y') u(y') dy',    rho(x + s/2, x - s/2) = (2 pi h)^-n int w(x, xi) e^{i xi.s/h} dxi.

Source: Li (2.1).
"""

from __future__ import annotations

from openweyl._core.arguments import flag, must
from openweyl._core.calls import public
from openweyl.phase_space.grid import PhaseGrid, check_grid
from openweyl.phase_space.kernels import Kernel, symbol_values

from .symbol import Symbol


@public
def dequantize(kernel: Kernel, grid: PhaseGrid, *, hermitian: bool = True) -> Symbol:
    """w(x, xi) = int rho(x + s/2, x - s/2) e^{-i xi.s/h} ds, the symbol on `grid` of the operator with this kernel.

    `kernel`: K[a, b] = d^n rho(y_a, y_b), a Kernel, as `quantize` makes. `hermitian`: whether the operator is; the
    symbol is then real (the real part is returned), else complex. Exact if kernel and symbol are negligible at the
    edges of the window and of the grid; zero where the grid extends beyond the window.

    Raises InputError for anything but a Kernel, and for a grid of another n or h. Source: Li (2.1).
    """
    must(isinstance(kernel, Kernel), "kernel", "be a Kernel", kernel, "`quantize` makes one.")
    check_grid(grid)
    must(len(kernel.windows) == grid.n, "grid", f"have n = {len(kernel.windows)} degrees of freedom", grid.n)
    must(kernel.h == grid.h, "grid", f"have the kernel's h = {kernel.h:.10g}", grid.h)
    return Symbol.trusted(symbol_values(kernel, grid, hermitian=flag("hermitian", hermitian)), grid)
