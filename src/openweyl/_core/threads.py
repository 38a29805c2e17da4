"""The number of threads of linear algebra."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from functools import cache

from threadpoolctl import ThreadpoolController

LARGE_MATRIX = 1000
"""The number of rows from which a second thread shortens an eigenvalue problem, even on cores that are shared."""


def one_thread(size: int = 0) -> AbstractContextManager[object]:
    """BLAS with one thread for matrices of fewer than LARGE_MATRIX rows: more threads are slower, above all on shared
    cores.
    """
    if size >= LARGE_MATRIX:
        return nullcontext()
    return _libraries("scipy.linalg" in sys.modules).limit(limits=1, user_api="blas")


@cache
def _libraries(_with_scipy: bool) -> ThreadpoolController:
    """The libraries with threads, looked up once, as the search takes 2 ms, and again when SciPy's is loaded."""
    return ThreadpoolController()
