"""Numbers, or arrays of them over time, with bounds or errors."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Self, TypeAlias

ErrorKind: TypeAlias = Literal["bound", "estimate"]
"""What an error is: "bound", if |value - the number| <= error follows from what is known of the symbol, such as its own
error in trace norm; "estimate", where nothing of the kind is known, as for unbounded observables."""


class Enclosure(NamedTuple):
    """lower <= the number <= upper: two bounds, numbers or arrays, in the unit of the number."""

    lower: Any
    upper: Any


class _Pair(NamedTuple):
    value: Any
    error: Any


class Estimate(_Pair):
    """|value - the number| <= error: numbers or arrays, in one unit. A pair: `value, error = estimate`.

    `kind` says what the error is: "bound", or "estimate", where no bound is known.

    >>> value, error = Estimate(0.5, 1e-6)
    >>> Estimate(4.0, 1e-5, "estimate")
    Estimate(value=4.0, error=1e-05, kind='estimate')
    """

    kind: ErrorKind

    def __new__(cls, value: Any, error: Any, kind: ErrorKind = "bound") -> Self:
        """The pair, with its kind beside it."""
        made = super().__new__(cls, value, error)
        made.kind = kind
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.value, self.error, self.kind

    def __repr__(self) -> str:
        return f"Estimate(value={self.value!r}, error={self.error!r}, kind={self.kind!r})"
