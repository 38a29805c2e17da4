"""One thread for each test process, and the same examples of hypothesis in each run.

The suite runs on all cores (pytest-xdist): more threads would only collide.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from hypothesis import settings
from threadpoolctl import threadpool_limits

from openweyl import State
from openweyl.theory import check

for name in ("DUCC0_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
threadpool_limits(1, "blas")  # plugins may have loaded NumPy before: it reads the environment no more
settings.register_profile("suite", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("suite")


def pytest_collection_finish() -> None:
    """What is imported by now stays: searches for garbage, of which tests of files make many, pass it over."""
    gc.collect()
    gc.freeze()


measured = cache(check.mean_and_seminorms)


def copied(state: State, h: float, rho: float) -> tuple[np.ndarray, dict[int, float]]:
    mean, seminorms = measured(state, h, rho)
    return mean.copy(), dict(seminorms)


@pytest.fixture(scope="module")
def states_measured_once() -> Iterator[None]:
    """For tests of many systems with one state: the seminorms of its symbol are most of a check of assumptions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(check, "mean_and_seminorms", copied)
        yield
