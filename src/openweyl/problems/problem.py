"""Problems: a system, a state, times and a tolerance, from a TOML file or from the built-in catalogue."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

import sympy

from openweyl._core import arguments
from openweyl._core.arguments import moderate, must
from openweyl._core.calls import public
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.observables.observable import Observable
from openweyl.symbolic.expressions import MAX_MODES, TIME
from openweyl.symbolic.parsing import parse, parse_each
from openweyl.symbolic.sampled import Sampled

from .reading import ProblemContent, read
from .sample_tables import with_samples
from .texts import MAX_PROBLEM_BYTES, MAX_SAMPLED_BYTES, text_of


@public
@dataclass(frozen=True)
class Problem:
    """A system with a state, times and a tolerance: what the commands take.

    `parameters`: the values of the names that the problem's text uses; `observables`: those that its text asks for;
    `text`: that text, as it was read.
    """

    name: str
    system: System
    state: State
    times: tuple[float, ...]
    tol: float
    description: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)
    observables: tuple[Observable, ...] = ()
    text: str = field(default="", compare=False, repr=False)

    def __post_init__(self) -> None:
        must(isinstance(self.system, System), "system", "be a System", self.system)
        must(isinstance(self.state, State), "state", "be a state, such as coherent(x, xi)", self.state)

    @staticmethod
    @public
    def load(name_or_path: str | Path, *, n: int | None = None) -> Problem:
        """The built-in problem of this name, or the one in this TOML file.

        `n`: the value of its parameter n, of a problem that has one, such as the length of a chain.

        >>> Problem.load("harmonic").system.gamma
        1.0
        >>> Problem.load("well-chain", n=3).system.n
        3

        Raises InputError if there is neither, and for each mistake in the file, with its key.
        """
        must(isinstance(name_or_path, (str, Path)), "problem", "be a name or a path", name_or_path)
        name, text = text_of(str(name_or_path))
        source = str(name_or_path)
        text = with_samples(text, Path(source).parent, source)
        problem = _problem(name, text, _read(text, source))
        if n is None:
            return problem
        advice = "Such problems are chains and networks; the table [parameters] names it."
        must("n" in problem.parameters, "n", "be given for a problem with a parameter n only", source, advice)
        return problem.replace(parameters={"n": arguments.whole("n", n, 1, MAX_MODES)})

    @staticmethod
    @public
    def parse(text: str, name: str, source: str) -> Problem:
        """The problem that `text` writes in TOML; `source` is what messages call the text."""
        for argument, value in (("text", text), ("name", name), ("source", source)):
            must(isinstance(value, str), argument, "be text", value)
        most = MAX_SAMPLED_BYTES if "[drives." in text else MAX_PROBLEM_BYTES
        must(len(text) <= most, "text", f"have at most {most} characters", len(text))
        return _problem(name, text, _read(text, source))

    @public
    def replace(
        self,
        *,
        h: float | None = None,
        gamma: float | None = None,
        times: Any = None,
        tol: float | None = None,
        parameters: Mapping[str, float] | None = None,
    ) -> Problem:
        """This problem with other numbers."""
        base = self
        table = parameters is None or isinstance(parameters, Mapping)
        must(table, "parameters", "be a table of names and numbers", parameters)
        if parameters:
            for name in parameters:
                known = f"be one of {', '.join(self.parameters)}" if self.parameters else "be in the problem"
                must(name in self.parameters, "parameters", known, name, "The table [parameters] names them.")
            changed = {name: moderate(name, value) for name, value in parameters.items()}
            base = _problem(self.name, self.text, _read(self.text, self.name, {**self.parameters, **changed}))
        system = base.system
        if parameters or h is not None or gamma is not None:
            h, gamma = self.system.h if h is None else h, self.system.gamma if gamma is None else gamma
            system = system.replace(h=h, gamma=gamma)
        return dataclasses.replace(
            base,
            system=system,
            times=self.times if times is None else arguments.times(times),
            tol=self.tol if tol is None else arguments.tolerance(tol),
        )

    def formulas(self) -> tuple[sympy.Expr, tuple[sympy.Expr, ...]]:
        """The Hamiltonian and the jumps as the text writes them: with the names of the parameters, not their values.

        Sums are written out, over the values of their bounds. Of operators, the symbols found, with the values.
        """
        system = self.system
        if not self.parameters or system.operators is not None:
            return system.hamiltonian, system.jumps
        symbols = {name: sympy.Symbol(name, real=True) for name in self.parameters}
        known = {str(v): v for v in (*system.x, *system.xi)} | symbols
        if system.n == 1:
            known |= {"x1": system.x[0], "xi1": system.xi[0]}
        written = tomllib.loads(self.text)["system"]
        constants = tuple(symbols.values())
        read, read_each = (partial(f, constants=constants, counts=self.parameters) for f in (parse, parse_each))
        several = []
        for jump in written.get("jumps", []):
            symbol, rate = (jump["symbol"], jump["rate"]) if isinstance(jump, dict) else (jump, 1)
            factor = sympy.sqrt(read(str(rate), symbols | {TIME.name: TIME}, "rate"))
            several.append(
                [factor * each for each in read_each(symbol, known | {"I": sympy.I, TIME.name: TIME}, "jumps")]
            )
        drives = {f.args[1].label: f for f in system.hamiltonian.atoms(Sampled)}
        p = read(written["hamiltonian"], known | drives | {TIME.name: TIME}, "hamiltonian")
        return p, tuple(jump for jumps in several for jump in jumps)


def _read(text: str, source: str, changed: Mapping[str, float] | None = None) -> ProblemContent:
    """What `text` says; its parameters have none of the names that `replace` takes, so that a call means one thing."""
    return read(text, source, signature(Problem.replace).parameters.keys(), changed)


def _problem(name: str, text: str, content: ProblemContent) -> Problem:
    return Problem(name, **vars(content), text=text)
