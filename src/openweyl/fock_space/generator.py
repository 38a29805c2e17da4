"""The Lindblad generator on the operators between finitely many levels, as real sparse matrices, and what it loses.

    A = sum_{m,n on levels} c_mn |m><n|,      L A  =  (its part on the levels)  +  (its part beyond them).

Both are known exactly for polynomial symbols: L A reaches a few levels further than A. The part on the levels alone
generates a contraction of the trace norm, as L does; so the trace norm of the part beyond, integrated over time, bounds
what the evolution on the levels is off (Etienney, Robin and Rouchon, arXiv:2501.09607).

A symmetry of the system, such as one of phase or parity, shows as coordinates that never meet: only those in which the
state has a part are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod, sqrt

import numpy as np
import sympy
from scipy import sparse

from .coordinates import Coordinates, Entries, real_map, upper_entries
from .ladder import matrix, operator_norm
from .levels import places
from .polynomial_system import PolynomialSystem


@dataclass(frozen=True)
class Term:
    """A part of L on some coordinates: `inside` to the same ones, `beyond` to those of further levels, one by one."""

    inside: sparse.csr_array
    beyond: sparse.csr_array


@dataclass(frozen=True)
class Generator:
    """The terms of L, one for each function of the time, on those coordinates of matrices on `levels` that are `kept`.

    rank: a bound of the rank of the part beyond the levels. largest: the size of the largest set of coordinates that
    evolve together. past: shape (rows, modes), in which modes each coordinate beyond the levels is beyond them.
    """

    levels: tuple[int, ...]
    factors: tuple[sympy.Expr, ...]
    terms: tuple[Term, ...]
    kept: np.ndarray
    rank: int
    largest: int
    past: np.ndarray

    @property
    def coordinates(self) -> Coordinates:
        """Those of all matrices on the levels."""
        return Coordinates(prod(self.levels))

    @property
    def size(self) -> int:
        """The number of coordinates kept."""
        return len(self.kept)

    def matrix(self, v: np.ndarray) -> np.ndarray:
        """The matrix of a vector of the kept coordinates."""
        full = np.zeros(self.coordinates.count)
        full[self.kept] = v
        return self.coordinates.matrix(full)

    def trace_norm(self, norm: float) -> float:
        """A bound of the trace norm of a matrix on the levels by its Hilbert-Schmidt norm."""
        return sqrt(self.coordinates.size) * norm

    def trace_norm_beyond(self, norm: float) -> float:
        """The same for what is beyond the levels."""
        return sqrt(self.rank) * norm


def generator(
    system: PolynomialSystem, levels: tuple[int, ...], A: np.ndarray, negligible: float
) -> tuple[Generator, np.ndarray, float]:
    """L on those coordinates that evolve together with those of the matrix A; the coordinates of A among them.

    The third is what was left out of A as round-off, in trace norm, at most `negligible`.
    """
    outer = tuple(size + more for size, more in zip(levels, system.reach(), strict=True))
    own = places(levels, outer)
    split = [_split(_term(system, factor, levels, outer, own), own, prod(outer)) for factor in system.factors]
    coordinates = Coordinates(len(own))
    v = coordinates.vector(A)
    kept, largest, lost = _met(sum(abs(inside) for inside, _ in split), v, negligible / sqrt(len(own)))
    beyond = [part[:, kept] for _, part in split]
    rows = np.nonzero(sum(np.diff(part.indptr) for part in beyond))[0]
    terms = tuple(Term(inside[kept][:, kept], part[rows]) for (inside, _), part in zip(split, beyond, strict=True))
    rank = 2 * (prod(outer) - len(own))
    made = Generator(levels, system.factors, terms, kept, rank, largest, _past(rows, levels, outer))
    return made, v[kept], sqrt(len(own)) * lost


def rate_bound(system: PolynomialSystem, levels: tuple[int, ...], size: Callable[[sympy.Expr], float]) -> float:
    """A bound of || L A || for any A on the levels of trace norm 1: 2 ||P||/h + 2 sum_j ||L_j||^2.

    `size`: what functions of the time count as.
    """
    rate = sum(size(f) * 2 / system.h * operator_norm(p, levels) for f, p in system.hamiltonian)
    return rate + sum(size(f) * 2 * operator_norm(jump, levels) ** 2 for f, jump in system.jumps)


def lost_later(systems: Sequence[PolynomialSystem], levels: tuple[int, ...], horizon: float) -> float:
    """The factor 1 + l T by which an error made on the levels may grow up to the time T: L takes it beyond them, too.

    l is the largest `rate_bound`, with 1 for functions of the time. What is left out of a state or of a step is made
    smaller by this factor: otherwise levels would be added for round-off alone.
    """
    leaving = (system for system in systems if any(system.reach()))
    return 1 + horizon * max((rate_bound(system, levels, lambda _: 1.0) for system in leaving), default=0.0)


def sides(
    system: PolynomialSystem, factor: sympy.Expr, levels: tuple[int, ...], outer: tuple[int, ...]
) -> tuple[sparse.csr_array, list[sparse.csr_array]]:
    """K and the L_j of K A + A K* + sum_j L_j A L_j*, K = -(i/h) P - sum_j L_j* L_j/2, of what has this function of the
    time, as matrices from the levels to the outer ones.
    """
    K = sparse.csr_array((prod(outer), prod(levels)), dtype=complex)
    for f, p in system.hamiltonian:
        if f == factor:
            K = K - 1j / system.h * matrix(p, outer, levels)
    jumps = [jump for f, jump in system.jumps if f == factor]
    made = [matrix(jump, outer, levels) for jump in jumps]
    for jump, L in zip(jumps, made, strict=True):
        K = K - matrix(jump, outer, outer).conj().T @ L / 2  # L has no entries below the outer levels: they are enough
    return K, made


def _term(
    system: PolynomialSystem, factor: sympy.Expr, levels: tuple[int, ...], outer: tuple[int, ...], own: np.ndarray
) -> Entries:
    """The part of L with this function of the time: A on the levels -> a matrix on the outer ones."""
    identity = sparse.csr_array((np.ones(len(own)), (own, np.arange(len(own)))), shape=(prod(outer), len(own)))
    K, jumps = sides(system, factor, levels, outer)
    parts = [upper_entries(L, L) for L in jumps] + [upper_entries(K, identity), upper_entries(identity, K)]
    return Entries(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _split(entries: Entries, own: np.ndarray, outer: int) -> tuple[sparse.csr_array, sparse.csr_array]:
    """The map in real coordinates, to those on the levels and to those beyond."""
    source, target = Coordinates(len(own)), Coordinates(outer)
    rows, columns, values = real_map(entries, target, source)
    numbers = np.full(target.count, -1)
    i, j = np.triu_indices(len(own))
    numbers[target.real(own[i], own[j])] = source.real(i, j)
    i, j = np.triu_indices(len(own), 1)
    numbers[target.imaginary(own[i], own[j])] = source.imaginary(i, j)
    within = numbers[rows] >= 0
    inside = sparse.csr_array(
        (values[within], (numbers[rows[within]], columns[within])), shape=(source.count, source.count)
    )
    beyond = sparse.csr_array((values[~within], (rows[~within], columns[~within])), shape=(target.count, source.count))
    return inside, beyond


def _met(pattern: sparse.csr_array, v: np.ndarray, negligible: float) -> tuple[np.ndarray, int, float]:
    """The coordinates that evolve together with those of v, the most of them that meet, and the norm of what is left
    out of v.
    """
    from scipy.sparse import csgraph  # slow to import

    count, labels = csgraph.connected_components(pattern, directed=False)
    weights = np.sqrt(np.bincount(labels, v**2, count))
    order = np.argsort(weights)
    light = np.cumsum(weights[order]) <= negligible
    dropped = np.zeros(count, dtype=bool)
    dropped[order[light]] = True
    largest = int(np.bincount(labels, minlength=count)[~dropped].max(initial=0))
    return np.nonzero(~dropped[labels])[0], largest, float(weights[dropped].sum())


def _past(rows: np.ndarray, levels: tuple[int, ...], outer: tuple[int, ...]) -> np.ndarray:
    """For each coordinate of matrices on the outer levels, and each mode, whether it is beyond the levels of that."""
    m, n = Coordinates(prod(outer)).pairs(rows)
    indices = zip(np.unravel_index(m, outer), np.unravel_index(n, outer), levels, strict=True)
    return np.stack([(a >= size) | (b >= size) for a, b, size in indices], axis=1)
