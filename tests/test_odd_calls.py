"""Every public callable with odd values in each argument, and with wrong arguments: one line, or a result.

What is odd is refused with InputError, ResourceError or ImportError in one printable line, or taken for what it is;
nothing else may be raised, and nothing may hang. `ACCEPTED` says what each kind of argument may take.
"""

from __future__ import annotations

import decimal
import fractions
import inspect
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import sympy

import openweyl
from common import refused, slow_but
from openweyl import (
    InputError,
    Observable,
    PhaseGrid,
    Problem,
    ResourceError,
    Symbol,
    System,
    Units,
    certify,
    coherent,
    compare,
    from_fock,
    quantize,
    squeezed,
)
from openweyl.files import netcdf
from systems import COARSE, DAMPED, TWO_AT_REST

pytestmark = pytest.mark.usefixtures("states_measured_once")

PATIENCE = 20.0
"""Seconds after which a call hangs."""
REFUSED = (InputError, ResourceError, ImportError)

STATE = coherent(0.1, 0.0)
GRID = PhaseGrid.box(h=1.0, x=(-7, 7), xi=(-7, 7), size=(32, 32))
LARGER = PhaseGrid.box(h=1.0, x=(-8, 8), xi=(-7, 7), size=(36, 36))
PLANES = PhaseGrid.box(h=1.0, x=[(-7, 7)] * 2, xi=[(-7, 7)] * 2, size=(8, 8))
W = STATE.symbol(GRID)
PSI = np.pi**-0.25 * np.exp(-(np.linspace(-7, 7, 60) ** 2) / 2)
RUN = {"system": COARSE, "state": STATE, "times": [0.01], "tol": 0.05}
WATCHED = {"observables": ("x",)}
CONTROL = {"memory": None, "time_limit": 3600.0, "progress": None}


@cache  # only the process that has these tests computes them
def comparison() -> openweyl.Comparison:
    return compare(COARSE, STATE, [0.01], tol=0.05)


def observation() -> openweyl.Observation:
    return openweyl.evolve(COARSE, STATE, [0.01], tol=0.05, observables=["x"]).observed["x"]


@cache
def certificate() -> openweyl.Certificate:
    return certify(COARSE, STATE, [0.01], order=1, tol=0.05)


@cache
def ensemble() -> openweyl.Ensemble:
    return openweyl.sample(COARSE, STATE, [0.01], particles=2)


@cache
def bead() -> Units:
    return Units("1 fg", "1 nm", "1 us")


