"""States and systems from QuTiP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.arguments import is_list, must
from openweyl._core.calls import public
from openweyl.model.states import State
from openweyl.model.system import System

from .fock import from_fock
from .ladder_fit import SAME, fitted, hermitian, text_of
from .outside import numbers

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


@public
def system_from_qutip(hamiltonian: Qobj, jumps: Sequence[Qobj] = (), *, h: float = 1.0) -> System:
    """dA/dt = -i [H, A] + sum_j ( C_j A C_j* - {C_j* C_j, A}/2 ): the system of what `qutip.mesolve` is given.

    `hamiltonian`: H over hbar; `jumps`: a list of collapse operators C_j: Qobjs in a basis of Fock states, tensor
    products for n > 1, that are polynomials in a and its adjoint of degree 8 at most. Which ones is read off their
    entries, and `System.from_operators` gets them: h H and sqrt(h) C_j, with gamma = 1. The last rows, in which
    products of truncated matrices are wrong, are not looked at. `h`: > 0, of the phase space: a is (x + i xi)/sqrt(2h).

    >>> import qutip
    >>> a = qutip.destroy(12)
    >>> print(system_from_qutip(0.5 * a.dag() ** 2 * a**2, [0.2 * a]))
    p = -x**2/2 - xi**2/2 + (x**2 + xi**2)**2/8 + 1/4, jumps sqrt(2)*x/10 + sqrt(2)*I*xi/10; h = 1, gamma = 1

    Raises InputError for other matrices, for a Hamiltonian that is not Hermitian, and for too few levels: a degree D
    takes D + 3 of each mode. Time-dependent operators are text, for `System.from_operators`.

    Source: the entries of ad^p a^q are those of Cahill and Glauber, Phys. Rev. 177, 1857 (1969).
    """
    must(is_list(jumps), "jumps", "be a list of operators of QuTiP", jumps)
    matrix, sizes = _matrix(hamiltonian, "hamiltonian", None)
    skew = float(np.abs(matrix - matrix.conj().T).max())
    must(skew <= SAME * float(np.abs(matrix).max()), "hamiltonian", "be Hermitian", f"off by {skew:.2g}")
    p = text_of(hermitian(fitted(matrix, sizes, "hamiltonian")))
    found = [text_of(fitted(_matrix(jump, "jumps", sizes)[0], sizes, "jumps")) for jump in jumps]
    names = " ".join([p, *found])  # the number of modes is that of the names in formulas
    idle = len(sizes) > 1 and f"a{len(sizes)}" not in names and f"ad{len(sizes)}" not in names
    advice = "Leave the last mode out, or order the modes so that it has dynamics."
    must(not idle, "hamiltonian", "act on the last mode, or a jump must", f"one of {sizes} on which none does", advice)
    return System.from_operators(f"h*({p})", [f"sqrt(h)*({text})" for text in found], h=h)


def _matrix(value: Any, name: str, sizes: list[int] | None) -> tuple[np.ndarray, list[int]]:
    """The matrix of an operator, and the levels of each mode, which are `sizes` if these are given."""
    kind = getattr(value, "type", None)
    advice = "States go to from_qutip; what depends on time is written as text, for System.from_operators."
    must(
        kind == "oper" and hasattr(value, "full"),
        name,
        "be an operator of QuTiP, a Qobj",
        kind if kind and kind != "oper" else type(value).__name__,
        advice,
    )
    rows, columns = value.dims
    must(rows == columns, name, "map a space to itself", value.dims)
    must(sizes is None or rows == sizes, name, f"have the dimensions {sizes} of the Hamiltonian", rows)
    return numbers(value.full(), name), list(rows)
