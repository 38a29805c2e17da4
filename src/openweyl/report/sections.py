"""The sections of a report as HTML, each from the study alone."""

from __future__ import annotations

import shlex
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._check import InputError, ResourceError
from openweyl.assumptions import check_assumptions

from . import plots
from .fits import FEWEST, LIMITS, Fit, exponents
from .markup import coordinate, display, formula, labelled, letter, number, table
from .study import Study

if TYPE_CHECKING:
    from openweyl.problem import Problem
    from openweyl.system import System

MOST_ROWS = 500
"""Rows of the table of all points; a store of thousands has the rest."""
_BOUND = {"h": "≥", "gamma": "≤", "time": "≤"}


def summary(study: Study) -> str:
    """The few numbers to know first."""
    last, error = study.distance[..., -1], study.error
    rest = [f"{study.count(word)} {word}" for word in ("failed", "missing") if study.count(word)]
    facts = [("points", ", ".join([f"{study.count('done')} of {study.status.size} done", *rest]))]
    for axis in study.axes:
        values = study.values(axis)
        ends = " … ".join(coordinate(v) for v in dict.fromkeys((values[0], values[-1])))
        facts.append((f"<i>{escape(letter(axis))}</i>", f"{ends} ({len(values)})"))
    facts.append(("<i>t</i>", f"{coordinate(study.times[0])} … {coordinate(study.times[-1])} ({len(study.times)})"))
    if np.isfinite(last).any():
        least, most = number(float(np.nanmin(last)), 3), number(float(np.nanmax(last)), 3)
        at = f"distance at <i>t</i> = {coordinate(study.times[-1])}"
        facts.append((at, least if least == most else f"{least} … {most}"))
    if np.isfinite(error).any():
        facts.append(("largest error of a distance", number(float(np.nanmax(error)), 2)))
    return "<dl>" + "".join(f"<div><dt>{key}</dt><dd>{value}</dd></div>" for key, value in facts) + "</dl>"


def problem(study: Study, system: System | None) -> str:
    """The symbols and the start."""
    if system is None:
        return "<p>The store does not say of which system it is.</p>"
    z = arguments(system)
    rows = [display(f"<mi>p</mi>{z}<mo>=</mo>", formula(system.hamiltonian))]
    for j, jump in enumerate(system.jumps, 1):
        rows.append(display(f"<msub><mi>ℓ</mi><mn>{j}</mn></msub>{z}<mo>=</mo>", formula(jump)))
    kept = f"<p>Here {_kept(study)}.</p>" if study.parameters else ""
    start = f"<p>Initial state: {escape(str(study.attrs['state']))}.</p>" if "state" in study.attrs else ""
    return "".join(rows) + kept + start


def arguments(system: System) -> str:
    """(x, xi) in MathML."""
    inside = "<mo>,</mo>".join(map(formula, (*system.x, *system.xi)))
    return f'<mo stretchy="false">(</mo>{inside}<mo stretchy="false">)</mo>'


def hypotheses(study: Study, found: Problem | None) -> str:
    """The paper's assumptions, line by line, at the least h and the gamma nearest to 1."""
    if found is None:
        return ""
    h, gamma = float(study.values("h").min()), study.values("gamma")
    near = float(gamma[np.argmin(np.abs(np.log(np.maximum(gamma, 1e-300))))])
    chosen = found.replace(h=h, gamma=near)
    try:
        checked = check_assumptions(chosen.system, chosen.state, study.times.tolist())
    except (InputError, ResourceError) as error:
        return f"<section><h2>Hypotheses</h2><p>They could not be checked: {escape(str(error))}</p></section>"
    rows = [
        [escape(line.name), "✓ holds" if line.holds else "✗ <b>fails</b>", escape(line.how), escape(line.text)]
        for line in checked.lines
    ]
    verdicts = "".join(
        f"<li>{escape(name.replace('_', ' ').capitalize())} "
        + ("applies." if holds else f"does not apply: {escape('; '.join(checked.reasons[name]))}.")
        + "</li>"
        for name, holds in checked.applies.items()
    )
    made = table(["line", "verdict", "how", "what"], rows, f"At {labelled('h', h)}, {labelled('gamma', near)}", "wrap")
    return f"<section><h2>Hypotheses</h2><ul>{verdicts}</ul>{made}</section>"


def curves(study: Study) -> str:
    """Distances over time, with their numbers behind a fold."""
    panels, legend = plots.over_time(study)
    return f'<div class="panels">{"".join(panels)}</div>{legend}{_fixed(study)}{numbers_over_time(study)}'


def numbers_over_time(study: Study) -> str:
    """A table for each panel."""
    h, gamma = study.values("h"), study.values("gamma")
    rows = plots.chosen(len(h), plots.MOST_CURVES)
    folds = []
    for j in plots.chosen(len(gamma), plots.MOST_PANELS):
        places = [study.base | {"h": i, "gamma": j} for i in rows]
        body = [
            [coordinate(t), *(with_error(study.at(study.distance, p)[k], study.at(study.error, p)[k]) for p in places)]
            for k, t in enumerate(study.times)
        ]
        head = labelled("gamma", gamma[j])
        made = table(["<i>t</i>", *(labelled("h", h[i]) for i in rows)], body, f"Distance ± error, {head}")
        folds.append(f"<details><summary>Numbers for {head}</summary>{made}</details>")
    return "".join(folds)


