"""States from QuTiP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openweyl._core.arguments import must
from openweyl._core.calls import public
from openweyl.model.states import State

from .fock import from_fock

if TYPE_CHECKING:
    from qutip import Qobj


@public
def from_qutip(state: Qobj, h: float) -> State:
    """|psi><psi| of a QuTiP ket, or a density operator, its levels those of the oscillator (x^2 + xi^2)/2 at h.

    `state`: a Qobj; tensor products are states of n > 1. `h`: > 0. Returns a State at this h; its
    symbol is 2 pi h times `qutip.wigner(state, x, xi, g=sqrt(2/h)).T`.

    >>> import qutip
    >>> print(from_qutip(qutip.coherent(20, 1.0), h=0.1))
    ket of 20 Fock states at h = 0.1

    Raises InputError as `from_fock` does, and for bras and superoperators.
    """
    kind = getattr(state, "type", None)
    must(kind in ("ket", "oper"), "state", "be a ket or an operator of QuTiP", kind or type(state).__name__)
    return from_fock(state.full(), h, sizes=state.dims[0])
