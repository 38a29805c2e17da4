"""e^{r + i s} in blocks: equal to NumPy's exponential of complex arrays, up to round-off."""

from __future__ import annotations

import numpy as np
import pytest

from openweyl._core import complex_exponential
from openweyl._core.complex_exponential import cosine, exponential_of_sum, sine


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e3, 1e9])
def test_phases_of_every_size(size: float) -> None:
    phase = size * np.random.default_rng(1).uniform(-1, 1, 10_000)
    found = exponential_of_sum([(1.0, None, phase)])
    assert np.abs(found - np.exp(1j * phase)).max() < 1e-15
    assert np.abs(np.abs(found) - 1).max() < 1e-15
    assert np.abs(sine(phase) - np.sin(phase)).max() < 1e-15
    assert np.abs(cosine(phase) - np.cos(phase)).max() < 1e-15


def test_odd_multiples_of_pi() -> None:
    """Where the tangent of half the phase has its poles."""
    phase = np.pi * np.arange(-101, 102, 2)
    assert np.abs(exponential_of_sum([(1.0, None, phase)]) - np.exp(1j * phase)).max() < 1e-15


@pytest.mark.parametrize("chunk", [1, 7, 64, 10**6])
def test_sums_of_broadcast_parts_with_a_limit(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(complex_exponential, "CHUNK", chunk)
    rng = np.random.default_rng(2)
    r, s, other = rng.normal(size=(1, 6, 1)), 5 * rng.normal(size=(5, 6, 4)), rng.normal(size=(5, 1, 4))
    terms = [(0.5, r, s), (-0.3, other, None), (2.0, None, other)]
    exponent = 0.5 * (r + 1j * s) - 0.3 * other + 2j * other
    limited = np.minimum(exponent.real, 0.1) + 1j * exponent.imag
    assert np.abs(exponential_of_sum(terms) - np.exp(exponent)).max() < 1e-14
    assert np.abs(exponential_of_sum(terms, 0.1) - np.exp(limited)).max() < 1e-14
    fewer_phases = exponential_of_sum([(1.0, other, r)])
    assert np.abs(fewer_phases - np.exp(other + 1j * r)).max() < 1e-13
    decay = exponential_of_sum([(1.0, r, None)])
    assert np.array_equal(decay, np.exp(r))
