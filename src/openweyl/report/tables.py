"""The tables of a report: distances over time, exponents, all points."""

from __future__ import annotations

from html import escape

import numpy as np

from . import plots
from .fits import FEWEST, LIMITS, WIDEST, Fit, exponents
from .markup import coordinate, labelled, letter, number, table, with_error
from .study import Study

MOST_ROWS = 500
"""Rows of the table of all points; a store of thousands has the rest."""
_UNKNOWN = "not known: a point that failed, or is missing, has no numbers"
_BOUND = {"h": "≥", "gamma": "≤", "time": "≤"}


def numbers_over_time(study: Study) -> str:
    """A table for each panel."""
    h, gamma = study.values("h"), study.values("gamma")
    rows = plots.chosen(len(h), plots.MOST_CURVES)
    folds = []
    for j in plots.chosen(len(gamma), plots.MOST_PANELS):
        places = [study.base | {"h": i, "gamma": j} for i in rows]
        known = [(study.at(study.distance, place), study.at(study.error, place)) for place in places]
        body = [[coordinate("time", t), *(with_error(d[k], e[k]) for d, e in known)] for k, t in enumerate(study.times)]
        head = labelled("gamma", gamma[j])
        made = table(
            ["<i>t</i>", *(labelled("h", h[i]) for i in rows)],
            body,
            f"Distance ± error, {head}",
            unknown="failed, or missing",
        )
        folds.append(f"<details><summary>Numbers for {head}</summary>{made}</details>")
    return "".join(folds)


def fits(study: Study) -> tuple[str, str]:
    """The table of exponents, empty if there are none, and what is not in it."""
    fitted = exponents(study)
    found = [fit for fit in fitted if fit.tells]
    vague = len(fitted) - len(found)
    left = f"<p>Left out: {vague} of {len(fitted)} fits, with intervals beyond ± {WIDEST:g}.</p>" if vague else ""
    if not found:
        few = (
            f"<p>No exponents: a fit needs {FEWEST} values of <i>h</i>, <i>γ</i> or <i>t</i> with distances above "
            "twice their errors.</p>"
        )
        return "", left or few
    rows = [
        [
            letter(fit.axis),
            ", ".join(labelled(axis, value) for axis, value in fit.fixed.items()),
            "none" if fit.curved else f"<b>{with_error(fit.exponent, fit.half_width)}</b>",
            " … ".join(f"{value:.2f}".replace("-", "−") for value in fit.halves),
            number(fit.bound, 3),
            f"{_BOUND[fit.axis]} {LIMITS[fit.axis]:g}".replace("-", "−"),
            verdict(fit),
            f"{coordinate(fit.axis, fit.low)} … {coordinate(fit.axis, fit.high)} ({_count(fit)})",
        ]
        for fit in found
    ]
    heads = ["along", "at", "exponent, 95 %", "of either half", "(1.10), same points", "its limit", "", "over (points)"]
    return table(heads, rows, "Exponents of the distance", unknown="outside the theorem’s range"), left


def _count(fit: Fit) -> str:
    return str(fit.points) if fit.points == fit.given else f"{fit.points} of {fit.given}"


def verdict(fit: Fit) -> str:
    """How the exponent relates to that of the bound over the same points."""
    if fit.curved:
        return "curved: no single exponent"
    if not np.isfinite(fit.bound):
        return "outside the theorem’s range"
    faster, slower = ("grows slower", "grows faster") if fit.axis == "time" else ("falls faster", "falls slower")
    gap = (1 if fit.axis == "h" else -1) * (fit.exponent - fit.bound)
    if abs(gap) <= fit.half_width:
        return "the bound’s is in the interval"
    return f"{faster if gap > 0 else slower} than the bound"


def points(study: Study) -> str:
    """Every point at the last time."""
    names = ("hilbert_schmidt", "l1", "purity", "min_eigenvalue")
    others = {name: np.asarray(study.array(name), dtype=float) for name in names}
    bounds = {n: np.asarray(study.array(n), dtype=float) for n in ("distance_lower", "distance_upper")}
    l1_error, seconds, message = (study.array(name) for name in ("l1_error", "seconds", "message"))
    heads = [*map(letter, study.axes), "status", "trace norm"]
    heads += ["certified enclosure"] if study.certified else []
    heads += ["Hilbert-Schmidt", "<i>L</i>¹", "purity", "least eigenvalue", "seconds"]
    places = list(study.places())
    rows = []
    for place in places[:MOST_ROWS]:
        status = str(study.at(study.status, place))
        row = [coordinate(a, study.values(a)[place[a]]) for a in study.axes]
        note = str(study.at(message, place)) if status == "failed" and "message" in study.dataset else ""
        row.append(f"{escape(status)}{f': <small>{escape(note)}</small>' if note else ''}")
        row.append(with_error(study.at(study.distance, place)[-1], study.at(study.error, place)[-1]))
        if study.certified:
            row.append(" … ".join(number(study.at(b, place)[-1], 3) for b in bounds.values()))
        error = study.at(study.error, place)[-1]
        row.append(with_error(study.at(others["hilbert_schmidt"], place)[-1], error))
        row.append(with_error(study.at(others["l1"], place)[-1], study.at(l1_error, place)[-1]))
        row.append(with_error(study.at(others["purity"], place)[-1], 2 * error))
        row.append(with_error(study.at(others["min_eigenvalue"], place)[-1], error))
        row.append(number(float(np.ravel(study.at(seconds, place))[0]), 3))
        rows.append(row)
    left = len(places) - len(rows)
    more = f"<p>The first {MOST_ROWS} of {len(places)} points; the store has the other {left}.</p>" if left else ""
    return table(heads, rows, f"All points at t = {coordinate('time', study.times[-1])}", unknown=_UNKNOWN) + more
