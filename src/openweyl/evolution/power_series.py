"""Truncated power series in the formal lambda of Q + lambda (L - Q), along a leading axis: exponential and product."""

from __future__ import annotations

from array_api_compat import array_namespace

from openweyl._core.complex_exponential import exponential_of_sum
from openweyl._core.fft import Array, series_product


def exponential(series: Array, order: int = 1) -> Array:
    """exp(c_0 + c_1 lambda + ...) as a series, cut after `order` terms; a lone c_0 stays a lone coefficient.

    With E = exp(c_0) sum_j e_j lambda^j: j e_j = sum_i i c_i e_{j-i}.
    """
    xp = array_namespace(series)
    terms = [exponential_of_sum([(1.0, xp.real(series[0]), xp.imag(series[0]))])]
    if series.shape[0] == 1:
        return terms[0][None]
    for j in range(1, order):
        terms.append(sum(i * series[i] * terms[j - i] for i in range(1, min(j, series.shape[0] - 1) + 1)) / j)
    return xp.stack(terms)


def product(first: Array, second: Array) -> Array:
    """The product of two series; a lone coefficient stands for a series that ends with it."""
    return series_product(*((first, second) if first.shape[0] <= second.shape[0] else (second, first)))
