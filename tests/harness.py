"""Random cases with a known answer: is the true error <= the reported one, and this <= tol?

    python tests/harness.py --kind gaussian --cases 200 --seed 1

prints a line for each case, and for what failed one that reproduces it. Kinds:

- gaussian: quadratic p, also driven, linear jumps, real and complex; coherent and squeezed states, cats, mixtures. The
  truth is a closed form, `packets.py`. Half of the cases carry a term 1e-17 cos(x), whose effect in trace norm is below
  t 2e-17/h: no closed form of openweyl's own covers these.
- anharmonic: bounded wells, quartics, bumps, three kinetic energies, nonlinear jumps, fast packets. The truth is
  `kernel_oracle.py`, for both evolutions.

The true error is the trace norm of the difference where its kernel is small, else its L1 norm on a finer grid, and
what the exact state holds outside of the solution's box is added. A case is drawn from (seed, kind, number) alone.
"""

from __future__ import annotations

import signal
import time as clock
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import click
import numpy as np

import kernel_oracle
from gaussian import Gaussian
from kernel_oracle import SplitSystem, UnsureError
from openweyl import InputError, PhaseGrid, ResourceError, Solution, System, evolve
from packets import Pure, Start, Sum, at, evolved, symbol_error

TINY = "1e-17*cos(x)"
ORACLE = 3e-8
"""The trace-norm error of the kernel oracle and of the classical one: `test_harness.py` holds doubled grids and another
solver against them."""
MEMORY = 1.5e9
"""Bytes that a run may use."""


class TimeLimit(BaseException):
    """No answer in time; no exception of the ordinary kind, so that nothing takes it for its own."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TimeLimit if the block is not done after so many seconds of this process: others may have the machine."""

    def stop(*_: object) -> None:
        raise TimeLimit

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@dataclass(frozen=True)
class Problem:
    """What is asked of openweyl."""

    hamiltonian: str
    jumps: tuple[str, ...]
    h: float
    gamma: float
    start: Start
    time: float
    tol: float
    evolution: str

    @property
    def code(self) -> str:
        """The call, as a user would write it after `from openweyl import *`."""
        system = f"System({self.hamiltonian!r}, {list(self.jumps)}, h={self.h!r}, gamma={self.gamma!r})"
        return f"evolve({system}, {self.start.code}, [{self.time!r}], kind={self.evolution!r}, tol={self.tol!r})"

    def solve(self) -> Solution:
        system = System(self.hamiltonian, list(self.jumps), h=self.h, gamma=self.gamma)
        return evolve(system, self.start.state, [self.time], kind=self.evolution, tol=self.tol, memory=MEMORY)


@dataclass(frozen=True)
class Truth:
    """The exact mean, the true error of a symbol on its grid, and the error of all this itself."""

    mean: np.ndarray
    error: Any
    floor: float


@dataclass(frozen=True)
class Outcome:
    """`verdict`: ok, wrong, over (tol, without a word), mean, trace, hang, refused, crash, or unsure (the oracle)."""

    verdict: str
    problem: Problem
    true: float = np.nan
    reported: float = np.nan
    seconds: float = np.nan
    text: str = ""

    @property
    def ratio(self) -> float:
        return self.true / self.reported

    def __str__(self) -> str:
        p = self.problem
        numbers = f"true {self.true:8.1e} reported {self.reported:8.1e} tol {p.tol:7.1e} ratio {self.ratio:8.1e}"
        return f"{self.verdict:8} {numbers} {self.seconds:6.2f} s  {self.text}"


