"""Public functions: calls with wrong arguments (a name missing, misspelt, or given twice) and calls that run out of
memory raise errors of this package, with a message of one line.

Argument `h` must be given to System, but is missing. It takes hamiltonian, jumps, h, gamma.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, TypeVar

from .arguments import InputError, ResourceError, shown

Target = TypeVar("Target", bound=Callable[..., Any])


def public(target: Target) -> Target:
    """The function or class `target`; a call that Python refuses with a TypeError of its own raises InputError, and
    one that runs out of memory ResourceError.

    >>> @public
    ... def root(x: float) -> float:
    ...     return x**0.5
    >>> root(y=4.0)
    Traceback (most recent call last):
    openweyl.InputError: Argument `y` must be one that root takes, but is not. It takes x.
    """
    if isinstance(target, type):
        made: Any = target
        made.__init__ = _checked(made.__init__, target.__name__, signature(made.__init__))
        return made
    checked: Any = _checked(target, target.__qualname__, signature(target))
    return checked


def _checked(function: Callable[..., Any], name: str, takes: Signature) -> Callable[..., Any]:
    own = "self" in takes.parameters

    @wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            takes.bind(*args, **kwargs)
        except TypeError:
            method = f"{type(args[0]).__name__}.{function.__name__}" if own and args and "." in name else name
            raise _misfit(method, takes, len(args), kwargs, own) from None
        try:
            return function(*args, **kwargs)
        except MemoryError as error:  # not foreseen by a check of sizes
            raise ResourceError(
                f"An array did not fit into memory ({shown(error.args[0] if error.args else 'no size known')}): raise "
                "`tol` or `h`, or shorten `times`.",
                kind="memory",
            ) from None

    return checked


def _misfit(name: str, takes: Signature, count: int, named: dict[str, Any], own: bool) -> InputError:
    """The error of a call with `count` arguments without names and `named`; `own`: self is the first of them."""
    parameters = [p for p in takes.parameters.values() if p.kind != Parameter.VAR_KEYWORD][int(own) :]
    known = [p.name for p in parameters]
    advice = f"It takes {', '.join(known) or 'none'}."
    unnamed = [p.name for p in parameters if p.kind == Parameter.POSITIONAL_OR_KEYWORD]
    count -= int(own)
    if strange := [key for key in named if key not in known]:
        close = get_close_matches(strange[0], known, 1)
        meant = f"Did you mean `{close[0]}`? " if close else ""
        return InputError(f"Argument `{shown(strange[0])}` must be one that {name} takes, but is not. {meant}{advice}")
    if count > len(unnamed):
        most = f"at most {len(unnamed)} argument{'s' * (len(unnamed) != 1)} without a name"
        return InputError(f"{name} must be given {most}, but is given {count}. {advice}")
    if twice := [key for key in unnamed[:count] if key in named]:
        return InputError(f"Argument `{twice[0]}` must be given once to {name}, but is given twice. {advice}")
    missing = [p.name for p in parameters if p.default is Parameter.empty and p.name not in (*unnamed[:count], *named)]
    *others, last = (f"`{key}`" for key in missing)
    listed = f"{', '.join(others)} and {last}" if others else last
    many = bool(others)
    return InputError(
        f"Argument{'s' * many} {listed} must be given to {name}, but {'are' if many else 'is'} missing. {advice}"
    )
