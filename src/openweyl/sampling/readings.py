"""Expectation values in a sampled mixture: how each kind of observable is read off Gaussians, and with what error.

    | tr(O A) - tr(O E tau) |  <=  min_c ||O - c|| ||A - E tau||_tr,        as both have trace 1,

so that half the width of O's spectrum counts: 1/2 for probabilities, (sup - inf)/2 for what is smoothed. For purities
O = A + E tau, 0 <= O <= 2, and | tr A^2 - tr (E tau)^2 | <= ||A - E tau||_tr.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, TypeAlias

import numpy as np
import sympy

from openweyl._core.arguments import fail, must
from openweyl._core.threads import one_thread
from openweyl.observables.observable import Observable, formula, is_formula
from openweyl.observables.readings import FormulaMean, HusimiValue, ParityValue
from openweyl.observables.unbounded import WeylMean
from openweyl.symbolic.algebra import separate
from openweyl.symbolic.expressions import TIME, variables
from openweyl.symbolic.forms import check_form
from openweyl.symbolic.smoothness import check_smooth, interval

from .gaussian_means import Means, Term, means, terms_of
from .mixture import GaussianMixture
from .overlaps import coherent_overlaps, pair_purity, parities
from .readout import UNBOUNDED, Readout
from .streams import Stream

Contributions: TypeAlias = Callable[[int], Means]
"""The index of a time -> what each particle contributes."""


@dataclass(frozen=True)
class _Question:
    """What is asked: its name, half the width of the operator's spectrum, and each particle's contribution."""

    name: str
    spread: float
    contributions: Contributions


def expectation_in(mixture: GaussianMixture, observable: Any) -> Readout:
    """tr(O A) over time, O an Observable, its text, or any smooth formula in x and xi, in Weyl order."""
    asked = _asked(mixture, observable)
    count, w = mixture.particles, mixture.weights
    value, error, statistical = np.empty((3, len(mixture)))
    for index in range(len(mixture)):
        with one_thread():
            found = asked.contributions(index)
        value[index], error[index] = w @ found.values, w @ found.errors
        if mixture.exact:
            statistical[index] = np.sqrt(w**2 @ found.variances)
        else:
            statistical[index] = found.values.std(ddof=1) / count**0.5 if count > 1 else np.inf
    known = bool(np.isfinite(asked.spread))
    bound = asked.spread * mixture.bound + error if known else np.full(len(mixture), np.inf)
    return Readout(asked.name, mixture.times, value, bound, statistical, "" if known else UNBOUNDED)


def fidelity_with(mixture: GaussianMixture, place: np.ndarray, name: str) -> Readout:
    """<z|A|z> over time, for the coherent state at z = `place`."""
    with one_thread():
        values = np.array([coherent_overlaps(mixture, index, place) for index in range(len(mixture))])
    value, statistical = mixture.average(values)
    return Readout(name, mixture.times, value, mixture.bound / 2, statistical)


def purity_of(mixture: GaussianMixture) -> Readout:
    """tr A^2 over time."""
    with one_thread():
        value, statistical = np.array([pair_purity(mixture, index) for index in range(len(mixture))]).T
    return Readout("purity", mixture.times, value, mixture.bound, statistical)


def _asked(mixture: GaussianMixture, observable: Any) -> _Question:
    """The question that an argument `observable` asks."""
    system, n = mixture.system, mixture.n
    if isinstance(observable, sympy.Expr):
        check_form(observable, "observable")
        strange = observable.free_symbols - {*system.x, *system.xi, TIME}
        must(not strange, "observable", "be in the variables of the system", observable)
        check_smooth(observable, "observable")
        return _of_formula(mixture, observable, system.x, system.xi, str(observable))
    if isinstance(observable, str) and is_formula(observable):
        return _of_formula(mixture, formula(observable, n), *variables(n), observable)
    known = Observable.of(observable, n)
    must(known.n in (None, n), "observable", f"have n = {n} degrees of freedom, as the system", f"of n = {known.n}")
    return _of_observable(mixture, known)


def _of_formula(
    mixture: GaussianMixture,
    o: sympy.Expr,
    x: tuple[sympy.Symbol, ...],
    xi: tuple[sympy.Symbol, ...],
    name: str,
) -> _Question:
    """A formula: bounded if it is f(x) + g(xi) with bounded f and g."""
    parts = separate(o, x, xi)
    spread = np.inf if parts is None or o.has(TIME) else sum(_half_width(part) for part in parts)
    return _Question(name, float(spread), _by_terms(mixture, terms_of(o, (*x, *xi)), smooth=False))


def _of_observable(mixture: GaussianMixture, observable: Observable) -> _Question:
    """An observable, by how it is read off a symbol."""
    reading, name = observable.reading, observable.name
    if isinstance(reading, WeylMean):
        return _of_formula(mixture, reading.symbol(mixture.system.h), *variables(mixture.n), name)
    zero = np.zeros(mixture.particles)
    if isinstance(reading, HusimiValue):
        place = np.array(reading.place)
        return _Question(name, 0.5, lambda index: Means(coherent_overlaps(mixture, index, place), zero, zero))
    if isinstance(reading, ParityValue):
        return _Question(name, 1.0, lambda index: Means(parities(mixture, index), zero, zero))
    if isinstance(reading, FormulaMean):
        x, xi = variables(mixture.n)
        terms = [term for part in reading.parts for term in terms_of(part, (*x, *xi), indicator=reading.indicator)]
        spread = 0.5 if reading.indicator else sum(map(_half_width, reading.parts))
        return _Question(name, min(spread, observable.norm), _by_terms(mixture, terms, smooth=reading.smooth))
    raise fail(
        "observable",
        "be text, a formula, or made by Observable.parse",
        name,
        "What reads a Symbol takes that of one or two modes: ensemble.reduced.",
    )


def _half_width(part: sympy.Expr) -> float:
    """(sup - inf)/2 of a formula, by intervals; infinite if it is not shown to be bounded."""
    low, high = interval(part)
    return (high - low) / 2 if np.isfinite(low) and np.isfinite(high) else float("inf")


def _by_terms(mixture: GaussianMixture, terms: list[Term], *, smooth: bool) -> Contributions:
    """The sum of the terms' means; `smooth`: over Gaussians that are wider by that of a coherent state."""
    wider = mixture.system.h / 2 if smooth else 0.0

    def contributions(index: int) -> Means:
        rng = np.random.default_rng(Stream.READING.of(mixture.seed, index))
        found = []
        for term in terms:
            places = list(term.places)
            K = mixture.covariance_blocks(index, places) + wider * np.eye(len(places))
            found.append(means(term, mixture.centers[index][:, places], K, mixture.times[index], rng))
        return reduce(add, found)

    return contributions