def dependence(study: Study) -> str:
    """Charts along every axis that has several values."""
    axes = [axis for axis in study.axes if len(study.values(axis)) > 1]
    charts = "".join(plots.along(study, axis) for axis in axes)
    return f'<div class="panels">{charts}</div>{_fixed(study)}' if axes else ""


def fits(study: Study) -> str:
    """The table of exponents."""
    found = exponents(study)
    if not found:
        return (
            f"<p>No exponents: a fit needs {FEWEST} values of <i>h</i>, <i>γ</i> or <i>t</i> with distances above "
            "twice their errors.</p>"
        )
    rows = [
        [
            f"<i>{letter(fit.axis)}</i>",
            ", ".join(labelled(axis, value) for axis, value in fit.fixed.items()),
            f"{coordinate(fit.low)} … {coordinate(fit.high)} ({fit.points})",
            f"<b>{number(fit.exponent, 3)}</b> ± {number(fit.half_width, 2)}",
            number(fit.bound, 3),
            f"{_BOUND[fit.axis]} {number(LIMITS[fit.axis], 2)}",
            verdict(fit),
        ]
        for fit in found
    ]
    heads = ["along", "at", "over (points)", "exponent, 95 %", "(1.10), same points", "its limit", ""]
    return table(heads, rows, "Exponents of the distance")


def verdict(fit: Fit) -> str:
    """How the exponent relates to that of the bound over the same points."""
    if not np.isfinite(fit.bound):
        return "outside the theorem’s range"
    faster, slower = ("grows slower", "grows faster") if fit.axis == "time" else ("falls faster", "falls slower")
    gap = (1 if fit.axis == "h" else -1) * (fit.exponent - fit.bound)
    if abs(gap) <= fit.half_width:
        return "like the bound"
    return f"{faster if gap > 0 else slower} than the bound"


def points(study: Study) -> str:
    """Every point at the last time."""
    names = ("hilbert_schmidt", "l1", "purity", "min_eigenvalue")
    others = {name: np.asarray(study.array(name), dtype=float) for name in names}
    bounds = {n: np.asarray(study.array(n), dtype=float) for n in ("distance_lower", "distance_upper")}
    l1_error, seconds, message = (study.array(name) for name in ("l1_error", "seconds", "message"))
    heads = [*(f"<i>{escape(letter(a))}</i>" for a in study.axes), "status", "trace norm"]
    heads += ["certified enclosure"] if study.certified else []
    heads += ["Hilbert-Schmidt", "<i>L</i>¹", "purity", "least eigenvalue", "seconds"]
    places = list(study.places())
    rows = []
    for place in places[:MOST_ROWS]:
        status = str(study.at(study.status, place))
        row = [coordinate(study.values(a)[place[a]]) for a in study.axes]
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
    return table(heads, rows, f"All points at t = {coordinate(study.times[-1])}") + more


def reproduction(study: Study, store: str) -> str:
    """The problem's text, the commands and the versions."""
    name = shlex.quote(store or "STORE")
    words = [
        "openweyl sweep problem.toml",
        f"--h {_listed(study.values('h'))}",
        f"--gamma {_listed(study.values('gamma'))}",
    ]
    words += [f"--param {shlex.quote(axis)}={_listed(study.values(axis))}" for axis in study.parameters]
    words.append(f"--times {_listed(study.times)}")
    words += [f"--{key} {study.attrs[key]}" for key in ("tol", "order") if study.attrs.get(key)]
    words += ["--symbols"] if "symbol_quantum" in study.dataset else []
    commands = f"{' '.join(words)} --out {name}\nopenweyl report {name} -o report.html"
    text = f"<p>With this as <code>problem.toml</code>:</p><pre><code>{escape(study.text)}</code></pre>"
    rows = [[escape(key), escape(value)] for key, value in study.origin.items()]
    return (
        (text if study.text else "")
        + f'<pre class="command"><code>{escape(commands)}</code></pre>'
        + (table(["", "computed with"], rows, "Versions and tolerance") if rows else "")
    )


def _listed(values: np.ndarray) -> str:
    """`values` as the command line writes them: a range, if they are powers of two or evenly spaced."""
    exponents = np.log2(np.where(values > 0, values, np.nan))
    if len(values) > 2 and np.array_equal(exponents, np.rint(exponents)) and (np.diff(exponents) == -1).all():
        return f"2^{exponents[0]:.0f}:2^{exponents[-1]:.0f}"
    if len(values) > 2 and np.array_equal(values, np.linspace(values[0], values[-1], len(values))):
        return f"{values[0]:.17g}:{values[-1]:.17g}:{len(values)}"
    return ",".join(f"{value!r}" for value in values.tolist())


def _fixed(study: Study) -> str:
    """What the charts keep fixed, in words."""
    return (
        f'<p class="note">At {_kept(study)}; the table of all points has every value.</p>' if study.parameters else ""
    )


def _kept(study: Study) -> str:
    return ", ".join(labelled(axis, study.values(axis)[index]) for axis, index in study.base.items())


def with_error(value: Any, error: Any) -> str:
    """value ± error, the error with two digits and the value with as many places as it deserves."""
    value, error = float(value), float(error)
    if not np.isfinite(value) or not np.isfinite(error) or error <= 0:
        return number(value)
    digits = int(np.clip(np.floor(np.log10(abs(value) / error)) + 2, 1, 6)) if value else 1
    return f"{number(value, digits)} ± {number(error, 2)}"


def title(study: Study) -> str:
    """A name for the page."""
    words = str(study.attrs.get("description") or study.attrs.get("name") or "quantum and classical evolution")
    return words[:1].upper() + words[1:]
