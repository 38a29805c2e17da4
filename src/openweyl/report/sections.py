"""The sections of a report as HTML, each from the study alone."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from openweyl._core.arguments import InputError
from openweyl.sweeps import parse_values
from openweyl.symbolic.expressions import TIME

from . import mathml, plots, tables
from .maps import maps
from .markup import asset, coordinate, display, labelled, letter, number, table, told
from .study import Study
from .theorem import Verdict

if TYPE_CHECKING:
    from openweyl.model.system import System
    from openweyl.problems.problem import Problem


def summary(study: Study) -> str:
    """The few numbers to know first."""
    last, error = study.distance[..., -1], study.error
    rest = [f"{study.count(word)} {word}" for word in ("failed", "missing") if study.count(word)]
    facts = [("points", ", ".join([f"{study.count('done')} of {study.status.size} done", *rest]))]
    for axis in study.axes:
        values = study.values(axis)
        ends = " … ".join(coordinate(axis, v) for v in dict.fromkeys((values[0], values[-1])))
        facts.append((letter(axis), f"{ends} ({len(values)})"))
    t = [coordinate("time", v) for v in (study.times[0], study.times[-1])]
    facts.append(("<i>t</i>", f"{' … '.join(dict.fromkeys(t))} ({len(study.times)})"))
    if np.isfinite(last).any():
        least, most = number(float(np.nanmin(last)), 3), number(float(np.nanmax(last)), 3)
        at = f"distance at <i>t</i> = {t[-1]}"
        facts.append((at, least if least == most else f"{least} … {most}"))
    if np.isfinite(error).any():
        facts.append(("largest error of a distance", number(float(np.nanmax(error)), 2)))
    return "<dl>" + "".join(f"<div><dt>{key}</dt><dd>{value}</dd></div>" for key, value in facts) + "</dl>"


def problem(study: Study, system: System | None, found: Problem | None) -> str:
    """The symbols, with the names of the parameters, and the start."""
    if system is None:
        return "<p>The store does not say of which system it is.</p>"
    of_p, of_l = arguments(system, driven=system.hamiltonian.has(TIME)), arguments(system)
    hamiltonian, jumps = found.formulas() if found else (system.hamiltonian, system.jumps)
    rows = [display(f"<mi>p</mi>{of_p}<mo>=</mo>", mathml.element(hamiltonian))]
    for j, jump in enumerate(jumps, 1):
        rows.append(display(f"<msub><mi>ℓ</mi><mn>{j}</mn></msub>{of_l}<mo>=</mo>", mathml.element(jump)))
    state = str(found.state) if found and study.parameters else str(study.attrs.get("state", ""))
    start = f"<p>Initial state: {escape(state)}{_charted(study)}.</p>" if state else ""
    return f'<div class="formulas">{"".join(rows)}</div>{_values(study, found)}{start}'


def _values(study: Study, found: Problem | None) -> str:
    """What the names of the parameters stand for, in words."""
    own = found.parameters if found else {}
    fixed_ = ", ".join(labelled(axis, value) for axis, value in own.items() if axis not in study.parameters)
    swept = []
    for axis in study.parameters:
        values = study.values(axis)
        if len(values) == 1:
            fixed_ = ", ".join(filter(None, (fixed_, labelled(axis, values[0]))))
            continue
        ends = f"{coordinate(axis, values[0])} to {coordinate(axis, values[-1])}"
        swept.append(f"{letter(axis)} takes {len(values)} values, {ends}")
    words = "; ".join(filter(None, (f"here {fixed_}" if fixed_ else "", *swept)))
    return f"<p>{words[:1].upper() + words[1:] if fixed_ else words}.</p>" if words else ""


def _charted(study: Study) -> str:
    """The values of the parameters of which a thing is said that depends on them."""
    kept = ", ".join(
        labelled(axis, study.values(axis)[index]) for axis, index in study.base.items() if len(study.values(axis)) > 1
    )
    return f" (at {kept})" if kept else ""


def arguments(system: System, *, driven: bool = False) -> str:
    """(x, xi), or (t, x, xi), in MathML."""
    inside = "<mo>,</mo>".join(map(mathml.element, ((TIME,) if driven else ()) + system.x + system.xi))
    return f'<mo stretchy="false">(</mo>{inside}<mo stretchy="false">)</mo>'


def equation(system: System | None) -> str:
    """The name of the asset that holds the Fokker-Planck equation: with friction, if a jump is complex."""
    complex_jump = system is not None and any(jump.has(sympy.I) for jump in system.jumps)
    return "friction.html" if complex_jump else "real.html"


VERDICTS = {True: "✓ holds", False: "✗ <b>fails</b>", None: "? open"}
COMPUTED = (
    "<p>Theorems bound the distance. The numbers on this page are computed, each with its error, and hold whether or "
    "not the theorems apply.</p>"
)


def hypotheses(verdict: Verdict) -> str:
    """The paper's assumptions, line by line."""
    if verdict.found is None:
        trouble = f"<p>They could not be checked: {escape(verdict.trouble)}</p>" if verdict.trouble else ""
        return f"<section><h2>Hypotheses</h2>{trouble}{COMPUTED}</section>" if trouble else ""
    rows = [[told(line.name), VERDICTS[line.holds], escape(line.how), told(line.text)] for line in verdict.found.lines]
    at = ", ".join(labelled(axis, value) for axis, value in verdict.place.items())
    made = table(["line", "verdict", "how", "what"], rows, f"At {at}", "wrap")
    return f"<section><h2>Hypotheses</h2><ul>{verdicts(verdict.found.reasons)}</ul>{COMPUTED}{made}</section>"


