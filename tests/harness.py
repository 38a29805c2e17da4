"""Random cases with a known answer: is the true error <= the reported one, and this <= tol?

    python tests/harness.py --kind gaussian --cases 200 --seed 1

prints a line for each case, and for what failed one that reproduces it. Kinds:

- gaussian: quadratic p, also driven, linear jumps, real and complex; coherent and squeezed states, cats, mixtures. The
  truth is a closed form, `packets.py`. Most of the cases carry a term 1e-17 cos(x), whose effect in trace norm is below
  t 2e-17/h: no closed form of openweyl's own covers these.
- far: the same, all of them with that term, from centres far away at small h.
- anharmonic: bounded wells, quartics, bumps, three kinetic energies, nonlinear jumps, fast packets. The truth is
  `kernel_oracle.py`, for both evolutions.
- moving: packets that travel far, over bumps, barriers and walls, apart or with company (`moving_cases.py`).
- two: coupled systems of two degrees of freedom, which a rotation separates (`two_modes.py`).

The true error is the trace norm of the difference where its kernel is small, else its L1 norm on a finer grid, and
what the exact state holds outside of the solution's box is added. A case is drawn from (seed, kind, number) alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import click
import numpy as np

from cases import CHEAP, FULL, Size, anharmonic_case, far_case, gaussian_case
from judging import Outcome, Problem, Truth, judge
from kernel_oracle import UnsureError
from moving_cases import moving_case
from truths import anharmonic_truth, gaussian_truth, moved_truth
from two_modes import two_case

ATTEMPTS = 12
"""How many problems are drawn until the oracle can vouch for its answer."""
TRIED = ("hang", "refused", "crash", "unsure")
"""Verdicts without numbers."""


def _closed(draw: Callable[[np.random.Generator, Size], Problem], rng: np.random.Generator, size: Size) -> Drawn:
    problem = draw(rng, size)
    return problem, lambda: gaussian_truth(problem)


def _split(rng: np.random.Generator, size: Size) -> Drawn:
    system, problem = anharmonic_case(rng, size)
    return problem, lambda: anharmonic_truth(system, problem, size.largest, size.work)


def _moving(rng: np.random.Generator, size: Size) -> Drawn:
    """The oracle has more points than for other kinds."""
    system, rest, problem, shift = moving_case(rng, size)
    largest, work = round(1.2 * size.largest), 1.7 * size.work
    return problem, lambda: moved_truth(anharmonic_truth(system, rest, largest, work), shift)


Drawn = tuple[Problem, Callable[[], Truth]]
KINDS: dict[str, Callable[[np.random.Generator, Size], Drawn]] = {
    "gaussian": lambda rng, size: _closed(gaussian_case, rng, size),
    "anharmonic": _split,
    "far": lambda rng, size: _closed(far_case, rng, size),
    "moving": _moving,
    "two": two_case,
}
"""New ones go to the end: the place of a kind is part of what its cases are drawn from."""


def case(kind: str, seed: int, number: int, size: Size = FULL, limit: float = 20.0) -> Outcome:
    """The case of this number, run and judged."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind), number])
    for _ in range(ATTEMPTS):
        problem, truth = KINDS[kind](rng, size)
        try:
            known = truth()
        except UnsureError as reason:
            unsure = Outcome("unsure", problem, text=str(reason))
        else:
            return judge(problem, known, limit)
    return unsure


def summary(outcomes: Sequence[Outcome]) -> str:
    """Counts, and the middle and the extremes of three ratios."""
    counts = Counter(outcome.verdict for outcome in outcomes)
    seconds = np.nansum([outcome.seconds for outcome in outcomes])
    answered = [o for o in outcomes if o.verdict not in TRIED]
    lines = [
        f"{len(outcomes)} cases, {seconds:.0f} s of the processor: "
        + ", ".join(f"{n} {v}" for v, n in counts.most_common())
    ]
    stepwise = [o for o in answered if o.steps]
    for name, some in (("by steps", stepwise), ("closed forms", [o for o in answered if not o.steps])):
        if some:
            ratios = {
                "true/reported": [o.ratio for o in some],
                "true/tol": [o.true / o.problem.tol for o in some],
                "reported/tol": [o.reported / o.problem.tol for o in some],
            }
            lines += [f"  {len(some)} {name}"] + [f"    {what:14} {_spread(values)}" for what, values in ratios.items()]
    return "\n".join(lines)


def _spread(values: Sequence[float]) -> str:
    return f"median {np.median(values):8.2g}, from {min(values):8.2g} to {max(values):8.2g}"


@click.command()
@click.option("--kind", type=click.Choice([*KINDS, "all"]), default="all")
@click.option("--cases", default=50)
@click.option("--seed", default=1)
@click.option("--first", default=0, help="The number of the first case.")
@click.option("--only", type=int, help="One case, by its number.")
@click.option("--limit", default=20.0, help="Seconds that openweyl may take for a case.")
@click.option("--cheap", is_flag=True, help="The sizes of the quick tests.")
def main(kind: str, cases: int, seed: int, first: int, only: int | None, limit: float, cheap: bool) -> None:
    """Run random cases and count."""
    size = CHEAP if cheap else FULL
    for one in KINDS if kind == "all" else (kind,):
        outcomes = []
        click.echo(f"{one}, seed {seed}, {'cheap' if cheap else 'full'}")
        for number in range(first, first + cases) if only is None else (only,):
            outcome = case(one, seed, number, size, limit)
            outcomes.append(outcome)
            click.echo(f"{number:5} {outcome}")
            if outcome.verdict not in ("ok", "unsure") or only is not None:
                click.echo(f"      {outcome.problem.code}")
        click.echo(summary(outcomes))


if __name__ == "__main__":
    main()
