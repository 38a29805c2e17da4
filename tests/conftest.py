"""One thread for each test process, and the same examples of hypothesis in each run.

The suite runs on all cores (pytest-xdist): more threads would only collide.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.strategies import none
from threadpoolctl import threadpool_limits

for name in ("DUCC0_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
threadpool_limits(1, "blas")  # plugins may have loaded NumPy before: it reads the environment no more
settings.register_profile("suite", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("suite")


def pytest_collection_finish() -> None:
    """What is imported by now stays: searches for garbage, of which tests of files make many, pass it over.

    A first example comes before: hypothesis looks then for who holds NumPy's random numbers, and frozen holders are not
    found.
    """
    given(none())(lambda _: None)()
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def measured() -> Callable[..., Any]:
    """`mean_and_seminorms`, which computes anything once."""
    from openweyl.theory.state_classes import mean_and_seminorms  # the process that hands out tests need not load it

    kept = cache(mean_and_seminorms)

    def copied(*arguments: Any) -> Any:
        mean, seminorms = kept(*arguments)
        return mean.copy(), dict(seminorms)

    return copied


@pytest.fixture(scope="module")
def states_measured_once(measured: Callable[..., Any]) -> Iterator[None]:
    """For tests of many systems with one state: the seminorms of its symbol are most of a check of assumptions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("openweyl.theory.check.mean_and_seminorms", measured)
        yield
