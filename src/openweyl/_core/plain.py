"""Results as plain values, for JSON: the one encoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any


def plain(value: Any) -> Any:
    """`value` in the types of JSON: lists for arrays and tuples, text for formulas, None for numbers not finite.

    An object with a method `as_dict` becomes its result, any other dataclass its fields; keys of tables become text.

    >>> plain({"times": (0.0, 1.0), "rho": float("nan"), 2: True})
    {'times': [0.0, 1.0], 'rho': None, '2': True}
    """
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    if hasattr(value, "as_dict"):
        return value.as_dict()
    if is_dataclass(value):
        return plain_fields(value, *(field.name for field in fields(value)))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value)


def plain_fields(instance: Any, *names: str) -> dict[str, Any]:
    """The attributes of these names as plain values."""
    return {name: plain(getattr(instance, name)) for name in names}
