"""Whether every orbit of p exists for all times: the answer that the rules in escape and falling_potentials give."""

from __future__ import annotations

from dataclasses import dataclass

COMPLETE = "the flow is complete, and P essentially self-adjoint"
LEAVES = "orbits leave in finite time, and P may not be essentially self-adjoint"


@dataclass(frozen=True)
class Completeness:
    """Does every orbit of p exist for all times? None if it is not known; `how`: "proved", "sampled", "not known"."""

    holds: bool | None
    how: str
    text: str


def proved(text: str) -> Completeness:
    """That every orbit exists for all times, by the proof that `text` states."""
    return Completeness(True, "proved", text)
