"""What to write for names and functions that others use in formulas: advice for messages."""

from __future__ import annotations

import re
from collections.abc import Mapping

_OPERATOR = (
    'Operators are written System.from_operators("ad*a", ["a"], h=1), in a file hamiltonian_operator and '
    "jump_operators, and in observables, with a and its adjoint ad."
)
_MEANT = {
    "a|ad|adag|a_dag|adagger|a_dagger|ad_?dag|dagger|dag": _OPERATOR,
    "p|p_?x|momentum": "The conjugate variable is called xi: write x, xi.",
    "q|position": "Positions are called x: write x, xi.",
    "i|j": "The imaginary unit is called I.",
    "hbar": "hbar is the argument h, a number.",
    "n|nhat|n_?op|num|number": "The number of quanta is the operator ad*a.",
    "e|E": "Powers of e are written exp(...).",
    "b|bd|bdag|c|cd|cdag": "Modes are called a1, ad1, a2, ad2, ...",
    "sigma_?[xyzmp]|s[xzmp]": "All modes are oscillators: there are no spins.",
}
"""Names that others use, perhaps with an index, and what to write."""
_CALLED = {
    "sech": "Write 1/cosh(...).",
    "csch": "Write 1/sinh(...).",
    "tan": "Write sin(...)/cos(...), where it has no poles.",
    "ln": "Write log(...).",
    "arctan": "Write atan(...).",
    "theta|step|unitstep|heavisidetheta|u": "Steps in time are written heaviside(t - 1).",
    "where|if|ite|select": "Cases in time are written piecewise((1, t < 2), (0, True)).",
    "square|rect|box|pulse": "A pulse is written heaviside(t - 1) - heaviside(t - 2), a square wave sign(sin(t)).",
    "gauss|gaussian|normal": "Write exp(-(t - 1)**2/2).",
    "conjugate|conj|re|im|real|imag": "Write real and imaginary parts out, as in a + I*b; the adjoint of a is ad.",
    "var|variance|std": "The variance of x is that of `moments()`, or from the observables x**2 and x.",
    "dag|dagger|adjoint": "The adjoint of the operator a is ad.",
}
"""Functions that others use, in small letters, and what to write."""


def named_instead(identifier: str) -> str:
    """What to write for a name, or nothing.

    >>> named_instead("p1")
    'The conjugate variable is called xi: write x, xi.'
    """
    return _looked_up(identifier, _MEANT)


def called_instead(identifier: str) -> str:
    """What to write for a function, or nothing."""
    return _looked_up(identifier.lower(), _CALLED)


def _looked_up(identifier: str, table: Mapping[str, str]) -> str:
    """The text of the names that `identifier` is one of, perhaps with an index."""
    return next((text for names, text in table.items() if re.fullmatch(rf"(?:{names})_?\d*", identifier)), "")
