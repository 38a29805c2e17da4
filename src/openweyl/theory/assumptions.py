"""Whether a system and a state satisfy the assumptions of Li's theorems, line by line, and the scales of the bounds.

    (1.2), (1.6)   the classes of p and of the real l_j, ellipticity: see `classes`
    (2.7)          h^-n ||d^alpha a||_{L1} <= C_alpha h^{-rho |alpha|},
    Theorem 1      coherent states and mixtures of not-too-squeezed Gaussians (1.13),  h^0 <= gamma <= h^{-1},
    Theorem 2      0 <= rho <= 1/2,  h^{2 rho - 1} <= gamma <= h^{-1}.

Not among the theorems' assumptions, but of all others: the flow of p does not reach infinity in finite time (`escape`).

A class is a property of a family in h; a state belongs to the family of its own centres and shapes in units of h.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import inf, isfinite, log, pi, sqrt
from typing import Any

import numpy as np
import sympy

from openweyl._core import arguments
from openweyl._core.arguments import must
from openweyl._core.calls import public
from openweyl._core.fft import filtered
from openweyl._core.text import table
from openweyl.model.escape import completeness, escapes
from openweyl.model.pair import check_pair
from openweyl.model.states import MixedState, Packet, PacketState, State, coherent, symplectic_form
from openweyl.model.system import System
from openweyl.norms.l1 import l1_norm
from openweyl.phase_space.grid import check_fits
from openweyl.symbolic.expressions import TIME, derivative, evaluate
from openweyl.symbolic.sentences import Prose, Sign

from .symbol_classes import Line, ellipticity_line, hamiltonian_line, jump_line

HORIZON = 50.0
"""The time over which the flow's stretching is followed, if it does not reach h^{-1/2} before."""
EVALUATIONS = 30_000
"""The most evaluations of the flow's field: fast orbits are followed for as long as these last."""
BYTES = 100
"""Peak memory per grid point of the seminorms of a state."""
_H, _GAMMA, _RHO, _SIGMA, _T, _C = sympy.symbols("h gamma rho sigma t c", positive=True)
_A_0 = sympy.Symbol("a_0")