def judge(problem: Problem, truth: Truth, limit: float) -> Outcome:
    """Run openweyl, for `limit` seconds at most, and hold what it says against the truth."""
    started = clock.process_time()
    done = partial(_timed, problem, started)
    try:
        with warnings.catch_warnings(), within(limit):
            warnings.simplefilter("error")
            solution = problem.solve()
    except TimeLimit:
        return done("hang", text=f"no answer in {limit:g} s")
    except (InputError, ResourceError) as refusal:
        text = str(refusal)
        return done("refused" if text.isprintable() else "crash", text=text)
    except Exception as error:  # whatever else comes out is a finding
        return done("crash", text=f"{type(error).__name__}: {error}".splitlines()[0])
    seconds = clock.process_time() - started
    w, reported = solution.final, solution.numerics.error[-1]
    true = truth.error(w.values, w.grid)
    result = partial(Outcome, problem=problem, true=true, reported=reported, seconds=seconds)
    if not true <= reported + truth.floor:
        return result("wrong", text=f"mean {w.moments().mean}, true {truth.mean}" if w.trace() else "trace 0")
    if not reported <= problem.tol and "tol" not in str(solution):
        return result("over", text="reported > tol, and the summary does not say so")
    if not abs(w.trace() - 1) <= reported + 1e-11:
        return result("trace", text=f"trace {w.trace():.12g}")
    lengths = np.array([axis.length for axis in w.grid.x + w.grid.xi])
    if not (np.abs(w.moments().mean - truth.mean) <= (reported + truth.floor) * lengths).all():
        return result("mean", text=f"mean {w.moments().mean}, true {truth.mean}")
    return result("ok")


def _timed(problem: Problem, started: float, verdict: str, text: str) -> Outcome:
    return Outcome(verdict, problem, seconds=clock.process_time() - started, text=text)


# ---------------------------------------------------------------------- truths


def closed_form(problem: Problem) -> Sum:
    """The exact symbol; TINY is left out."""
    hamiltonian = problem.hamiltonian.removesuffix(f" + {TINY}")
    system = Gaussian(hamiltonian, problem.jumps, problem.h, problem.gamma, problem.start.n)
    return evolved(system, problem.start.packets(problem.h), problem.time)


def gaussian_truth(problem: Problem) -> Truth:
    """The floor: a centre z of width d is known to eps |z|/d widths, whose L1 norm is about that; and TINY."""
    exact = closed_form(problem)
    relative = 1e-12 if "t)" in problem.hamiltonian else 4e-15  # what the ordinary equation, or the exponential, leaves
    farthest = 1 + max(np.abs(p.center).max() for p in (*exact.packets, *problem.start.packets(problem.h)))
    narrowest = min(np.sqrt(problem.h * np.linalg.eigvalsh(p.covariance)[0]) for p in exact.packets)
    tiny = 4e-17 * problem.time / problem.h

    def error(w: np.ndarray, grid: PhaseGrid) -> float:
        return symbol_error(w, grid, exact.on, exact.lost(grid))

    return Truth(exact.mean, error, relative * farthest / narrowest + tiny + 1e-12)


def anharmonic_truth(system: SplitSystem, problem: Problem, largest: int, work: float) -> Truth:
    """Raises UnsureError."""
    solver = kernel_oracle.quantum if problem.evolution == "quantum" else kernel_oracle.classical
    oracle, found = solver(system, problem.start, problem.time, largest=largest, work=work)

    def error(w: np.ndarray, grid: PhaseGrid) -> float:
        if problem.evolution == "quantum":
            return oracle.error(found, w, grid)
        return symbol_error(w, grid, lambda points: oracle.values(found, points), oracle.outside(found, grid))

    return Truth(oracle.mean(found), error, ORACLE)


# ---------------------------------------------------------------------- random cases


@dataclass(frozen=True)
class Size:
    """How hard the cases of a run may be."""

    deepest: float  # h >= 2^-deepest
    digits: float  # tol >= 10^-digits
    center: float
    points: float  # of a grid that holds the exact state, by an estimate
    separation: float  # of the members of cats, in units of sqrt h
    largest: int  # the oracle's points
    work: float


CHEAP = Size(10, 4, 20, 1.2e3, 4, 200, 3e6)
FULL = Size(14, 8, 50, 1e4, 10, 400, 6e7)


LARGEST_GROWTH = 3.5
"""No distance may grow by more than e to this power: amplifying jumps would leave the range of numbers."""


def _number(rng: np.random.Generator, low: float, high: float) -> float:
    """Three digits, so that formulas stay readable."""
    return float(f"{rng.uniform(low, high):.3g}")


def _exponential(rng: np.random.Generator, low: float, high: float) -> float:
    """Log-uniform between two powers of ten."""
    return float(f"{10 ** rng.uniform(low, high):.3g}")


