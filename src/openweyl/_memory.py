"""How much memory a computation may use."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from ._check import ResourceError, shown
from ._limits import free_memory

P = ParamSpec("P")
R = TypeVar("R")


def spare_memory() -> float:
    """Half of the free memory, in bytes: the limit unless another is given."""
    return free_memory() / 2


def refuses_what_does_not_fit(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, with ResourceError in one line where an array turns out not to fit into memory after all."""

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except MemoryError as error:
            raise ResourceError(
                f"An array did not fit into memory ({shown(error.args[0] if error.args else 'no size known')}): raise "
                "`tol` or `h`, or shorten `times`."
            ) from None

    return guarded
