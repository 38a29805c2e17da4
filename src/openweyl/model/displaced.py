"""`displaced`: a state moved in phase space.

    D(z0) A D(z0)* has the symbol w(z - z0),        D(alpha) = exp(alpha ad - conj(alpha) a),  z0 = sqrt(2h) alpha,

exactly, as displacements are quantized translations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

import numpy as np

from openweyl._core.arguments import as_state, moderate, must
from openweyl._core.calls import public
from openweyl.phase_space.grid import PhaseGrid, check_grid
from openweyl.weyl.symbol import Symbol

from .products import ProductState, multiplied
from .state_arguments import Coordinates, center_or_alpha, point
from .states import MixedState, PacketState, State, mixed
from .symbol_state import SymbolState


@public
def displaced(
    state: State | Symbol,
    x: Coordinates | None = None,
    xi: Coordinates | None = None,
    *,
    alpha: complex | Sequence[complex] | None = None,
) -> State:
    """The state D A D* with the symbol w(z - z0), z0 = (x, xi): `state` moved by x and xi.

    `state`: of any kind. `x`, `xi`: by how much, a number for n = 1, n numbers in general. Or, in place of both,
    `alpha`: a complex number, or n, for z0 = sqrt(2h) (Re alpha, Im alpha) at every h: D(alpha) as in quantum optics.

    >>> from openweyl import fock, thermal
    >>> state = displaced(thermal(0.5), alpha=1 + 2j)
    >>> state.symbol(state.grid(0.5, 1e-12)).moments().mean.round(9)
    array([1., 2.])
    >>> w = displaced(fock(1), 0.3, 0).symbol(displaced(fock(1), 0.3, 0).grid(0.1, 1e-12))
    >>> round(float(w.expect("ad*a").value), 9)  # 1 + |alpha|^2, |alpha|^2 = x^2/2h
    1.45

    Raises InputError for anything but a state, and for other numbers of coordinates.
    """
    must(isinstance(state, (State, Symbol)), "state", "be a state", state, as_state(state))
    own = SymbolState(state) if isinstance(state, Symbol) else state
    shift, numbers = center_or_alpha(x, xi, alpha)
    words = f"by alpha = {point(numbers)[1:-1]}" if numbers else f"by {point(shift)}"
    must(len(shift) == 2 * own.n, "alpha" if alpha is not None else "x", f"have n = {own.n} numbers", len(shift) // 2)
    return DisplacedState(own, shift, f"{own}, displaced {words}", alpha is not None)


@dataclass(frozen=True, repr=False)
class _Moved(State):
    """`state` moved by `shift`."""

    state: State
    shift: tuple[float, ...]
    description: str

    @property
    def n(self) -> int:
        return self.state.n

    @property
    def lost(self) -> float:
        return self.state.lost


@dataclass(frozen=True, repr=False)
class DisplacedState(_Moved):
    """`state` moved by `shift`, in units of sqrt(h) if it is `scaled`."""

    scaled: bool

    def at(self, h: float) -> State:
        unit = sqrt(moderate("h", h, above=0.0)) if self.scaled else 1.0
        return _moved(self.state.at(h), tuple(unit * one for one in self.shift), self.description)

    @public
    def symbol(self, grid: PhaseGrid, xp: Any = np) -> Symbol:
        check_grid(grid)
        return self.at(grid.h).symbol(grid, xp)

    @public
    def grid(self, h: float, level: float, room: float = 0.1) -> PhaseGrid:
        return self.at(h).grid(h, level, room)


@dataclass(frozen=True, repr=False)
class TranslatedState(_Moved):
    """`state`, at one h, moved by `shift`: w(z - shift), on a grid that is moved back."""

    def at(self, h: float) -> State:
        return TranslatedState(self.state.at(h), self.shift, self.description)

    @public
    def symbol(self, grid: PhaseGrid, xp: Any = np) -> Symbol:
        check_grid(grid)
        must(grid.n == self.n, "grid", f"have n = {self.n} degrees of freedom, as the state", grid.n)
        return Symbol.trusted(self.state.symbol(grid.shifted([-one for one in self.shift]), xp).values, grid)

    @public
    def grid(self, h: float, level: float, room: float = 0.1) -> PhaseGrid:
        return self.state.grid(h, level, room).shifted(self.shift)


def _moved(state: State, shift: tuple[float, ...], description: str) -> State:
    """The state moved by `shift`: packets by their centres, mixtures and products part by part."""
    if isinstance(state, PacketState):
        members = tuple(
            (p, tuple(replace(one, center=_sum(one.center, shift)) for one in ps)) for p, ps in state.members
        )
        return PacketState(members, description)
    if isinstance(state, MixedState):
        return mixed([(p, _moved(one, shift, str(one))) for p, one in state.members], description)
    if isinstance(state, ProductState):
        n, start, factors = state.n, 0, []
        for one in state.factors:
            own = shift[start : start + one.n] + shift[n + start : n + start + one.n]
            factors.append(_moved(one, own, str(one)))
            start += one.n
        return replace(multiplied(factors), description=description)  # type: ignore[type-var]
    return TranslatedState(state, shift, description)


def _sum(center: Sequence[float], shift: Sequence[float]) -> tuple[float, ...]:
    return tuple(a + b for a, b in zip(center, shift, strict=True))
