"""Words of two bosonic codes, n = 1: binomial ones, and finite-energy ones of Gottesman, Kitaev and Preskill.

    binomial    2^{-N/2} sum_{p = word, word + 2, ..., <= N + 1} binom(N + 1, p)^{1/2} |p (S + 1)>,
    grid        e^{-delta^2 ad a} sum_j |x = (2 j + word) sqrt(pi h)>,    normalised.

In units of sqrt(h) and with b = delta^2, Mehler's kernel of e^{-b ad a} makes of a position c a Gaussian at c/cosh b:

    psi(y)  ~  sum_c exp(-c^2 tanh(b)/2) exp(-coth(b) (y - c/cosh b)^2/2),        c = (2 j + word) sqrt(pi).

Sources: errorcorrectionzoo.org/c/binomial, after Michael et al. (2016); Matsuura, Yamasaki and Koashi,
arXiv:1910.08301, which compares the forms of finite-energy grid states.
"""

from __future__ import annotations

from math import ceil, comb, cosh, pi, sqrt, tanh
from typing import Any

import numpy as np

from openweyl._core.arguments import must, real, whole
from openweyl._core.calls import public
from openweyl.phase_space.grid import Axis

from .fock_states import fock, superposition
from .matrix_state import MatrixState
from .scaled_states import ScaledState
from .states import State

MAX_ORDER = 40
"""The largest N and S of binomial codes: above, levels beyond 1700 are reached."""
MIN_DELTA, MAX_DELTA = 0.15, 1.0
"""From 16 dB of squeezing, beyond which a wave function has more points than a kernel should have, to a state of hardly
more than one peak."""
EXPONENT = 40.0
"""Where exponentials end: e^-40 of an amplitude is below round-off of its square."""


@public
def binomial(N: int, S: int, word: int) -> State:
    """The word 2^{-N/2} sum_p binom(N + 1, p)^{1/2} |p (S + 1)>, p = word, word + 2, ..., of a binomial code.

    `N`: from 1 to 40, the order of the code; `S`: from 0 to 40, the levels between those that are used. `word`: 0 or 1.
    Others are `superposition([(c, binomial(N, S, 0)), (d, binomial(N, S, 1))])`.
    binomial(1, 1, 0) is (|0> + |4>)/sqrt 2, binomial(1, 1, 1) is |2>.

    >>> state = binomial(1, 1, 0)
    >>> state.symbol(state.grid(0.5, 1e-12)).photon_numbers(size=5).value.round(9) + 0.0
    array([0.5, 0. , 0. , 0. , 0.5])

    Raises InputError for other numbers. Source: errorcorrectionzoo.org/c/binomial, after Michael et al. (2016).
    """
    N, S = whole("N", N, 1, MAX_ORDER), whole("S", S, 0, MAX_ORDER)
    word = whole("word", word, 0, 1)
    terms = [(sqrt(comb(N + 1, p) / 2**N), fock(p * (S + 1))) for p in range(word, N + 2, 2)]
    return _named(superposition(terms), f"word {word} of the binomial code N = {N}, S = {S}")


@public
def gkp(delta: float, word: int) -> State:
    """e^{-delta^2 ad a} sum_j |x = (2 j + word) sqrt(pi h)>, normalised: a finite-energy word of the square grid code.

    `delta`: from 0.15 to 1; peaks and their envelope, of x as of xi, have variances of about h delta^2/2 and
    h/(2 delta^2), and the squeezing is -20 log10(delta) dB. `word`: 0 or 1; the two are not quite orthogonal.

    >>> state = gkp(0.35, 0)
    >>> w = state.symbol(state.grid(1.0, 1e-9))
    >>> bool(w.at(0.0, 0.0) > 1), bool(w.at(0.0, pi**0.5 / 2) > 0)
    (True, True)

    Raises InputError for other numbers. Source: Matsuura, Yamasaki and Koashi, arXiv:1910.08301.
    """
    delta = real("delta", delta, above=0.0)
    advice = "It is the width of peaks over that of the ground state."
    must(MIN_DELTA <= delta <= MAX_DELTA, "delta", f"lie between {MIN_DELTA} and {MAX_DELTA}", delta, advice)
    word = whole("word", word, 0, 1)
    b = delta**2
    reach = sqrt(2 * EXPONENT / tanh(b)) + sqrt(2 * EXPONENT * tanh(b))  # of x and of xi, which the grid treats alike
    count = ceil(2 * reach**2 / pi)
    window = Axis(-reach * (count - 1) / count, 2 * reach / count, count)
    j = np.arange(-ceil(reach), ceil(reach) + 1)
    centers = (2 * j + word) * sqrt(pi)
    peaks = -((window.points[:, None] - centers / cosh(b)) ** 2) / (2 * tanh(b)) - centers**2 * tanh(b) / 2
    wave = np.exp(peaks).sum(axis=1)
    wave = (wave / np.linalg.norm(wave))[:, None].astype(complex)
    name = f"word {word} of the grid code, delta = {delta:g}"
    return ScaledState(MatrixState(np.ones((1, 1)), (wave,), (window,), 1.0, name), name)


def _named(state: Any, name: str) -> State:
    """The state, called by this name."""
    return ScaledState(state.unit, name, state.ket)