def _pick(rng: np.random.Generator, *values: Any) -> Any:
    return values[rng.integers(len(values))]


def gaussian_case(rng: np.random.Generator, size: Size) -> Problem:
    if rng.random() < 0.25:
        return _far_flight(rng, size)
    h = float(f"{2 ** -rng.uniform(0, size.deepest):.4g}")
    a, b, c = _number(rng, 0.2, 1.5), _number(rng, 0.2, 1.5), _number(rng, -1, 1)
    parts = [
        _pick(
            rng,
            f"{a}*xi**2/2",
            f"{a}*xi**2/2",
            f"{a}*xi**2/2 + {b}*x**2/2",
            f"{a}*xi**2/2 - {b}*x**2/2",
            f"{c}*x*xi",
            f"{a}*xi**2/2 + {b}*x**2/2 + {c}*x*xi",
            f"{a}*x**2/2 + {c}*x*xi",
            "0",
        )
    ]
    if rng.random() < 0.4 or parts == ["0"]:
        parts.append(f"{_number(rng, -4, 4)}*x + {_number(rng, -4, 4)}*xi")
    if rng.random() < 0.2:
        rate = _number(rng, 0.5, 6)
        parts.append(_pick(rng, f"{_number(rng, -3, 3)}*x*cos({rate}*t)", f"{b}*x**2*sin({rate}*t)/3"))
    u, v = _number(rng, -1, 1), _number(rng, -1, 1)
    pool = (
        "x",
        "xi",
        f"{u}*x + {v}*xi",
        "(x + I*xi)/sqrt(2)",
        f"(x + I*xi)/sqrt(2) + {u} + {v}*I",
        "(x - I*xi)/sqrt(2)",
        f"x + {u}*I*xi",
        f"x + {u}",
        f"xi + {v}*I",
    )
    jumps = tuple(dict.fromkeys(_pick(rng, *pool) for _ in range(rng.integers(1, 3))))
    gamma = 0.0 if rng.random() < 0.15 else _exponential(rng, -3, 2)
    far = rng.uniform(0, size.center) if rng.random() < 0.5 else rng.uniform(0, min(3.0, size.center))
    angle = rng.uniform(0, 2 * np.pi)
    x, xi = (float(f"{far * part:.4g}") for part in (np.cos(angle), np.sin(angle)))
    start = _start(rng, x, xi, h, size.separation, squeezing=1.0 if size is CHEAP else 2.0)
    time = _exponential(rng, -2, np.log10(4)) if rng.random() < 0.5 else _number(rng, 0.5, 4)
    tol = _exponential(rng, -size.digits, -2)
    hamiltonian = " + ".join(parts)
    exact = Gaussian(hamiltonian, jumps, h, gamma)
    growth = max(np.linalg.eigvals(exact.rates(t)[0]).real.max() for t in (0.0, 0.3, 0.7))
    time = float(f"{min(time, LARGEST_GROWTH / max(growth, 1e-9)):.3g}")
    while _points(exact, start, time) > size.points and time > 0.01:
        time = float(f"{time / 2:.3g}")
    if rng.random() < 0.5:
        hamiltonian += f" + {TINY}"
    return Problem(hamiltonian, jumps, h, gamma, start, time, tol, _pick(rng, "quantum", "classical"))


def _far_flight(rng: np.random.Generator, size: Size) -> Problem:
    """Systems whose steps are exact however long, and a packet that flies over many of its own widths in one."""
    h = float(f"{2 ** -rng.uniform(3, size.deepest):.4g}")
    hamiltonian = _pick(rng, "xi**2/2", f"xi**2/2 + {_number(rng, -4, 4)}*x", f"{_number(rng, -0.9, 0.9)}*x*xi")
    jumps = (_pick(rng, "x", "xi", "0.6*x - 0.8*xi", "(x + I*xi)/sqrt(2)"),)
    angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(3, size.center)
    start = at(*(float(f"{far * part:.4g}") for part in (np.cos(angle), np.sin(angle))))
    if rng.random() < 0.6:
        hamiltonian += f" + {TINY}"
    tol, gamma = _exponential(rng, -min(size.digits, 6), -2), _exponential(rng, -3, 0)
    return Problem(hamiltonian, jumps, h, gamma, start, _number(rng, 0.5, 4), tol, _pick(rng, "quantum", "classical"))


