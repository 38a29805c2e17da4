"""The battery: all rows by groups, run one after another, as one table.

Each group is a function of `fast` that returns rows; it takes seconds, and any selection of groups can be run alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from openweyl._core.arguments import must
from openweyl._core.text import table

from . import coupling, fokker_planck, lemmas, mixture, parametrix, theorems
from .row import Row

Group = Callable[..., list[Row]]
GROUPS: dict[str, Group] = {
    "lemma-2.1": lemmas.lemma_2_1,
    "lemma-2.2": lemmas.lemma_2_2,
    "lemma-2.3": lemmas.lemma_2_3,
    "parametrix": parametrix.parametrix,
    "sobolev": fokker_planck.sobolev,
    "example": fokker_planck.example,
    "theorem-1": theorems.theorem_1,
    "coupling": coupling.coupling,
    "theorem-2": theorems.theorem_2,
    "theorem-3": theorems.theorem_3,
    "norms": theorems.norms,
    "ansatz": mixture.ansatz,
    "regimes": coupling.weak_coupling,
}
"""The groups of rows, in the order in which they run."""


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """The groups of these names, all of them if there are none."""
    for name in names:
        must(name in GROUPS, "rows", f"be among {', '.join(GROUPS)}", name)
    return tuple(name for name in GROUPS if not names or name in names)


def run(names: Sequence[str] = (), *, fast: bool = False) -> list[Row]:
    """The rows of these groups, by default of all. `fast`: fewer and larger values of h.

    >>> [row.name for row in run(["lemma-2.2"], fast=True) if row.verdict != "holds"]
    ['lemma-2.2/printed']
    """
    return [row for name in chosen(names) for row in GROUPS[name](fast=fast)]


def as_table(rows: Sequence[Row]) -> str:
    """One line for each row; notes below."""
    heads = ("row", "variable", "predicted", "measured", "interval", "constant", "verdict")
    lines = [
        (
            row.name,
            f"{row.variable} in [{min(row.x):.2g}, {max(row.x):.2g}]",
            row.predicted,
            f"{row.measured:.3f}",
            f"[{row.interval[0]:.3f}, {row.interval[1]:.3f}]",
            f"{row.constant:.3g}",
            row.verdict,
        )
        for row in rows
    ]
    claims = [f"{row.name}: {row.claim}.{f' {row.note[0].upper()}{row.note[1:]}.' if row.note else ''}" for row in rows]
    return "\n".join([table(heads, lines, "too few points exceed their errors for a fit"), "", *claims])
