"""The open system: its Hamiltonian, its jumps, h and gamma, as one frozen value.

    dA/dt = -(i/h) [P, A] + (gamma/h) sum_j ( L_j A L_j* - {L_j* L_j, A}/2 ),      P = Op(p), L_j = Op(l_j),

Li (1.1) in the time direction of von Neumann's equation (`System.reversed` turns it around).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sympy

from ._check import InputError, fail, must, real, shown
from .smooth import check_smooth
from .symbols import check_form, parse, quadratic, separate, variables

Formula: TypeAlias = str | sympy.Expr
Vector: TypeAlias = tuple[float, ...]


@dataclass(frozen=True, init=False)
class System:
    """An open system with Hamiltonian p = T(xi) + V(x) and real jumps.

    `hamiltonian`, `jumps`: SymPy expressions or text in x, xi (n = 1) or x1, xi1, x2, xi2, ...; SymPy's symbols are
    known by their names. A jump is a function of x alone, of xi alone, or linear, a.x + b.xi. `h` > 0: the
    semiclassical parameter (the hbar of physics). `gamma` >= 0: the coupling to the environment; 0 is a closed system.

    >>> print(System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2**-4, gamma=1.0))
    p = xi**2 + (x**2 - 1/2)**2, jumps x, xi; h = 0.0625, gamma = 1

    Raises InputError for symbols that are not real and smooth, and for what the split steps do not cover.
    """

    hamiltonian: sympy.Expr
    jumps: tuple[sympy.Expr, ...]
    h: float
    gamma: float
    x: tuple[sympy.Symbol, ...] = field(repr=False)
    xi: tuple[sympy.Symbol, ...] = field(repr=False)
    kinetic: sympy.Expr = field(repr=False)
    potential: sympy.Expr = field(repr=False)
    kinetic_quadratic: tuple[tuple[Vector, ...], Vector] | None = field(repr=False)
    position_jumps: tuple[sympy.Expr, ...] = field(repr=False)
    momentum_jumps: tuple[sympy.Expr, ...] = field(repr=False)
    linear_jumps: tuple[tuple[Vector, Vector], ...] = field(repr=False)
    momentum_jumps_linear: tuple[Vector, ...] | None = field(repr=False)

    def __init__(self, hamiltonian: Formula, jumps: Sequence[Formula], *, h: float, gamma: float) -> None:
        must(isinstance(jumps, (list, tuple)), "jumps", "be a list of symbols", jumps)
        n = _dimension([hamiltonian, *jumps])
        x, xi = variables(n)
        p = _symbol(hamiltonian, x + xi, "hamiltonian")
        parts = separate(p, x, xi)
        if parts is None:
            raise InputError(
                f"Argument `hamiltonian` must be T(xi) + V(x), but is {shown(str(p))}. "
                "Terms that mix x and xi are not covered yet."
            )
        kinds = _classify([_symbol(jump, x + xi, "jumps") for jump in jumps], x, xi)
        values: dict[str, Any] = {
            "hamiltonian": p,
            "h": real("h", h, above=0.0),
            "gamma": real("gamma", gamma, low=0.0, advice="gamma = 0 is a closed system."),
            "x": x,
            "xi": xi,
            "kinetic": parts[0],
            "potential": parts[1],
            "kinetic_quadratic": quadratic(parts[0], xi),
            **kinds,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def n(self) -> int:
        """The number of degrees of freedom."""
        return len(self.x)

    def replace(self, **changes: Any) -> System:
        """This system with other `hamiltonian`, `jumps`, `h` or `gamma`."""
        now: dict[str, Any] = {k: getattr(self, k) for k in ("hamiltonian", "jumps", "h", "gamma")}
        now.update(changes)
        return System(now["hamiltonian"], now["jumps"], h=now["h"], gamma=now["gamma"])

    def reversed(self) -> System:
        """p -> -p: the time direction of Li (1.1), whose commutator has the sign +i/h."""
        return self.replace(hamiltonian=-self.hamiltonian)

    def as_dict(self) -> dict[str, Any]:
        """The system as text and numbers, for JSON."""
        return {
            "hamiltonian": str(self.hamiltonian),
            "jumps": [str(jump) for jump in self.jumps],
            "h": self.h,
            "gamma": self.gamma,
        }

    def __str__(self) -> str:
        jumps = ", ".join(map(str, self.jumps)) or "none"
        return f"p = {self.hamiltonian}, jumps {jumps}; h = {self.h:.10g}, gamma = {self.gamma:.10g}"

    def _repr_latex_(self) -> str:
        parts = [f"p = {sympy.latex(self.hamiltonian)}"]
        parts += [rf"\ell_{{{j + 1}}} = {sympy.latex(jump)}" for j, jump in enumerate(self.jumps)]
        parts += [f"h = {self.h:.10g}", rf"\gamma = {self.gamma:.10g}"]
        return "$" + r",\; ".join(parts) + "$"


def _dimension(symbols: Sequence[Formula]) -> int:
    """n, from the names used: x, xi alone, or the largest index of x1, xi1, ..."""
    names: set[str] = set()
    for symbol in symbols:
        if isinstance(symbol, str):
            names.update(re.findall(r"\b(?:xi|x)\d*\b", symbol[:4000]))
        elif isinstance(symbol, sympy.Basic):
            names.update(str(s) for s in symbol.free_symbols)
    plain = names & {"x", "xi"}
    indices = {int(m[1]) for name in names if (m := re.fullmatch(r"(?:xi|x)([1-9]\d?)", name))}
    must(not (plain and indices), "hamiltonian", "use either x, xi or x1, xi1, x2, ... throughout", sorted(names))
    return max(indices, default=1)


def _symbol(value: Formula, allowed: tuple[sympy.Symbol, ...], name: str) -> sympy.Expr:
    """`value` as a smooth real expression in our own variables."""
    names = {str(v): v for v in allowed}
    if len(allowed) == 2:
        names.update(x1=allowed[0], xi1=allowed[1])  # n = 1, written with indices
    if isinstance(value, str):
        f = parse(value, names, name)
    else:
        if not isinstance(value, (int, float, sympy.Expr)) or isinstance(value, bool):
            raise fail(name, "be text or a SymPy expression", value)
        f = sympy.sympify(value)
        check_form(f, name)
        f = f.xreplace({s: names[str(s)] for s in f.free_symbols if str(s) in names})
    strangers = sorted(str(s) for s in f.free_symbols if s not in allowed)
    if strangers:
        time = " Symbols that depend on time are not covered yet." if "t" in strangers else ""
        raise fail(name, f"use the names {', '.join(map(str, allowed))} only", ", ".join(strangers), time.strip())
    check_smooth(f, name)
    return f


def _classify(jumps: list[sympy.Expr], x: tuple[sympy.Symbol, ...], xi: tuple[sympy.Symbol, ...]) -> dict[str, Any]:
    position, momentum, mixed = [], [], []
    for jump in jumps:
        if not jump.has(*x, *xi):
            raise fail("jumps", "depend on x or xi", jump, "A constant jump does nothing.")
        if not jump.has(*xi):
            position.append(jump)
        elif not jump.has(*x):
            momentum.append(jump)
        else:
            both = _linear(jump, x + xi)
            if both is None:
                raise InputError(
                    f"Argument `jumps` must hold functions of x alone, of xi alone, or linear ones a x + b xi, but has "
                    f"{shown(str(jump))}. Other jumps that mix x and xi are not covered yet."
                )
            mixed.append((both[: len(x)], both[len(x) :]))
    slopes = [_linear(jump, xi) for jump in momentum]
    return {
        "jumps": tuple(jumps),
        "position_jumps": tuple(position),
        "momentum_jumps": tuple(momentum),
        "linear_jumps": tuple(mixed),
        "momentum_jumps_linear": None if None in slopes else tuple(slopes),
    }


def _linear(f: sympy.Expr, v: tuple[sympy.Symbol, ...]) -> Vector | None:
    """The gradient of f if f is of degree <= 1 in `v`, else None."""
    found = quadratic(f, v)
    if found is None or any(any(row) for row in found[0]):
        return None
    return found[1]