def _start(rng: np.random.Generator, x: float, xi: float, h: float, separation: float, squeezing: float = 2.0) -> Start:
    def one() -> Pure:
        return Pure(((1.0, x, xi),), _number(rng, -squeezing, squeezing), _number(rng, 0, 3))

    def several() -> Pure:
        parts = [(1.0, x, xi)]
        for _ in range(rng.integers(1, 3)):
            d, angle = np.sqrt(h) * rng.uniform(1, separation), rng.uniform(0, 2 * np.pi)
            c = complex(_number(rng, 0.3, 1), _number(rng, -1, 1))
            parts.append((c, float(f"{x + d * np.cos(angle):.6g}"), float(f"{xi + d * np.sin(angle):.6g}")))
        return Pure(tuple(parts))

    kind = rng.random()
    if kind < 0.4:
        return Start(((1.0, Pure(((1.0, x, xi),))),))
    if kind < 0.6:
        return Start(((1.0, one()),))
    if kind < 0.85:
        return Start(((1.0, several()),))
    return Start(((0.7, several()), (0.3, one())))


def _points(system: Gaussian, start: Start, time: float) -> float:
    """About the number of points of a grid that follows the exact state, where it needs most."""
    most = 0.0
    for t in np.linspace(0, time, 6):
        symbol = evolved(system, start.packets(system.h), float(t))
        box = symbol.support(6.0)
        total = 1.0
        for i, (low, high) in enumerate(box):
            reach = max(
                (
                    6 * np.sqrt(np.linalg.inv(p.covariance)[i, i] * system.h)
                    + abs(np.linalg.solve(p.covariance, p.center.imag)[i])
                )
                / system.h
                for p in symbol.packets
            )
            total *= 1.3 * (high - low) * reach / np.pi
        most = max(most, total)
    return most


def anharmonic_case(rng: np.random.Generator, size: Size) -> tuple[SplitSystem, Problem]:
    if rng.random() < 0.2:
        return _almost_free(rng, size)
    h = float(f"{2 ** -rng.uniform(1, min(size.deepest, 6)):.4g}")
    kinetic = _pick(rng, "xi**2/2", "xi**2/2", "xi**2/2", "sqrt(1 + xi**2)", "cosh(xi)")
    fast = rng.random() < 0.3 and kinetic != "cosh(xi)"
    xi = float(f"{_pick(rng, -1, 1) * (rng.uniform(3, 10) if fast else rng.uniform(0, 1)):.4g}")
    x = _number(rng, -1, 1)

    def term() -> str:
        a, b, k = _number(rng, -1, 1), _number(rng, -1.5, 1.5), _number(rng, 0.6, 3)
        pool = [
            f"{a}*tanh(x - {b})",
            f"{a}*cos({k}*x)",
            f"{a}*exp(-(x - {b})**2*{k})",
            f"{a}/(1 + (x - {b})**2)",
            f"{a}*sin({k}*x)*cos({k}*t)",
            f"{abs(a)}*sqrt(1 + x**2)",
        ]
        if not fast:
            pool += [f"{abs(a) / 4:.3g}*x**4", f"{abs(a)}*x**2/2", f"{abs(a) / 4:.3g}*(x**2 - {k})**2"]
        return _pick(rng, *pool)

    potential = " + ".join(f"({term()})" for _ in range(rng.integers(1, 4)))
    k = _number(rng, 0.5, 2)
    pool = ("x", "xi", "tanh(x)", "tanh(xi)", f"sin({k}*x)", "x/sqrt(1 + x**2)")
    jumps = tuple(dict.fromkeys(_pick(rng, *pool) for _ in range(rng.integers(1, 3))))
    gamma = 0.0 if rng.random() < 0.2 else _exponential(rng, -2, 0.3)
    start = _start(rng, x, xi, h, min(size.separation, 5.0), squeezing=0.5)
    time = float(f"{rng.uniform(0.1, 1.5) / (3 if size is CHEAP else 1):.3g}")
    tol = _exponential(rng, -min(size.digits, 6), -2)
    system = SplitSystem(kinetic, potential, jumps, h, gamma)
    return system, Problem(system.hamiltonian, jumps, h, gamma, start, time, tol, _pick(rng, "quantum", "classical"))