@dataclass(frozen=True)
class Assumptions:
    """The lines, what follows for each theorem, and the scales that the bounds are made of.

    reasons: for each theorem the lines that fail, empty if it applies. seminorms: sup |d^alpha p| by |alpha| >= 2, and
    sup <z>^{|alpha| - 1} |d^alpha l_j| by |alpha| >= 0. state_seminorms: h^{rho |alpha| - n} ||d^alpha a||_{L1} summed
    over each |alpha|. epsilon = sqrt(gamma h/2), rho_tilde = log epsilon/log h (5.5). lyapunov: log |d phi^T|/T along
    the orbit of the state's mean, T the time at which |d phi^T| = h^{-1/2} or `HORIZON`; inf if the orbit leaves the
    range of double precision before. ehrenfest_time = log(1/h)/(2 lyapunov), None if nothing is stretched.
    correspondence_time: where (1.10), with C = 1 and without its first two terms, reaches 1. escape: a sentence if the
    flow of p is found to reach infinity in finite time, else empty.
    """

    system: System
    state: State
    lines: tuple[Line, ...]
    applies: dict[str, bool]
    reasons: dict[str, list[str]]
    seminorms: dict[str, dict[int, float]]
    state_seminorms: dict[int, float]
    rho: float | None
    epsilon: float
    rho_tilde: float | None
    lyapunov: float
    ehrenfest_time: float | None
    correspondence_time: float | None
    escape: str

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists: what `openweyl check --json` prints."""
        return {
            "system": self.system.as_dict() | {"state": str(self.state)},
            "applies": self.applies,
            "reasons": self.reasons,
            "escape": self.escape or None,
            "lines": [
                {"name": a.name, "holds": a.holds, "how": a.how, "value": _plain(a.value), "text": a.text}
                for a in self.lines
            ],
            "seminorms": {
                name: {str(order): _plain(value) for order, value in values.items()}
                for name, values in self.seminorms.items()
            },
            "state_seminorms": {str(order): _plain(value) for order, value in self.state_seminorms.items()},
            **{
                name: _plain(getattr(self, name))
                for name in (
                    "rho", "epsilon", "rho_tilde", "lyapunov", "ehrenfest_time", "correspondence_time",
                )
            },
        }  # fmt: skip

    def __str__(self) -> str:
        words = {True: "holds", False: "fails", None: "open"}
        rows = [(a.name, words[a.holds], a.how, a.text) for a in self.lines]
        width = max(len(a.text) for a in self.lines)
        lines = table(("line", "verdict", "how", "what"), [(*row[:3], row[3].ljust(width)) for row in rows])
        verdicts = [
            f"{name.replace('_', ' ').capitalize()} applies."
            if self.applies[name]
            else f"{name.replace('_', ' ').capitalize()} does not apply: {'; '.join(self.reasons[name])}."
            for name in self.applies
        ]
        scales = [
            ("eps = sqrt(gamma h/2)", self.epsilon),
            ("rho of the state", "none" if self.rho is None else self.rho),
            ("rho-tilde = log eps/log h", "none" if self.rho_tilde is None else self.rho_tilde),
            ("Lyapunov exponent", self.lyapunov),
            ("Ehrenfest time", "none" if self.ehrenfest_time is None else self.ehrenfest_time),
            ("time of correspondence", "none" if self.correspondence_time is None else self.correspondence_time),
        ]
        return "\n".join(
            [str(self.system), str(self.state), "", lines, "", *verdicts]
            + [f"Take care: {self.escape}"] * bool(self.escape)
            + ["", table(("scale", "value"), scales)]
        )


@public
def check_assumptions(system: System, state: State | None = None, times: Sequence[float] | None = None) -> Assumptions:
    """The assumptions (1.2), (1.6), (2.7) for `system` and `state` (by default the coherent state at 0).

    `times`: if given, the last of them is held against the predicted time of correspondence.

    >>> from openweyl import System
    >>> found = check_assumptions(System("xi**2/2 - cos(x)", ["x", "xi"], h=0.01, gamma=1.0))
    >>> found.applies
    {'theorem_1': True, 'theorem_2': True, 'theorem_3': True}
    >>> found = check_assumptions(System("xi**2/2 - cos(x)", ["x"], h=0.01, gamma=1.0))
    >>> print(found.reasons["theorem_1"][0])
    (1.6): 1 jump for 2 dimensions, so H H* has the eigenvalue 0; Smith, arXiv:2601.04489, covers momentum diffusion
    """
    must(isinstance(system, System), "system", "be a System", system)
    state = coherent([0.0] * system.n, [0.0] * system.n) if state is None else state
    check_pair(system, state)
    h, gamma = system.h, system.gamma
    seminorms: dict[str, dict[int, float]] = {"p": {}}
    timed = system.hamiltonian.has(TIME)
    text = "p depends on the time; the paper's does not" if timed else "p does not depend on the time"
    lines = [Line("autonomous", not timed, "proved", None, text)]
    if not timed:
        lines.append(hamiltonian_line(system, seminorms["p"]))
    complex_jumps = any(jump.has(sympy.I) for jump in system.jumps)
    text = "complex jumps (friction) are not covered by the paper" if complex_jumps else "all jumps are real"
    lines.append(Line("real jumps", not complex_jumps, "proved", None, text))
    if not complex_jumps:
        for j, jump in enumerate(system.jumps):
            seminorms[f"l_{j + 1}"] = {}
            lines.append(jump_line(system, jump, f"l_{j + 1}", seminorms[f"l_{j + 1}"]))
        lines.append(ellipticity_line(system))
    inside = 1 <= gamma <= 1 / h
    lies = "lies" if inside else "does not lie"
    text = Prose(_GAMMA, Sign.EQ, gamma, f" {lies} between 1 and ", 1 / _H, Sign.EQ, 1 / h)
    coupling = Line(Prose(1.0, Sign.LE, _GAMMA, Sign.LE, 1 / _H), inside, "proved", gamma, text)
    rho, gaussian, member = _state_lines(state)
    needed = [*lines, member]
    if rho is not None:
        least = h ** (2 * rho - 1)
        allowed = least * (1 - 1e-12) <= gamma <= 1 / h
        lies = "lies" if allowed else "does not lie"
        text = Prose(_GAMMA, Sign.EQ, gamma, f" {lies} between ", least, " and ", 1 / h, "; ", _RHO, Sign.EQ, rho)
        name = Prose(_H ** (2 * _RHO - 1), Sign.LE, _GAMMA, Sign.LE, 1 / _H)
        needed.append(Line(name, allowed, "proved", least, text))
    used = {"theorem_1": [*lines, coupling, gaussian], "theorem_2": needed, "theorem_3": needed}
    reasons: dict[str, list[str]] = {
        name: [Prose(a.name, ": ", a.text) for a in its if not a.holds] for name, its in used.items()
    }
    growth = growth_rate(h, gamma)
    flow = completeness(system)
    complete = Line("flow for all times", flow.holds, flow.how, None, flow.text)
    shown = [*lines, complete, coupling, gaussian, *needed[len(lines) :]]
    if times is not None:
        last = arguments.times(times)[-1]
        predicted = 1 / (sympy.sqrt(_H) * _GAMMA ** sympy.Rational(-3, 2) + _H / _GAMMA)
        text = Prose(_T, Sign.EQ, last, f" is {'within' if growth * last <= 1 else 'beyond'} ", predicted)
        shown.append(Line("time of correspondence", growth * last <= 1, "proved", 1 / growth, text))
    epsilon = sqrt(gamma * h / 2)
    mean, state_seminorms = _measured(state, h, 0.5 if rho is None else rho)
    lyapunov, ehrenfest = _stretching(system, mean)
    return Assumptions(
        system=system,
        state=state,
        lines=tuple(shown),
        applies={name: not failing for name, failing in reasons.items()},
        reasons=reasons,
        seminorms=seminorms,
        state_seminorms=state_seminorms,
        rho=rho,
        epsilon=epsilon,
        rho_tilde=log(epsilon) / log(h) if 0 < h < 1 and epsilon > 0 else None,
        lyapunov=lyapunov,
        ehrenfest_time=ehrenfest,
        correspondence_time=1 / growth if gamma > 0 else None,
        escape=escapes(system),
    )


def growth_rate(h: float, gamma: float) -> float:
    """h^{1/2} gamma^{-3/2} + h gamma^{-1}, the rate at which the bound (1.10) grows with time; inf at gamma = 0."""
    return sqrt(h) * gamma**-1.5 + h / gamma if gamma > 0 else inf


def _plain(value: float | None) -> float | None:
    return None if value is None or not isfinite(value) else float(value)


def _packets(state: State) -> list[Packet] | None:
    """All packets of a state that consists of such."""
    if isinstance(state, PacketState):
        return [packet for _, packets in state.members for packet in packets]
    if isinstance(state, MixedState):
        parts = [_packets(member) for _, member in state.members]
        return None if None in parts else [packet for part in parts for packet in part or []]
    return None


def _state_lines(state: State) -> tuple[float | None, Line, Line]:
    """rho, the line of Theorem 1 and that of Theorem 2."""
    first = "coherent or (1.13)"
    half = sympy.Rational(1, 2)
    second = Prose(_A_0, Sign.IN, sympy.Symbol("S_rho^L1"), ", ", _RHO, Sign.LE, half)
    packets = _packets(state)
    if packets is None:
        text = "a state given for one h belongs to no family in h: no class can be told"
        return None, Line(first, False, "proved", None, text), Line(second, False, "proved", None, text)
    if any(any(packet.wave) for packet in packets):
        scale = Prose("superposed packets interfere on the scale ", _H)
        return (
            1.0,
            Line(first, False, "proved", None, scale),
            Line(second, False, "proved", 1.0, Prose(scale, ": ", _A_0, " lies in ", sympy.Symbol("S_1^L1"), " only")),
        )
    least = min(2 * float(np.linalg.eigvalsh(np.array(packet.covariance))[0]) for packet in packets)
    wide = Prose("Gaussians with ", _SIGMA, Sign.GE, _C * _H, ", ", _C, Sign.EQ, least)
    both = Prose(wide, ": ", _RHO, Sign.EQ, half)
    return 0.5, Line(first, True, "proved", least, wide), Line(second, True, "proved", 0.5, both)


def _measured(state: State, h: float, rho: float) -> tuple[np.ndarray, dict[int, float]]:
    """The mean, and sum over |alpha| = k of h^{rho k - n} ||d^alpha a||_{L1} for k <= 2n + 1 (k <= 1 if n > 1)."""
    n = state.n
    grid = state.window(h, level=1e-6 if n == 1 else 1e-3)
    check_fits(grid, BYTES, "raise `h`, or bring the parts of the state closer together")
    a = state.symbol(grid)
    found: dict[int, float] = {}
    for order in range(2 * n + 2 if n == 1 else 2):
        total = 0.0
        for alpha in combinations_with_replacement(range(-2 * n, 0), order):
            d = a.values
            for axis in alpha:
                k = grid.coordinates((axis,))[axis + 2 * n]
                d = filtered(d, (1j * k if axis < -n else -1j * k / h)[None], (axis,))  # s = -h times a wave number
            total += l1_norm(a.like(d)).value * (2 * pi) ** n
        found[order] = h ** (rho * order) * total
    return a.moments().mean, found


def _stretching(system: System, start: np.ndarray) -> tuple[float, float | None]:
    """log |d phi^T|/T along the orbit of `start`, T where |d phi^T| = h^{-1/2} or the horizon; the Ehrenfest time."""
    from scipy.integrate import RK45  # slow to import
    from scipy.optimize import brentq

    n, p = system.n, system.hamiltonian
    z = system.x + system.xi
    form = symplectic_form(n)
    gradient = [derivative(p, v) for v in z]
    hessian = [[derivative(d, v) for v in z] for d in gradient]
    goal = max(log(1 / system.h) / 2, 0.0) + 1e-9

    def field(t: float, y: np.ndarray) -> np.ndarray:
        at = dict(zip((*z, TIME), (*y[: 2 * n].tolist(), t), strict=True))
        slope = np.array([float(evaluate(d, at, np)) for d in gradient])
        second = np.array([[float(evaluate(d, at, np)) for d in row] for row in hessian])
        found = np.concatenate([form @ slope, (form @ second @ y[2 * n :].reshape(2 * n, 2 * n)).ravel()])
        if not np.isfinite(found).all():
            raise OverflowError
        return found

    def stretch(y: np.ndarray) -> float:
        return log(float(np.linalg.norm(y[2 * n :].reshape(2 * n, 2 * n), 2)))

    with np.errstate(all="ignore"):
        try:
            run = RK45(field, 0.0, np.concatenate([start, np.eye(2 * n).ravel()]), HORIZON, rtol=1e-6, atol=1e-9)
            while run.status == "running" and run.nfev < EVALUATIONS and stretch(run.y) < goal:
                run.step()
        except OverflowError:  # the orbit runs off to infinity
            return inf, 0.0
    end, reached = run.t, stretch(run.y)
    if reached > goal:
        orbit = run.dense_output()
        end, reached = brentq(lambda t: stretch(orbit(t)) - goal, run.t_old, run.t), goal
    rate = max(reached / end, 0.0) if end > 0 else inf
    return rate, (goal - 1e-9) / rate if rate > 1e-6 else None
