"""The tables of a report: distances over time, exponents, all points."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from . import plots
from .fits import FEWEST_POINTS, LIMITS, WIDEST_HALF_WIDTH, Fit, exponents
from .markup import coordinate, labelled, letter, number, table, with_error
from .study import Study

TIME = Markup("<i>t</i>")
MOST_ROWS = 500
"""Rows of the table of all points; a store of thousands has the rest."""
_UNKNOWN = "not known: a point that failed, or is missing, has no numbers"
_BOUND = {"h": "≥", "gamma": "≤", "time": "≤"}


def numbers_over_time(study: Study) -> Markup:
    """A table for each panel."""
    h, gamma = study.values("h"), study.values("gamma")
    rows = plots.chosen(len(h), plots.MOST_CURVES)
    folds = []
    for j in plots.chosen(len(gamma), plots.MOST_PANELS):
        points = [study.base | {"h": i, "gamma": j} for i in rows]
        known = [(study.at(study.distance, point), study.at(study.error, point)) for point in points]
        body = [[coordinate("time", t), *(with_error(d[k], e[k]) for d, e in known)] for k, t in enumerate(study.times)]
        head = labelled("gamma", gamma[j])
        made = table(
            [TIME, *(labelled("h", h[i]) for i in rows)],
            body,
            Markup("Distance ± error, {}").format(head),
            unknown="failed, or missing",
        )
        folds.append(Markup("<details><summary>Numbers for {}</summary>{}</details>").format(head, made))
    return Markup("").join(folds)


def fits(study: Study) -> tuple[Markup, Markup]:
    """The table of exponents, empty if there are none, and what is not in it."""
    fitted = exponents(study)
    telling = [fit for fit in fitted if fit.tells]
    vague = len(fitted) - len(telling)
    left = Markup("<p>Left out: {} of {} fits, with intervals beyond ± {:g}.</p>") if vague else Markup("")
    left = left.format(vague, len(fitted), WIDEST_HALF_WIDTH)
    if not telling:
        few = Markup(
            "<p>No exponents: a fit needs {} values of <i>h</i>, <i>γ</i> or <i>t</i> with distances above twice their "
            "errors.</p>"
        )
        return Markup(""), left or few.format(FEWEST_POINTS)
    rows = [
        [
            letter(fit.axis),
            Markup(", ").join(labelled(axis, value) for axis, value in fit.fixed.items()),
            "none" if fit.curved else Markup("<b>{}</b>").format(with_error(fit.exponent, fit.half_width)),
            " … ".join(f"{value:.2f}".replace("-", "−") for value in fit.halves),
            number(fit.bound, 3),
            f"{_BOUND[fit.axis]} {LIMITS[fit.axis]:g}".replace("-", "−"),
            verdict(fit),
            f"{coordinate(fit.axis, fit.low)} … {coordinate(fit.axis, fit.high)} ({_count(fit)})",
        ]
        for fit in telling
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


def points(study: Study) -> Markup:
    """Every point at the last time."""
    names = ("hilbert_schmidt", "l1", "purity", "min_eigenvalue")
    others = {name: np.asarray(study.array(name), dtype=float) for name in names}
    bounds = {n: np.asarray(study.array(n), dtype=float) for n in ("distance_lower", "distance_upper")}
    l1_error, seconds, message = (study.array(name) for name in ("l1_error", "seconds", "message"))
    heads: list[str] = [*map(letter, study.axes), "status", "trace norm"]
    heads += ["certified enclosure"] if study.certified else []
    heads += ["Hilbert-Schmidt", Markup("<i>L</i>¹"), "purity", "least eigenvalue", "seconds"]
    every = list(study.points())
    rows = []
    for point in every[:MOST_ROWS]:
        status = str(study.at(study.status, point))
        row = [coordinate(a, study.values(a)[point[a]]) for a in study.axes]
        note = str(study.at(message, point)) if status == "failed" and "message" in study.dataset else ""
        row.append(Markup("{}: <small>{}</small>").format(status, note) if note else status)
        row.append(with_error(study.at(study.distance, point)[-1], study.at(study.error, point)[-1]))
        if study.certified:
            row.append(" … ".join(number(study.at(b, point)[-1], 3) for b in bounds.values()))
        error = study.at(study.error, point)[-1]
        row.append(with_error(study.at(others["hilbert_schmidt"], point)[-1], error))
        row.append(with_error(study.at(others["l1"], point)[-1], study.at(l1_error, point)[-1]))
        row.append(with_error(study.at(others["purity"], point)[-1], 2 * error))
        row.append(with_error(study.at(others["min_eigenvalue"], point)[-1], error))
        row.append(number(float(np.ravel(study.at(seconds, point))[0]), 3))
        rows.append(row)
    left = len(every) - len(rows)
    more = Markup("<p>The first {} of {} points; the store has the other {}.</p>") if left else Markup("")
    made = table(heads, rows, f"All points at t = {coordinate('time', study.times[-1])}", unknown=_UNKNOWN)
    return made + more.format(MOST_ROWS, len(every), left)