def _almost_free(rng: np.random.Generator, size: Size) -> tuple[SplitSystem, Problem]:
    """A packet that flies far, over next to nothing: long steps, and far between looks at the edges."""
    h = float(f"{2 ** -rng.uniform(3, min(size.deepest, 8)):.4g}")
    kinetic = _pick(rng, "xi**2/2", "xi**2/2", "sqrt(1 + xi**2)")
    a, b = _exponential(rng, -4, -1.5), _number(rng, -1, 1)
    potential = _pick(rng, f"{a}*tanh(x - {b})", f"{a}*sqrt(1 + x**2)", f"{a}*cos(x - {b})", f"{a}/(1 + (x - {b})**2)")
    jumps = (_pick(rng, "x", "x", "xi", "tanh(x)"),)
    gamma = 0.0 if rng.random() < 0.3 else _exponential(rng, -3, -1)
    start = Start(((1.0, Pure(((1.0, _number(rng, -1, 1), _pick(rng, -1, 1) * _number(rng, 3, 10)),))),))
    tol = _exponential(rng, -4, -2)
    system = SplitSystem(kinetic, potential, jumps, h, gamma)
    problem = Problem(
        system.hamiltonian, jumps, h, gamma, start, _number(rng, 0.3, 3), tol, _pick(rng, "quantum", "classical")
    )
    return system, problem


KINDS = ("gaussian", "anharmonic")


def case(kind: str, seed: int, number: int, size: Size = FULL, limit: float = 20.0) -> Outcome:
    """The case of this number, run and judged."""
    rng = np.random.default_rng([seed, KINDS.index(kind), number])
    if kind == "gaussian":
        problem = gaussian_case(rng, size)
        return judge(problem, gaussian_truth(problem), limit)
    for _ in range(ATTEMPTS):
        system, problem = anharmonic_case(rng, size)
        try:
            truth = anharmonic_truth(system, problem, size.largest, size.work)
        except UnsureError as reason:
            unsure = Outcome("unsure", problem, text=str(reason))
        else:
            return judge(problem, truth, limit)
    return unsure


ATTEMPTS = 6
"""How many problems are drawn until the oracle can vouch for its answer."""


@click.command()
@click.option("--kind", type=click.Choice([*KINDS, "all"]), default="all")
@click.option("--cases", default=50)
@click.option("--seed", default=1)
@click.option("--only", type=int, help="One case, by its number.")
@click.option("--limit", default=20.0, help="Seconds that openweyl may take for a case.")
@click.option("--cheap", is_flag=True, help="The sizes of the quick tests.")
def main(kind: str, cases: int, seed: int, only: int | None, limit: float, cheap: bool) -> None:
    """Run random cases and count."""
    size = CHEAP if cheap else FULL
    for one in KINDS if kind == "all" else (kind,):
        outcomes = []
        click.echo(f"{one}, seed {seed}, {'cheap' if cheap else 'full'}")
        started = clock.perf_counter()
        for number in range(cases) if only is None else (only,):
            outcome = case(one, seed, number, size, limit)
            outcomes.append(outcome)
            click.echo(f"{number:5} {outcome}")
            if outcome.verdict not in ("ok", "unsure") or only is not None:
                click.echo(f"      {outcome.problem.code}")
        click.echo(summary(outcomes, clock.perf_counter() - started))


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    counts = Counter(outcome.verdict for outcome in outcomes)
    answered = [o for o in outcomes if o.verdict not in ("hang", "refused", "crash", "unsure")]
    ratios = sorted(o.ratio for o in answered)
    line = f"{len(outcomes)} cases in {seconds:.0f} s: " + ", ".join(f"{n} {v}" for v, n in counts.most_common())
    if ratios:
        line += f"; true over reported: median {ratios[len(ratios) // 2]:.2g}, largest {ratios[-1]:.2g}"
    return line


if __name__ == "__main__":
    main()
