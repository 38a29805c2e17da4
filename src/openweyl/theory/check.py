"""Whether a system and a state satisfy the assumptions of Li's theorems, and the scales of the theorems' bounds.

    (1.2), (1.6)   the classes of p and of the real l_j, ellipticity: `symbol_classes`
    (2.7)          h^-n ||d^alpha a||_{L1} <= C_alpha h^{-rho |alpha|}: `state_classes`
    Theorem 1      coherent states and mixtures of not-too-squeezed Gaussians (1.13),  h^0 <= gamma <= h^{-1},
    Theorem 2      0 <= rho <= 1/2,  h^{2 rho - 1} <= gamma <= h^{-1}.

Not among the theorems' assumptions, but of all others: the flow of p does not reach infinity in finite time
(`model.escape`).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt

import sympy

from openweyl._core import arguments
from openweyl._core.calls import public
from openweyl.model.escape import completeness, escapes
from openweyl.model.gaussian_states import coherent
from openweyl.model.pair import check_system, grid_state_of
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.symbolic.sentences import Prose, Sign
from openweyl.weyl.symbol import Symbol

from .assumptions import Assumptions, Line
from .bounds import CORRESPONDENCE_TIME, GAMMA, H, covers, growth_rate
from .state_classes import RHO, mean_and_seminorms, state_lines
from .stretching import stretching
from .symbol_classes import ellipticity_line, hamiltonian_line, jump_line

T = sympy.Symbol("t", positive=True)
COUPLING_ROUND_OFF = 1e-12
"""Relative: a coupling of h^{2 rho - 1} as a user computes it is allowed."""


@public
def check_assumptions(
    system: System, state: State | Symbol | None = None, times: Sequence[float] | None = None
) -> Assumptions:
    """The assumptions (1.2), (1.6), (2.7) for `system` and `state` (by default the coherent state at 0).

    `times`: if given, the last of them is held against the predicted time of correspondence.

    Raises InputError if the state does not belong to the system, ResourceError if its symbol needs too much memory.

    >>> from openweyl import System
    >>> assumptions = check_assumptions(System("xi**2/2 - cos(x)", ["x", "xi"], h=0.01, gamma=1.0))
    >>> assumptions.applies
    {'theorem_1': True, 'theorem_2': True, 'theorem_3': True}
    >>> assumptions = check_assumptions(System("xi**2/2 - cos(x)", ["x"], h=0.01, gamma=1.0))
    >>> print(assumptions.reasons["theorem_1"][0])
    (1.6): 1 jump for 2 dimensions, so H H* has the eigenvalue 0; Smith, arXiv:2601.04489, covers momentum diffusion
    """
    check_system(system)
    state = coherent([0.0] * system.n, [0.0] * system.n) if state is None else state
    state = grid_state_of(system, state)
    h, gamma = system.h, system.gamma
    seminorms: dict[str, dict[int, float]] = {}
    lines = _system_lines(system, seminorms)
    coupling = _coupling_line(h, gamma)
    rho, gaussian, member = state_lines(state)
    class_coupling = [] if rho is None else [_class_coupling_line(h, gamma, rho)]
    first, second = [*lines, coupling, gaussian], [*lines, member, *class_coupling]
    reasons: dict[str, list[str]] = {
        theorem: [Prose(line.name, ": ", line.text) for line in needed if not line.holds]
        for theorem, needed in {"theorem_1": first, "theorem_2": second, "theorem_3": second}.items()
    }
    flow = completeness(system)
    shown = [*lines, Line("flow for all times", flow.holds, flow.how, None, flow.text)]
    shown += [coupling, gaussian, member, *class_coupling]
    if times is not None:
        shown.append(_time_line(h, gamma, arguments.times(times)[-1]))
    epsilon = sqrt(gamma * h / 2)
    mean, state_seminorms = mean_and_seminorms(state, h, 0.5 if rho is None else rho)
    lyapunov, ehrenfest = stretching(system, mean)
    return Assumptions(
        system=system,
        state=state,
        lines=tuple(shown),
        applies={theorem: not failing for theorem, failing in reasons.items()},
        reasons=reasons,
        seminorms=seminorms,
        state_seminorms=state_seminorms,
        rho=rho,
        epsilon=epsilon,
        rho_tilde=log(epsilon) / log(h) if 0 < h < 1 and epsilon > 0 else None,
        lyapunov=lyapunov,
        ehrenfest_time=ehrenfest,
        correspondence_time=1 / float(growth_rate(h, gamma)) if gamma > 0 else None,
        escape=escapes(system),
    )


def _system_lines(system: System, seminorms: dict[str, dict[int, float]]) -> list[Line]:
    """The lines of p and of the jumps, which all theorems share; fills in their seminorms by name."""
    seminorms["p"] = {}
    timed, timed_jumps = system.driven, any(system.driven_jumps)
    what = "p and jumps depend" if timed and timed_jumps else "p depends" if timed else "jumps depend"
    text = "p does not depend on the time"
    if timed or timed_jumps:
        text = f"{what} on the time; the paper's {'do' if timed_jumps else 'does'} not"
    lines = [Line("autonomous", not (timed or timed_jumps), "proved", None, text)]
    if not timed:
        lines.append(hamiltonian_line(system, seminorms["p"]))
    complex_jumps = any(jump.has(sympy.I) for jump in system.jumps)
    text = "complex jumps (friction) are not covered by the paper" if complex_jumps else "all jumps are real"
    lines.append(Line("real jumps", not complex_jumps, "proved", None, text))
    if not complex_jumps and not timed_jumps:
        for j, jump in enumerate(system.jumps):
            name = f"l_{j + 1}"
            seminorms[name] = {}
            lines.append(jump_line(system, jump, name, seminorms[name]))
        lines.append(ellipticity_line(system))
    return lines


def _coupling_line(h: float, gamma: float) -> Line:
    """1 <= gamma <= 1/h, of Theorem 1."""
    inside = bool(covers(h, gamma))
    text = Prose(GAMMA, Sign.EQ, gamma, f" {_lies(inside)} between 1 and ", 1 / H, Sign.EQ, 1 / h)
    return Line(Prose(1.0, Sign.LE, GAMMA, Sign.LE, 1 / H), inside, "proved", gamma, text)


def _class_coupling_line(h: float, gamma: float, rho: float) -> Line:
    """h^{2 rho - 1} <= gamma <= 1/h, of Theorems 2 and 3."""
    least = h ** (2 * rho - 1)
    inside = least * (1 - COUPLING_ROUND_OFF) <= gamma <= 1 / h
    text = Prose(GAMMA, Sign.EQ, gamma, f" {_lies(inside)} between ", least, " and ", 1 / h, "; ", RHO, Sign.EQ, rho)
    return Line(Prose(H ** (2 * RHO - 1), Sign.LE, GAMMA, Sign.LE, 1 / H), inside, "proved", least, text)


def _time_line(h: float, gamma: float, last: float) -> Line:
    """Whether the last time lies within the predicted time of correspondence."""
    growth = float(growth_rate(h, gamma))
    within = growth * last <= 1
    text = Prose(T, Sign.EQ, last, f" is {'within' if within else 'beyond'} ", CORRESPONDENCE_TIME)
    return Line("time of correspondence", within, "proved", 1 / growth, text)


def _lies(inside: bool) -> str:
    return "lies" if inside else "does not lie"