class Unprintable:
    """What can neither be shown, nor compared, nor made an array."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no")

    def __hash__(self) -> int:
        raise RuntimeError("no")

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise RuntimeError("no")

    def __float__(self) -> float:
        raise RuntimeError("no")

    def __len__(self) -> int:
        raise RuntimeError("no")


def within() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


def endless() -> Iterator[float]:
    """More numbers than anybody reads to the end."""
    yield from map(float, range(10**6))
    raise TimeoutError


X = sympy.Symbol("x", real=True)
ODD: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "True": lambda: True,
    "NumPy's True": lambda: np.True_,
    "text": lambda: "q",
    "no text": lambda: "",
    "a number as text": lambda: "0.5",
    "lines": lambda: "x\n\x1b[31m\0",
    "long text": lambda: "x" * 100_000,
    "bytes": lambda: b"x",
    "not a number": lambda: float("nan"),
    "infinity": lambda: float("inf"),
    "-infinity": lambda: np.float64("-inf"),
    "a huge number": lambda: 10**400,
    "more digits than can be written": lambda: -(10**5000),
    "1e30": lambda: 1e30,
    "1e-30": lambda: 1e-30,
    "-1": lambda: -1,
    "0": lambda: 0,
    "1": lambda: 1,
    "2": lambda: np.int64(2),
    "1.5": lambda: 1.5,
    "3/2": lambda: fractions.Fraction(3, 2),
    "a decimal": lambda: decimal.Decimal("NaN"),
    "a complex number": lambda: 1 + 1j,
    "an empty list": list,
    "a list of a list": lambda: [[]],
    "a list of None": lambda: [None],
    "a list of text": lambda: ["a"],
    "a list of numbers": lambda: [1.0, 2.0, 3.0],
    "a list of pairs": lambda: [(0, 1), (1, 2)],
    "a ragged list": lambda: [[1.0], [1.0, 2.0]],
    "a list of infinity": lambda: [float("inf")],
    "a list of 1e30": lambda: [1e30],
    "a list of 10**400": lambda: [10**400],
    "a long list": lambda: [0.0] * 100_000,
    "a list within itself": within,
    "a tuple": lambda: (1, 2),
    "a range": lambda: range(3),
    "a generator": lambda: (0.1 * j for j in range(3)),
    "no end": endless,
    "a table": dict,
    "a table of x": lambda: {"x": 1},
    "a set": lambda: {1.0, 2.0},
    "an empty array": lambda: np.zeros(0),
    "an array of one number": lambda: np.array(1.0),
    "an array in a list": lambda: [np.array([1.0])],
    "three axes": lambda: np.ones((2, 3, 4)),
    "an array of text": lambda: np.array(["a", "b"]),
    "an array of objects": lambda: np.array([None, {}], dtype=object),
    "a square of objects": lambda: np.full(GRID.shape, None),
    "an array of dates": lambda: np.array(["2020-01-01"], dtype="datetime64[D]"),
    "an array of truths": lambda: np.ones(GRID.shape, dtype=bool),
    "an array of nan": lambda: np.full(GRID.shape, np.nan),
    "an array of huge numbers": lambda: np.full(GRID.shape, 1e300),
    "an array of zeros": lambda: np.zeros(GRID.shape),
    "an array of complex numbers": lambda: np.full(GRID.shape, 1j),
    "a masked array": lambda: np.ma.masked_all(GRID.shape),
    "a record": lambda: np.zeros(3, dtype=[("a", float), ("b", int)]),
    "a symbol": lambda: X,
    "another symbol": lambda: sympy.Symbol("q"),
    "i": lambda: sympy.I,
    "SymPy's infinity": lambda: sympy.oo,
    "complex infinity": lambda: sympy.zoo,
    "SymPy's nan": lambda: sympy.nan,
    "SymPy's half": lambda: sympy.Rational(1, 2),
    "a corner": lambda: abs(X),
    "a derivative": lambda: sympy.Derivative(sympy.Function("f")(X), X),
    "a matrix of SymPy": lambda: sympy.Matrix([[1, X]]),
    "a relation": lambda: X < 1,
    "an object": object,
    "a type": lambda: int,
    "unprintable": Unprintable,
    "a path": lambda: Path("nowhere"),
    "a folder": Path,
    "a System": lambda: COARSE,
    "a State": lambda: STATE,
    "a State of two": lambda: TWO_AT_REST,
    "a State of its own h": lambda: from_fock([1.0], 0.3),
    "a State of its own": lambda: squeezed(0, 0, r=1),
    "a PhaseGrid": lambda: GRID,
    "a PhaseGrid of two": lambda: PLANES,
    "a Symbol": lambda: W,
    "a Symbol of two": lambda: TWO_AT_REST.symbol(PLANES),
    "a Symbol of another h": lambda: Symbol(W.values, PhaseGrid.box(h=0.5, x=(-7, 7), xi=(-7, 7), size=GRID.shape)),
    "a Symbol of zeros": lambda: Symbol(np.zeros(GRID.shape), GRID),
    "a complex Symbol": lambda: W * (1 + 2j),
    "a batch of Symbols": lambda: Symbol(np.stack([W.values, W.values]), GRID),
    "a Kernel": lambda: quantize(W),
    "an Axis": lambda: GRID.x[0],
    "an Observable": lambda: Observable.parse("tanh(x)", 1),
    "an Observable of two": lambda: Observable.parse("tanh(x2)", 2),
    "a Problem": lambda: Problem.load("harmonic"),
    "a Comparison": comparison,
}


class Case(NamedTuple):
    """A call that works, by the names of its arguments, and what kind each of these is."""

    function: Callable[..., Any]
    given: dict[str, Any]
    kinds: dict[str, str]


NUMBERS = {"0", "1", "2", "-1", "1.5", "3/2", "1e30", "1e-30", "an array of one number", "SymPy's half"}
FORMULAS = {"0", "1", "2", "-1", "1.5", "1e-30", "1e30", "SymPy's half", "a symbol", "a number as text"}
LISTS = {"a list of numbers", "a tuple", "a range", "a generator", "a list of 1e30", "a long list", "an array of zeros"}
SYMBOL = {"a Symbol", "a Symbol of zeros", "a Symbol of two", "a Symbol of another h"}
ARRAYS = {"an array of zeros", "an array of complex numbers"}
ACCEPTED: dict[str, set[str]] = {
    "number": NUMBERS,
    "number or None": {*NUMBERS, "None"},
    "time": {*NUMBERS, "infinity"},
    "whole": {"0", "1", "2"},
    "whole or None": {"0", "1", "2", "None"},
    "truth": {"True", "NumPy's True"},
    "coordinates": {*NUMBERS, *LISTS, "three axes"} - {"a generator"},
    "times": LISTS,
    "times or None": {*LISTS, "None"},
    "system": {"a System"},
    "state": {"a State", "a State of its own h", "a State of its own", "a Symbol"},
    "state or None": {"None", "a State", "a State of its own h", "a State of its own", "a Symbol"},
    "grid": {"a PhaseGrid", "a PhaseGrid of two"},
    "symbol": SYMBOL,
    "complex symbol": {*SYMBOL, "a complex Symbol"},
    "symbol of the plane": {"a Symbol", "a Symbol of zeros", "a complex Symbol", "a batch of Symbols"},
    "samples": ARRAYS,
    "formula": {*FORMULAS, "another symbol"},
    "operator": {*FORMULAS, "i"},
    "formula or None": {*FORMULAS, "another symbol", "None"},
    "formulas or None": {"an empty list", "None"},
    "formula or symbol": {
        *FORMULAS,
        *SYMBOL,
        "a complex Symbol",
        "a batch of Symbols",
        "another symbol",
        "i",
        "a complex number",
        "3/2",
        "a corner",
        "a derivative",
    },
    "formulas": {"an empty list"},
    "only None": {"None"},
    "points": {*NUMBERS, *LISTS, "an empty list", "an empty array"}
    | {"a list of a list", "a list of pairs", "an array in a list", "three axes"},
    "points or None": {*LISTS, "an empty list", "an empty array", "an array in a list"},
    "symbol or state": {"a Symbol", "a Symbol of zeros", "a State", "a State of its own"},
    "complex numbers": {*NUMBERS, *LISTS, "a complex number", "i", "a list of pairs"} - {"a generator"},
    "callable or None": {"None"},
    "progress": {"None", "True"},
    "kind": set(),
    "observable": {"a number as text", "an Observable", "a symbol", "SymPy's half"},
    "observed times": {"an empty list", "an empty array", "a long list"},
    "observables": {"an empty list", "an empty array"},
    "any observable": {"a number as text", "an Observable", "a symbol", "SymPy's half"},
    "modes": {"1"},
    "store or None": {"None", "text", "a number as text", "a path"},
    "text": set(),
    "table or None": {"None", "a table"},
}
"""What arguments of each kind may take; they may refuse it, too."""


def cases(folder: Path) -> dict[str, Case]:
    """The calls; `folder` is where those write that do."""
    pair = {"system": "system", "state": "state", "times": "times"}
    control = {"tol": "number", "memory": "number or None", "time_limit": "number", "progress": "progress"}
    watched = {"observables": "observables"}
    found: dict[str, tuple[Callable[..., Any], dict[str, Any], dict[str, str]]] = {
        "System": (
            System,
            {"hamiltonian": "xi**2/2", "jumps": ["x"], "h": 1.0, "gamma": 0.1, "drives": {"f": ([0, 1], [0, 1])}},
            {
                "hamiltonian": "formula",
                "jumps": "formulas",
                "h": "number",
                "gamma": "number",
                "drives": "table or None",
            },
        ),
        "System.replace": (
            COARSE.replace,
            {"hamiltonian": "xi**2/2", "jumps": ["x"], "h": 1.0, "gamma": 0.1},
            {
                "hamiltonian": "formula or None",
                "jumps": "formulas or None",
                **dict.fromkeys(("h", "gamma"), "number or None"),
            },
        ),
        "check_assumptions": (
            openweyl.check_assumptions,
            {"system": COARSE, "state": STATE, "times": [0.01]},
            {"system": "system", "state": "state or None", "times": "times or None"},
        ),
        "evolve": (
            openweyl.evolve,
            RUN
            | CONTROL
            | {"kind": "classical", "order": 1, "watch": None, "watch_every": 1.0, "checkpoint": None}
            | WATCHED,
            pair
            | control
            | {"kind": "kind", "order": "whole", "watch": "callable or None", "watch_every": "time"}
            | {"checkpoint": "store or None"}
            | watched,
        ),
        "compare": (
            openweyl.compare,
            RUN | CONTROL | WATCHED | {"checkpoint": None},
            pair | control | watched | {"checkpoint": "store or None"},
        ),
        "correlation": (
            openweyl.correlation,
            RUN | CONTROL | {"A": "ad", "B": "a", "start": 0.01, "kind": "classical"},
            pair
            | {"state": "state or None"}
            | control
            | {"A": "operator", "B": "operator", "start": "number", "kind": "kind"},
        ),
        "spectrum": (
            openweyl.spectrum,
            {"system": DAMPED, "state": coherent(0, 0), "A": "a", "B": "ad", "frequencies": [1.0], "kind": "classical"}
            | {"tol": 0.05, "memory": None, "time_limit": 3600.0},
            {"system": "system", "state": "state or None", "A": "operator", "B": "operator", "frequencies": "times"}
            | {"kind": "kind", "tol": "number", "memory": "number or None", "time_limit": "number"},
        ),
        "g2": (
            openweyl.g2,
            RUN | CONTROL | {"A": "a", "start": 0.01, "kind": "classical"},
            pair | {"state": "state or None"} | control | {"A": "operator", "start": "number", "kind": "kind"},
        ),
        "langevin": (
            openweyl.langevin,
            RUN | CONTROL | {"paths": 2, "seed": 1},
            pair | control | {"paths": "whole", "seed": "whole"},
        ),
        "monitor": (
            openweyl.monitor,
            {"system": DAMPED, "state": STATE, "times": [0.01], "jump": 1, "detection": "heterodyne", "angle": 0.1}
            | {"efficiency": 0.5, "records": 2, "seed": 1, "tol": 1e-3, "keep_states": True}
            | CONTROL
            | WATCHED,
            {"system": "system", "state": "state", "times": "times", "jump": "whole", "detection": "kind"}
            | {"angle": "number", "efficiency": "number", "records": "whole", "seed": "whole"}
            | {"tol": "number", "keep_states": "truth", "time_limit": "number", "progress": "progress"}
            | {"memory": "number or None", "observables": "observables"},
        ),
        "Records.conditional": (
            openweyl.monitor(DAMPED, STATE, [0.01]).conditional,
            {"record": 0, "index": 0},
            {"record": "whole", "index": "index"},
        ),
        "steady_state": (
            openweyl.steady_state,
            {"system": DAMPED, "kind": "quantum", "period": None, "tol": 1e-3, "time_limit": 60.0}
            | {"memory": None, "progress": None},
            {"system": "system", "kind": "kind", "tol": "number", "time_limit": "number"}
            | {"memory": "number or None", "progress": "progress", "period": "number or None"},
        ),
        "certify": (
            openweyl.certify,
            RUN | CONTROL | {"order": 1} | WATCHED,
            pair | control | {"order": "whole or None"} | watched,
        ),
        "certify to a target": (
            openweyl.certify,
            RUN | {"target": 0.5},
            pair | {"tol": "number", "target": "number or None"},
        ),
        "Axis": (
            openweyl.Axis,
            {"lower": -1.0, "spacing": 0.5, "size": 4},
            {"lower": "number", "spacing": "number", "size": "whole"},
        ),
        "Axis.between": (
            openweyl.Axis.between,
            {"lower": -1.0, "upper": 1.0, "size": 4},
            {"lower": "number", "upper": "number", "size": "whole"},
        ),
        "PhaseGrid": (
            PhaseGrid,
            {"x": GRID.x, "xi": GRID.xi, "h": 1.0},
            {"x": "axes", "xi": "axes", "h": "number"},
        ),
        "PhaseGrid.box": (
            PhaseGrid.box,
            {"h": 1.0, "x": (-1, 1), "xi": (-1, 1), "size": (8, 8)},
            {"h": "number", "x": "interval", "xi": "interval", "size": "sizes"},
        ),
        "Symbol": (Symbol, {"values": W.values, "grid": GRID}, {"values": "samples", "grid": "grid"}),
        "Symbol.resampled": (W.resampled, {"grid": LARGER}, {"grid": "grid"}),
        "Symbol.derivative": (W.derivative, {"x": 1, "xi": 1}, {"x": "whole", "xi": "whole"}),
        "Symbol.smoothed": (W.smoothed, {"variance": 0.1}, {"variance": "number"}),
        "Symbol.inner": (W.inner, {"other": W}, {"other": "symbol of the plane"}),
        "Symbol.l1": (W.l1, {"rtol": 0.1}, {"rtol": "number"}),
        "Symbol.trace_norm": (W.trace_norm, {"rtol": 0.1, "atol": 1e-6}, {"rtol": "number", "atol": "number"}),
        "Symbol.at": (W.at, {"x": 0.1, "xi": 0.2}, {"x": "points", "xi": "points"}),
        "Symbol.fidelity": (W.fidelity, {"other": W}, {"other": "symbol or state"}),
        "Symbol.wigner_negativity": (W.wigner_negativity, {"rtol": 0.1}, {"rtol": "number"}),
        "Symbol.probability": (W.probability, {"condition": "x > 0"}, {"condition": "text"}),
        "Symbol.photon_numbers": (
            W.photon_numbers,
            {"mode": 1, "size": 4, "tol": 1e-4},
            {"mode": "whole", "size": "whole or None", "tol": "number"},
        ),
        "Symbol.g2": (W.g2, {"mode": 1}, {"mode": "whole"}),
        "Symbol.overlap": (W.overlap, {"other": W}, {"other": "symbol or state"}),
        "Symbol.wigner": (W.wigner, {"x": [0.1], "xi": [0.2]}, {"x": "points or None", "xi": "points or None"}),
        "Solution.g2": (comparison().quantum.g2, {"mode": 1}, {"mode": "whole"}),
        "Solution.photon_numbers": (
            comparison().quantum.photon_numbers,
            {"mode": 1, "size": 4},
            {"mode": "whole", "size": "whole"},
        ),
        "Symbol.homodyne": (W.homodyne, {"angle": 0.3, "mode": 1}, {"angle": "number", "mode": "whole"}),
        "Symbol.expectation": (W.expectation, {"observable": "tanh(x)"}, {"observable": "observable"}),
        "Symbol.fock": (W.fock, {"size": 4, "tol": 1e-4}, {"size": "sizes or None", "tol": "number"}),
        "Symbol.to_qutip": (W.to_qutip, {"size": 4, "tol": 1e-4}, {"size": "sizes or None", "tol": "number"}),
        "from_fock": (
            openweyl.from_fock,
            {"state": [1.0, 0.0], "h": 1.0, "sizes": [2]},
            {"state": "vector", "h": "number", "sizes": "sizes or None"},
        ),
        "from_qutip": (openweyl.from_qutip, {"state": _ket(), "h": 1.0}, {"state": "qutip", "h": "number"}),
        "system_from_qutip": (
            openweyl.system_from_qutip,
            {"hamiltonian": _number_operator(), "jumps": [], "h": 1.0},
            {"hamiltonian": "qutip", "jumps": "observables", "h": "number"},
        ),
        "from_wavefunction": (
            openweyl.from_wavefunction,
            {"psi": PSI, "x": np.linspace(-7, 7, 60), "h": 1.0},
            {"psi": "vector", "x": "vector", "h": "number"},
        ),
        "trace_norm": (
            openweyl.trace_norm,
            {"symbol": W, "rtol": 0.1, "atol": 1e-6},
            {"symbol": "symbol", "rtol": "number", "atol": "number"},
        ),
        "quantize": (openweyl.quantize, {"symbol": W}, {"symbol": "complex symbol"}),
        "dequantize": (
            openweyl.dequantize,
            {"kernel": quantize(W), "grid": GRID, "hermitian": True},
            {"kernel": "kernel", "grid": "grid", "hermitian": "truth"},
        ),
        "Observable.parse": (Observable.parse, {"text": "tanh(x)", "n": 1}, {"text": "observable", "n": "whole"}),
        "Observable.value": (
            Observable.parse("tanh(x)", 1).value,
            {"symbol": W},
            {"symbol": "symbol"},
        ),
        "Certificate.expectation": (
            certificate().expectation,
            {"observable": Observable.parse("tanh(x)", 1)},
            {"observable": "observable"},
        ),
        "Solution.expect": (comparison().quantum.expect, {"observable": "tanh(x)"}, {"observable": "observable"}),
        "Solution.to_qutip": (
            comparison().quantum.to_qutip,
            {"size": None, "tol": 0.1},
            {"size": "sizes or None", "tol": "number"},
        ),
        "Comparison.expectation": (comparison().expectation, {"observable": "x"}, {"observable": "observable"}),
        "Observation.at": (observation().at, {"times": [0.0]}, {"times": "observed times"}),
        "Comparison.difference": (comparison().difference, {"index": 0}, {"index": "index"}),
        "Units": (
            Units,
            {"mass": "1 fg", "length": "1 nm", "time": "1 us"},
            {"mass": "text", "length": "text", "time": "text"},
        ),
        "Units.number": (bead().number, {"quantity": "1 nm"}, {"quantity": "quantity"}),
        "Units.quantity": (bead().quantity, {"number": 1.0, "unit": "nm"}, {"number": "numbers", "unit": "quantity"}),
        "Units.gamma": (bead().gamma, {"localization": "1/m**2/s"}, {"localization": "text"}),
        "Units.unit": (bead().unit, {"dimensionality": {"[mass]": 1}}, {"dimensionality": "dimensions"}),
        "Units.system": (
            bead().system,
            {
                "potential": "k*x**2",
                "parameters": {"k": "1 fg/us**2"},
                "localization": "1/m**2/s",
                "damping": "1/s",
                "temperature": "1 K",
            },
            {
                "potential": "text",
                "parameters": "text",
                "localization": "text or None",
                "damping": "text",
                "temperature": "text",
            },
        ),
        "Units.thermal_jumps": (
            bead().thermal_jumps,
            {"frequency": "1/s", "damping": "1/s", "occupation": 0.5},
            {"frequency": "text", "damping": "text", "occupation": "number"},
        ),
        "Problem.load": (
            Problem.load,
            {"name_or_path": "well-chain", "n": 2},
            {"name_or_path": "text", "n": "whole or None"},
        ),
        "Problem.parse": (
            Problem.parse,
            {"text": Problem.load("harmonic").text, "name": "mine", "source": "mine"},
            {"text": "text", "name": "label", "source": "label"},
        ),
        "Problem.replace": (
            Problem.load("harmonic").replace,
            {"h": 1.0, "gamma": 0.1, "times": [0.01], "tol": 0.05, "parameters": None},
            {
                "h": "number or None",
                "gamma": "number or None",
                "times": "times or None",
                "tol": "number or None",
                "parameters": "parameters",
            },
        ),
        **{
            f"{f.__name__} of {what}": (
                f,
                {"a": a, "b": "x**2", "h": h, "order": order},
                {"a": "formula or symbol", "b": "formula or symbol", "h": "h", "order": "whole or None"},
            )
            for f in (openweyl.star, openweyl.moyal_bracket)
            for what, a, h, order in (("formulas", "x*xi", 0.5, 1), ("symbols", W, None, None))
        },
        "poisson_bracket": (
            openweyl.poisson_bracket,
            {"f": "x", "g": "xi"},
            {"f": "any formula", "g": "any formula"},
        ),
        "hamiltonian_field": (openweyl.hamiltonian_field, {"p": "xi**2"}, {"p": "any formula"}),
        "coherent": (
            openweyl.coherent,
            {"x": 0.0, "xi": 0.0, "alpha": None},
            {"x": "coordinates", "xi": "coordinates", "alpha": "only None"},
        ),
        "coherent of alpha": (
            openweyl.coherent,
            {"x": None, "xi": None, "alpha": 1j},
            {"x": "only None", "xi": "only None", "alpha": "complex numbers"},
        ),
        "fock": (openweyl.fock, {"k": 1}, {"k": "whole"}),
        "binomial": (openweyl.binomial, {"N": 1, "S": 1, "word": 0}, {"N": "whole", "S": "whole", "word": "whole"}),
        "gkp": (openweyl.gkp, {"delta": 0.4, "word": 0}, {"delta": "number", "word": "whole"}),
        "superposition": (openweyl.superposition, {"components": [(1, openweyl.fock(1))]}, {"components": "members"}),
        "interp": (
            openweyl.interp,
            {"times": [0, 1], "values": [0, 1], "kind": "linear"},
            {"times": "times", "values": "coordinates", "kind": "kind"},
        ),
        "displaced": (
            openweyl.displaced,
            {"state": openweyl.fock(1), "x": 0.0, "xi": 0.0, "alpha": None},
            {"state": "state", "x": "coordinates", "xi": "coordinates", "alpha": "only None"},
        ),
        "displaced by alpha": (
            openweyl.displaced,
            {"state": openweyl.fock(1), "x": None, "xi": None, "alpha": 1j},
            {"state": "state", "x": "only None", "xi": "only None", "alpha": "complex numbers"},
        ),
        "thermal": (openweyl.thermal, {"nbar": 0.5, "n": 1}, {"nbar": "coordinates", "n": "whole"}),
        "squeezed": (
            openweyl.squeezed,
            {"x": 0.0, "xi": 0.0, "r": 0.1, "angle": 0.0, "nbar": 0.0},
            dict.fromkeys(("x", "xi", "r", "angle", "nbar"), "coordinates"),
        ),
        "gaussian": (
            openweyl.gaussian,
            {"x": 0.0, "xi": 0.0, "covariance": [[1, 0], [0, 1]]},
            {"x": "coordinates", "xi": "coordinates", "covariance": "matrix"},
        ),
        "cat": (
            openweyl.cat,
            {"components": [(0, 0), (1, 1)], "amplitudes": [1, 1j]},
            {"components": "pairs", "amplitudes": "amplitudes"},
        ),
        "mixture": (openweyl.mixture, {"members": [(1, STATE)]}, {"members": "members"}),
        **{
            f"{name}.symbol": (state.symbol, {"grid": GRID}, {"grid": "grid"})
            for name, state in (("State", STATE), ("MatrixState", from_fock([1.0], 1.0)))
        },
        **{
            f"{name}.grid": (
                state.grid,
                {"h": 1.0, "level": 1e-3, "room": 0.1},
                dict.fromkeys(GRID_ARGUMENTS, "number"),
            )
            for name, state in (
                ("State", STATE),
                ("MatrixState", from_fock([1.0], 1.0)),
                ("mixture", openweyl.mixture([(1, STATE), (1, from_fock([1.0], 1.0))])),
            )
        },
        "load": (openweyl.load, {"path": netcdf.save(comparison().to_xarray(), folder / "a.nc")}, {"path": "path"}),
        "sample": (
            openweyl.sample,
            {"system": COARSE, "state": STATE, "times": [0.01], "tol": 0.05, "memory": None, "time_limit": 60.0}
            | {
                "particles": 2,
                "target": None,
                "seed": 0,
                "executor": None,
                "store": None,
                "library": "numpy",
                "progress": None,
            },
            pair
            | control
            | {"particles": "whole or None", "target": "number or None", "seed": "whole", "executor": "executor"}
            | {"store": "store or None", "library": "kind"},
        ),
        "Ensemble.expectation": (ensemble().expectation, {"observable": "tanh(x)"}, {"observable": "any observable"}),
        "Ensemble.fidelity": (
            ensemble().fidelity,
            {"x": 0.0, "xi": 0.0},
            {"x": "coordinates", "xi": "coordinates"},
        ),
        "Ensemble.reduced": (ensemble().reduced, {"modes": 1, "index": 0}, {"modes": "modes", "index": "index"}),
        "Ensemble.covariance": (ensemble().covariance, {"index": 0}, {"index": "index"}),
        "Ensemble.correlation": (ensemble().correlation, {"index": 0}, {"index": "index"}),
        "Ensemble.covariances": (ensemble().covariances, {"index": 0}, {"index": "index"}),
        "Ensemble.to_xarray": (ensemble().to_xarray, {"covariances": True}, {"covariances": "truth"}),
        "sweep": (
            openweyl.sweep,
            RUN_OF_SWEEP | {"out": folder / "store"},
            {
                "problem": "problem",
                "state": "state",
                "times": "times",
                "tol": "number or None",
                "h": "axis or None",
                "gamma": "axis or None",
                "order": "whole or None",
                "keep_symbols": "truth",
                "executor": "executor",
                "retry": "truth",
                "progress": "progress",
                "out": "out",
            },
        ),
    }
    return {name: Case(*parts) for name, parts in found.items()}


GRID_ARGUMENTS = ("h", "level", "room")
RUN_OF_SWEEP = {
    "problem": COARSE, "state": STATE, "times": [0.01], "tol": 0.05, "h": [1.0], "gamma": [0.1], "order": None,
    "keep_symbols": False, "executor": None, "retry": False, "progress": None,
}  # fmt: skip


def _number_operator() -> Any:
    import qutip

    return qutip.num(8)


def _ket() -> Any:
    import qutip

    return qutip.basis(2, 0)


@contextmanager
def patience() -> Iterator[None]:
    """A call that takes longer than PATIENCE ends in TimeoutError."""

    def late(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    return cases(tmp_path_factory.mktemp("odd"))


NAMES = (
    "System", "System.replace", "check_assumptions", "evolve", "compare", "correlation", "spectrum", "g2", "langevin",
    "monitor", "Records.conditional", "steady_state",
    "certify", "certify to a target", "Axis", "Axis.between", "PhaseGrid", "PhaseGrid.box", "Symbol",
    "Symbol.resampled", "Symbol.derivative",
    "Symbol.smoothed", "Symbol.inner", "Symbol.l1", "Symbol.trace_norm", "Symbol.at", "Symbol.fidelity",
    "Symbol.wigner_negativity", "Symbol.probability", "Symbol.photon_numbers", "Symbol.g2", "Symbol.overlap",
    "Symbol.wigner", "Solution.g2", "Solution.photon_numbers", "Symbol.homodyne", "Symbol.expectation", "Symbol.fock",
    "Symbol.to_qutip", "from_fock", "from_qutip", "system_from_qutip", "from_wavefunction", "trace_norm", "quantize",
    "dequantize",
    "Observable.parse", "Observable.value", "Certificate.expectation", "Solution.expect", "Solution.to_qutip",
    "Comparison.expectation", "Observation.at",
    "Comparison.difference", "Units", "Units.number", "Units.quantity", "Units.gamma", "Units.unit",
    "Units.system", "Units.thermal_jumps", "Problem.load", "Problem.parse", "Problem.replace", "star of formulas",
    "star of symbols", "moyal_bracket of formulas", "moyal_bracket of symbols", "poisson_bracket",
    "hamiltonian_field", "coherent", "coherent of alpha", "fock", "binomial", "gkp",
    "superposition", "interp", "displaced", "displaced by alpha", "thermal", "squeezed", "gaussian",
    "cat", "mixture", "State.symbol", "MatrixState.symbol", "State.grid", "MatrixState.grid", "mixture.grid", "load",
    "sample",
    "Ensemble.expectation", "Ensemble.fidelity", "Ensemble.reduced", "Ensemble.covariance", "Ensemble.correlation",
    "Ensemble.covariances", "Ensemble.to_xarray", "sweep",
)  # fmt: skip
RESULTS = {
    "Assumptions", "Certificate", "Comparison", "Correlation", "Difference", "Enclosure", "Ensemble", "Estimate",
    "Expectation", "Kernel", "Moments", "Numerics", "Observable", "Observation", "Problem", "Readout", "Records",
    "Solution", "Spectrum", "State", "SteadyState", "Trajectories",
}  # fmt: skip
"""Classes of values that the package returns, of which nothing is checked but what `Problem` and `Observable` hold; and
`State`, which is abstract. The errors take any text."""


def test_every_public_name_is_tried(made: dict[str, Case]) -> None:
    assert tuple(made) == NAMES
    public = {name for name in openweyl.__all__ if callable(getattr(openweyl, name))}
    assert public - {name.split(" ")[0] for name in NAMES} == RESULTS | {
        "InputError",
        "ResourceError",
        "tensor",  # takes any number
        "movie",  # these write files: test_movie.py
        "save",
    }
    given: dict[Any, set[str]] = defaultdict(set)
    for case in made.values():
        given[case.function] |= case.given.keys()
    for function, arguments in given.items():
        assert set(inspect.signature(function).parameters) - arguments <= {"xp", "parameters"}, function


def outcome(case: Case, argument: str, label: str) -> str:
    """What comes of one odd value: "refused", or "taken"; anything else fails."""
    what = f"{argument} = {label}"
    try:
        with patience():
            case.function(**case.given | {argument: ODD[label]()})
    except REFUSED as error:
        message = str(error)
    except IndexError as error:
        assert case.kinds[argument] == "index", what
        message = str(error)
    except TimeoutError:
        pytest.fail(f"{what} does not end")
    except Exception as error:
        pytest.fail(f"{what} raises {type(error).__name__}: {error!s:.200}")
    else:
        return "taken"
    assert message and message.isprintable() and len(message) < 700, what
    return "refused"


LONG = {
    "check_assumptions", "compare", "sample", "sweep", "Symbol.l1", "Symbol.wigner_negativity", "certify", "spectrum",
    "correlation", "monitor", "steady_state", "evolve", "g2", "certify to a target",
}  # fmt: skip
"""Calls that take long where an odd value is taken."""


@pytest.mark.parametrize("name", slow_but([name for name in NAMES if name not in LONG], NAMES))
def test_odd_values(name: str, made: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    case = made[name]
    with patience():
        case.function(**case.given)  # as it is, it works
    for argument in case.given:
        allowed = ACCEPTED.get(case.kinds[argument], set(ODD))
        for label in ODD:
            if case.kinds[argument] in ("callable or None", "progress") and label == "a type":
                continue  # it can be called; what it makes of three arguments is its own affair
            assert outcome(case, argument, label) == "refused" or label in allowed, f"{argument} takes {label}"


# --- calls that do not fit ---


def needed(function: Callable[..., Any]) -> list[str]:
    """The arguments without a default."""
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "Observable.value"])
def test_arguments_that_are_missing_or_too_many(name: str, made: dict[str, Case]) -> None:
    case = made[name]
    for argument in needed(case.function):
        rest = {key: value for key, value in case.given.items() if key != argument}
        with pytest.raises(InputError, match=rf"^Argument `{argument}` must be given to .*, but is missing\."):
            case.function(**rest)
    with pytest.raises(InputError, match=r"^Argument `(nonsense|parameters)` must be .*, but is (not|nonsense)\."):
        case.function(**case.given, nonsense=1)
    with pytest.raises(InputError, match="must be given at most"):
        case.function(*[1] * 30)


def test_what_is_said_of_calls_that_do_not_fit() -> None:
    refused(
        lambda: System("x", ["x"]),  # type: ignore[call-arg]
        "Argument `h` must be given to System, but is missing. "
        "It takes hamiltonian, jumps, h, gamma, parameters, drives.",
    )
    refused(lambda: System("x", ["x"], h=1), "Argument `gamma` must be given where there are jumps, but is missing.")
    refused(
        lambda: openweyl.compare(tol=1e-3),  # type: ignore[call-arg]
        "Arguments `system`, `state` and `times` must be given to compare, but are missing. It takes system, state, ",
    )
    refused(
        lambda: COARSE.replace(gama=2),  # type: ignore[call-arg]
        "Argument `gama` must be one that System.replace takes, but is not. Did you mean `gamma`? It takes ",
    )
    refused(
        lambda: coherent(1, 2, 3),  # type: ignore[call-arg]
        "coherent must be given at most 2 arguments without a name, but is given 3. It takes x, xi, alpha.",
    )
    refused(
        lambda: coherent(1, 2, x=3),  # type: ignore[call-arg,misc]
        "Argument `x` must be given once to coherent, but is given twice. It takes x, xi, alpha.",
    )
    refused(
        lambda: openweyl.evolve(COARSE, STATE),  # type: ignore[call-arg]
        "Argument `times` must be given to evolve, but is missing.",
    )


def test_own_errors_of_a_function_are_not_taken_for_calls_that_do_not_fit() -> None:
    def watch(*_: Any) -> None:
        raise TypeError("my own")

    with pytest.raises(TypeError, match="my own"):
        openweyl.evolve(COARSE, STATE, [0.01], tol=0.05, watch=watch)


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: openweyl.evolve(STATE, COARSE, [0.1]), "Argument `system` must be a System"),
        (lambda: openweyl.check_assumptions("p"), "Argument `system` must be a System, but is p."),
        (
            lambda: Observable.parse("tanh(x1)", 2).value(W),
            "Argument `observable` must have n = 1 degrees of freedom, as the symbol, but is of n = 2. It is tanh(x1).",
        ),
        (
            lambda: certificate().expectation("smooth(x)"),
            "Argument `observable` must smooth a bounded formula, but x is not shown to be",
        ),
        (
            lambda: Symbol(np.zeros((0, *GRID.shape)), GRID),
            "Argument `values` must hold at least one function, but is of shape (0, 32, 32).",
        ),
        (
            lambda: Symbol(W.values[:, :5], GRID),
            "Argument `values` must have the grid's shape (32, 32), but is (32, 5).",
        ),
        (lambda: W.fock(size=b"x"), "Argument `size` must be a whole number from 1 to 5000"),
        (lambda: from_fock([1.0], 0.1, sizes=True), "Argument `sizes` must be a list of whole numbers of product 1"),
        (
            lambda: bead().thermal_jumps("0.5", "1/s", 0.0),
            "Argument `frequency` must be a rate, such as '1/s', but is 0.5",
        ),
        (lambda: bead().number("9**9**9**9 kg"), "Argument `quantity` must be a quantity such as '2.8 fg'"),
    ],
    ids=lambda value: value[:50] if isinstance(value, str) else "",
)
def test_known_slips(call: Callable[[], object], what: str) -> None:
    refused(call, what)


def test_text_is_an_observable() -> None:
    by_text, made = (certificate().expectation(o) for o in ("tanh(x)", Observable.parse("tanh(x)", 1)))
    assert by_text.as_dict() == made.as_dict()


def test_complex_symbols_are_resampled() -> None:
    real, both = (w.resampled(LARGER) for w in (W, W * (1 + 2j)))
    assert np.abs((both - real * (1 + 2j)).values).max() < 1e-15


@pytest.mark.parametrize("label", ODD)
def test_symbols_meet_odd_values(label: str) -> None:
    """Sums, differences, products, quotients, parts of a batch, names of variables: one line, or another Symbol."""
    batch = Symbol(np.stack([W.values, W.values]), GRID)
    operations: list[Callable[[Any], Any]] = [
        lambda odd: W + odd,
        lambda odd: W - odd,
        lambda odd: W * odd,
        lambda odd: W / odd,
        lambda odd: batch[odd],
        lambda odd: W[odd],
        W.marginal,
    ]
    for operation in operations:
        with patience():
            try:
                assert isinstance(operation(ODD[label]()), Symbol)
            except REFUSED as error:
                message = str(error)
                assert message and message.isprintable() and len(message) < 700


@pytest.mark.parametrize(
    "label", slow_but([s for s in ODD if "Symbol" in s and s != "a Symbol of two"], [s for s in ODD if "Symbol" in s])
)
def test_methods_of_odd_symbols(label: str) -> None:
    symbol = ODD[label]()
    methods = ("l1", "trace_norm", "moments", *(("fock", "to_qutip") if symbol.n == 1 else ()))  # n = 2 takes a minute
    for method in methods:
        try:
            getattr(symbol, method)()
        except REFUSED as error:
            message = str(error)
            assert message and message.isprintable() and len(message) < 700
    assert np.shape(symbol.trace()) == np.shape(symbol.purity()) == np.shape(symbol.hilbert_schmidt()) == symbol.batch
    assert symbol.to_xarray().shape == symbol.values.shape
