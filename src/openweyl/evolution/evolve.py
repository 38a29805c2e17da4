"""`evolve`: the symbol of the quantum state, or the classical density, at given times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Literal

from openweyl._core import arguments
from openweyl._core.arguments import must
from openweyl._core.calls import public
from openweyl._core.memory import spare_memory
from openweyl._core.progress import Progress, callback, shows_progress
from openweyl._core.threads import one_thread
from openweyl.gaussian_packets.flow import quadratic_flow
from openweyl.model.pair import grid_state_of
from openweyl.model.rates import check_rates
from openweyl.model.states import PacketState, State
from openweyl.model.system import System
from openweyl.observables.observable import Observable
from openweyl.weyl.symbol import Symbol

from .checkpoint import DONE, Checkpoint, Part, key_of
from .choice import by_steps
from .closed_form import closed_form
from .facts import solution_facts, solution_from
from .observing import Observer, checked_observables
from .outputs import Watch
from .pace import TIME_LIMIT
from .solution import Solution

Kind = Literal["quantum", "classical"]
MAX_WATCH_CALLS = 1_000_000
"""The most calls of `watch` that may be asked for in one run: no step is longer than the time between two."""
MAX_EXPANSION_ORDER = 12
"""The largest number of terms of the expansion in the corrections."""


def expansion_order(order: int) -> int:
    """`order`, if it may be that of an expansion."""
    return arguments.whole("order", order, 1, MAX_EXPANSION_ORDER, "The expansion is asymptotic.")


@public
@shows_progress("evolve")
def evolve(
    system: System,
    state: State | Symbol,
    times: Sequence[float],
    *,
    kind: Kind = "quantum",
    order: int = 1,
    tol: float = 1e-6,
    memory: float | None = None,
    time_limit: float = TIME_LIMIT,
    progress: Progress | bool | None = None,
    watch: Watch | None = None,
    watch_every: float = inf,
    observables: Sequence[Observable | str] = (),
    checkpoint: str | Path | Part | None = None,
) -> Solution:
    """The symbol of A(t), dA/dt = L A ("quantum"), or the classical density, da/dt = Q a, at `times`.

    `system`, `state`: what is evolved; the state is that at time 0. A Symbol is a state, too, such as `solution[-1]`
    of another run, to go on from: with its own error, and with p at time 0 again.
    `times`: increasing, >= 0, in the unit of time of the Hamiltonian.
    `kind`: "quantum", the Lindblad equation, or "classical", the Fokker-Planck equation.
    `order`: N > 1 (classical only) adds the corrections of Li, Theorem 3: the symbols get a leading axis of length N
    with b_0 = a and d_t b_j = Q b_j + (L - Q) b_{j-1}, b_j(0) = 0; their sum is a_N.
    `tol`: the error allowed in trace norm at the last time. Grid and step are chosen by it.
    `memory`: bytes that the run may use (default: half of what is free).
    `time_limit`: seconds that it may take (default: an hour), by forecast; closed forms take no steps, and none of it.
    `progress`: True for a bar, where it takes longer than two seconds; or a function, which is called with the time
    reached, the last time, and a few words on the grid.
    `watch`: is called with (t, symbol) at time 0, at the saved times, and at least every `watch_every` units of time.
    `observables`: a list of `Observable`s or their texts, such as ["ad*a", "tanh(x)"], whose values are read off at
    time 0, at the saved times, and at all looks between, of which there are 60 at least for n = 1; `watch_every` asks
    for more. They are in `.observed`, by name. Regions in two variables and more are read at the saved times alone.
    `checkpoint`: a file that the run writes itself to every minute, and from which the same call goes on after a kill,
    with the numbers that it would have had, bit for bit. It is removed when the run is done. Not with `watch`.

    Returns a Solution: the symbols, and in `.numerics` the method, the grid, the step and the error that they leave.
    Gaussian packets under quadratic p with linear jumps are carried in closed form, without steps. Quantum evolutions
    under polynomial p and jumps, n <= 2, run in a Fock basis where that is forecast to be faster than a grid.

    Raises InputError for arguments out of range, for the few systems that no method here covers, and for a checkpoint
    of another call or version, or a damaged one, which stays as it is; OSError if it cannot be written; ResourceError
    when a grid would pass the memory limit, or the run the time limit.

    Source: Li (1.1)-(1.5) in the time direction of von Neumann's equation.

    >>> from openweyl import System, coherent
    >>> well = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2**-4, gamma=1.0)
    >>> solution = evolve(well, coherent(1.0, 0.0), [0.5], tol=1e-4)
    >>> round(float(solution.final.purity()), 4), solution.numerics.error[0] < 1e-4
    (0.4093, True)
    """
    state = grid_state_of(system, state)
    arguments.choice("kind", kind, ("quantum", "classical"))
    order = expansion_order(order)
    must(order == 1 or kind == "classical", "order", "be 1 for the quantum evolution", order)
    saved = arguments.times(times)
    tol = arguments.tolerance(tol)
    watch_every = arguments.real("watch_every", watch_every, above=0.0, endless=True)
    least = saved[-1] / MAX_WATCH_CALLS
    must(watch_every >= least, "watch_every", f"be >= {least:g}", watch_every, f"That is {MAX_WATCH_CALLS} looks.")
    watched = checked_observables(observables, system.n)
    report = callback(progress)
    arguments.function("watch", watch)
    limit = spare_memory() if memory is None else arguments.real("memory", memory, above=0.0)
    seconds = arguments.real("time_limit", time_limit, above=0.0)
    check_rates(system, saved[-1])
    advice = "A run that goes on does not show again what it has passed: take `observables`."
    must(checkpoint is None or watch is None, "checkpoint", "not be given together with `watch`", checkpoint, advice)
    if checkpoint is None or isinstance(checkpoint, Part):
        part = checkpoint
    else:
        names = [one.name for one in watched]
        key = key_of(system, state, saved, tol, names, kind=kind, order=order, watch_every=watch_every)
        part = Part(Checkpoint.open(checkpoint, key), kind, alone=True)
    if part and part.method == DONE:
        return solution_from(part.result, system)
    observer = Observer(watched, kind, saved, watch, part.watched if part else None)
    every = observer.every(watch_every, saved[-1], system.n)
    with one_thread():
        if isinstance(state, PacketState) and (flow := quadratic_flow(system)):
            solution = closed_form(
                flow, state, saved, kind=kind, order=order, tol=tol, memory=limit, progress=report,
                look=observer.look, watch_every=every,
            )  # fmt: skip
        else:
            solution = by_steps(
                system, state, saved, kind=kind, order=order, tol=tol, memory=limit, time_limit=seconds,
                progress=report, look=observer.look, watch_every=every, part=part,
            )  # fmt: skip
    solution = replace(solution, observations=observer.observations()) if watched else solution
    if part:
        part.finish(solution_facts(solution))
    return solution