def verdicts(reasons: Mapping[str, Sequence[str]]) -> str:
    """Which theorems apply, and why others do not; those with the same reasons together."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for theorem, why in reasons.items():
        alike.setdefault(tuple(why), []).append(theorem.removeprefix("theorem_"))
    items = []
    for why, theorems in alike.items():
        many = len(theorems) > 1
        names = " and ".join(filter(None, (", ".join(theorems[:-1]), theorems[-1])))
        verdict = ("do not apply" if many else "does not apply") if why else ("apply" if many else "applies")
        because = f":<ul>{''.join(f'<li>{told(reason)}</li>' for reason in why)}</ul>" if why else "."
        items.append(f"<li>{'Theorems' if many else 'Theorem'} {escape(names)} {verdict}{because}</li>")
    return "".join(items)


def curves(study: Study) -> str:
    """Distances over time, with their numbers behind a fold."""
    panels, legend = plots.over_time(study)
    return f'<div class="panels">{"".join(panels)}</div>{legend}{fixed(study)}{tables.numbers_over_time(study)}'


def dependence(study: Study, verdict: Verdict) -> str:
    """Charts along every axis that has several values."""
    axes = [axis for axis in study.axes if len(study.values(axis)) > 1]
    charts = "".join(plots.along(study, axis, stated=verdict.applies) for axis in axes)
    return f'<div class="panels">{charts}</div>{fixed(study)}' if axes else "<p>Nothing here: it is one point.</p>"


def exponents(study: Study, verdict: Verdict) -> str:
    """The table of exponents beside those of the bound, if there is a theorem that they belong to."""
    if not verdict.applies:
        return f"<p>No exponents are fitted: Theorem 1, whose bound they would be held against, {verdict.why}.</p>"
    shown, left = tables.fits(study)
    return asset("bound.html") + shown + left + asset("fits.html") if shown else left


def regimes(study: Study, verdict: Verdict, indices: Sequence[int]) -> tuple[str, list[dict[str, Any]]]:
    """The section of maps, and what the script needs to move them; no section if there is no map."""
    shown, data = maps(study, indices)
    if not shown:
        return "", []
    several = {axis for axis in ("h", "gamma") if len(study.values(axis)) > 1}
    if several != {"h", "gamma"}:
        return f"<section><h2>Maps</h2>{shown}</section>", data
    about = (
        asset("regimes.html")
        if verdict.applies
        else f"<p>Theorem 1 {verdict.why}; the lines are those of its range.</p>"
    )
    return f"<section><h2>Regimes</h2>{about}{shown}</section>", data


def reproduction(study: Study, store: str) -> str:
    """The problem's text, the commands and the versions."""
    name = shlex.quote(store or "STORE")
    words = [
        "openweyl sweep problem.toml",
        f"--h {_listed('h', study.values('h'))}",
        f"--gamma {_listed('gamma', study.values('gamma'))}",
    ]
    words += [f"--param {shlex.quote(axis)}={_listed(axis, study.values(axis))}" for axis in study.parameters]
    words.append(f"--times {_listed('times', study.times)}")
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


def _listed(axis: str, values: np.ndarray) -> str:
    """`values` as the command line writes them: as a range, if that means the same numbers."""
    listed = values.tolist()
    if len(listed) > 2:
        ranges = [f"{listed[0]:.12g}:{listed[-1]:.12g}:{len(listed)}"]
        if min(listed) > 0:
            ranges.insert(0, f"2^{np.log2(listed[0]):.0f}:2^{np.log2(listed[-1]):.0f}")
        for text in ranges:
            try:
                same = parse_values(text, axis) == listed
            except InputError:  # no range of this kind
                continue
            if same:
                return text
    return ",".join(f"{value:g}" if float(f"{value:g}") == value else repr(value) for value in listed)


def fixed(study: Study) -> str:
    """What the charts keep fixed, in words."""
    kept = ", ".join(labelled(axis, study.values(axis)[index]) for axis, index in study.base.items())
    return f'<p class="note">At {kept}; the table of all points has every value.</p>' if kept else ""


def title(study: Study) -> str:
    """A name for the page."""
    words = str(study.attrs.get("description") or study.attrs.get("name") or "quantum and classical evolution")
    return words[:1].upper() + words[1:]
