"""The error grammar: every message is one line that says what must hold and what is."""

from __future__ import annotations

import pickle
import re
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from openweyl._core import arguments
from openweyl._core.arguments import MAX_SHOWN_CHARACTERS, InputError, must, real, shown, times, tolerance

GRAMMAR = re.compile(r"Argument `[a-z]+` must .+, but is .+\.")
HUGE = 10**5000
"""More digits than Python writes out."""


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def refused(function: Any, *args: Any, **options: Any) -> str:
    """The message of the InputError that the call raises, checked for the grammar."""
    with pytest.raises(InputError) as caught:
        function(*args, **options)
    message = str(caught.value)
    assert "\n" not in message and GRAMMAR.fullmatch(message), message
    assert len(message) < 300
    return message


def test_the_grammar_word_for_word() -> None:
    message = refused(must, False, "gamma", "be >= 0", -1, "gamma = 0 is a closed system.")
    assert message == "Argument `gamma` must be >= 0, but is -1. gamma = 0 is a closed system."
    assert refused(must, False, "gamma", "be >= 0", -1) == "Argument `gamma` must be >= 0, but is -1."
    must(True, "gamma", "be >= 0", 1)


def test_input_error_is_a_value_error_and_resource_error_a_runtime_error() -> None:
    assert issubclass(InputError, ValueError)
    assert issubclass(arguments.ResourceError, RuntimeError)
    assert not issubclass(arguments.ResourceError, ValueError)


def test_a_resource_error_says_what_is_short_in_other_processes_too() -> None:
    error = pickle.loads(pickle.dumps(arguments.ResourceError("Too slow.", kind="time")))  # noqa: S301
    assert (str(error), error.kind) == ("Too slow.", "time")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        (0.1, "0.1"),
        ("a\nb\tc", "a b c"),
        ("a\x00b\x1b[31m\ud800", "a?b?[31m?"),
        ("q" * 10**6, "q" * (MAX_SHOWN_CHARACTERS - 3) + "..."),
        (HUGE, "a value of type int"),
        ([HUGE], "a value of type list"),
        (nested(10**5), "a value of type list"),
        (Unprintable(), "a value of type Unprintable"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_is_shown_on_one_short_line(value: Any, text: str) -> None:
    assert shown(value) == text


def test_of_a_text_of_millions_the_start_is_shown() -> None:
    assert shown(" " * 10**7 + "a") == "a"
    assert shown("a" + " " * 10**7 + "b") == "a..."
    assert shown("ab " * 10**7) == "ab " * 25 + "ab" + "..."


@given(st.text())
def test_any_text_is_shown_on_one_short_line(text: str) -> None:
    line = shown(text)
    assert line.isprintable() and len(line) <= MAX_SHOWN_CHARACTERS


@pytest.mark.parametrize(
    "value", [2, 2.0, np.float32(2), np.int64(2), np.array(2.0), Fraction(4, 2), sp.Integer(2), sp.Float(2)], ids=repr
)
def test_real_takes_every_kind_of_real_number(value: Any) -> None:
    number = real("h", value, above=0.0)
    assert type(number) is float and number == 2.0


@pytest.mark.parametrize(
    "value",
    [
        True,
        np.True_,
        None,
        "2",
        b"2",
        np.array("2"),
        1j,
        np.complex128(1),
        float("nan"),
        float("inf"),
        -np.inf,
        HUGE,
        [2.0],
        np.array([2.0]),
        np.datetime64("2020-01-01"),
        sp.Symbol("x"),
        object(),
    ],
    ids=lambda value: shown(value)[:20],
)
def test_real_refuses_all_else(value: Any) -> None:
    assert "`h` must be a finite number > 0" in refused(real, "h", value, above=0.0)


def test_the_bounds_of_real() -> None:
    assert real("gamma", 0, low=0.0) == 0.0
    assert "must be >= 0, but is -1" in refused(real, "gamma", -1, low=0.0)
    assert "must be > 0, but is 0." in refused(real, "h", 0, above=0.0)
    assert real("x", -5) == -5.0


@pytest.mark.parametrize(
    "values",
    [[0], (0, 1), range(3), np.linspace(0, 1, 5), [0.5, 1e9], (t for t in (1, 2))],
    ids=lambda v: type(v).__name__,
)
def test_times_become_a_tuple_of_floats(values: Any) -> None:
    found = times(values)
    assert isinstance(found, tuple) and all(type(t) is float for t in found)
    if not hasattr(values, "__next__"):
        assert found == tuple(values)


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ([], "hold at least one time"),
        ([1, 1], "increase"),
        ([2, 1], "increase"),
        (list(range(1000, 0, -1)), "increase"),
        ([-1, 0], "be >= 0"),
        ("12", "be a list of numbers"),
        (None, "be a list of numbers"),
        (5, "be a list of numbers"),
        (np.array(1.0), "be a list of numbers"),
        ([0, float("inf")], "be a finite number"),
        ([0, float("nan")], "be a finite number"),
        (["a"], "be a finite number"),
        ([[1]], "be a finite number"),
        ([HUGE], "be a finite number"),
        (np.zeros((2, 2)), "be a finite number"),
    ],
    ids=lambda value: shown(value)[:20],
)
def test_times_refuse_what_is_no_increasing_list(values: Any, what: str) -> None:
    assert f"`times` must {what}" in refused(times, values)


@given(st.lists(st.floats(0, 1e6)))
def test_times_take_exactly_the_strictly_increasing_lists(values: list[float]) -> None:
    if values and all(b > a for a, b in pairwise(values)):
        assert times(values) == tuple(values)
    else:
        refused(times, values)


def test_a_tolerance_lies_between_round_off_and_a_tenth() -> None:
    assert [tolerance(t) for t in (1e-11, 1e-6, 0.1)] == [1e-11, 1e-6, 0.1]
    for bad, what in (
        (0, "> 0"),
        (1e-12, ">= 1e-11"),
        (0.2, "<= 0.1"),
        ("1e-6", "a finite number"),
        (True, "a finite"),
    ):
        assert what in refused(tolerance, bad)
