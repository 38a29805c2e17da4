"""The sections of a report as HTML, each from the study alone."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from markupsafe import Markup

from openweyl._core.arguments import InputError
from openweyl.sweeps import parse_values
from openweyl.symbolic import mathml
from openweyl.symbolic.expressions import TIME

from . import plots, tables
from .maps import maps
from .markup import asset, coordinate, display, labelled, letter, listed, number, table, told
from .study import Study
from .theorem import Verdict

if TYPE_CHECKING:
    from openweyl.model.system import System
    from openweyl.problems.problem import Problem


def summary(study: Study) -> Markup:
    """The few numbers to know first."""
    last, error = study.distance[..., -1], study.error
    rest = [f"{study.count(word)} {word}" for word in ("failed", "missing") if study.count(word)]
    facts: list[tuple[str, str]] = [
        ("points", ", ".join([f"{study.count('done')} of {study.status.size} done", *rest]))
    ]
    for axis in study.axes:
        values = study.values(axis)
        ends = " … ".join(coordinate(axis, v) for v in dict.fromkeys((values[0], values[-1])))
        facts.append((letter(axis), f"{ends} ({len(values)})"))
    t = [coordinate("time", v) for v in (study.times[0], study.times[-1])]
    facts.append((tables.TIME, f"{' … '.join(dict.fromkeys(t))} ({len(study.times)})"))
    if np.isfinite(last).any():
        least, most = number(float(np.nanmin(last)), 3), number(float(np.nanmax(last)), 3)
        at = Markup("distance at <i>t</i> = {}").format(t[-1])
        facts.append((at, least if least == most else f"{least} … {most}"))
    if np.isfinite(error).any():
        facts.append(("largest error of a distance", number(float(np.nanmax(error)), 2)))
    shown = (Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(key, value) for key, value in facts)
    return Markup("<dl>{}</dl>").format(Markup("").join(shown))


def problem(study: Study, system: System | None, made_from: Problem | None) -> Markup:
    """The symbols, with the names of the parameters, and the start."""
    if system is None:
        return Markup("<p>The store does not say of which system it is.</p>")
    of_p, of_l = arguments(system, driven=system.hamiltonian.has(TIME)), arguments(system)
    hamiltonian, jumps = made_from.formulas() if made_from else (system.hamiltonian, system.jumps)
    rows = [display(mathml.name("p"), of_p, mathml.mo("="), mathml.element(hamiltonian))]
    for j, jump in enumerate(jumps, 1):
        rows.append(display(mathml.name(f"ℓ_{j}"), of_l, mathml.mo("="), mathml.element(jump)))
    state = str(made_from.state) if made_from and study.parameters else str(study.attrs.get("state", ""))
    start = Markup("<p>Initial state: {}{}.</p>").format(state, _charted(study)) if state else ""
    formulas = Markup('<div class="formulas">{}</div>').format(Markup("").join(rows))
    return Markup("").join([formulas, _values(study, made_from), start])


def _values(study: Study, made_from: Problem | None) -> Markup:
    """What the names of the parameters stand for, in words."""
    own = made_from.parameters if made_from else {}
    fixed = [labelled(axis, value) for axis, value in own.items() if axis not in study.parameters]
    swept = []
    for axis in study.parameters:
        values = study.values(axis)
        if len(values) == 1:
            fixed.append(labelled(axis, values[0]))
            continue
        ends = f"{coordinate(axis, values[0])} to {coordinate(axis, values[-1])}"
        swept.append(Markup("{} takes {} values, {}").format(letter(axis), len(values), ends))
    if not fixed and not swept:
        return Markup("")
    here = [Markup("Here {}").format(Markup(", ").join(fixed))] if fixed else []
    return Markup("<p>{}.</p>").format(Markup("; ").join([*here, *swept]))


def _charted(study: Study) -> Markup:
    """The values of the parameters of which a thing is said that depends on them."""
    several = [(axis, index) for axis, index in study.base.items() if len(study.values(axis)) > 1]
    kept = Markup(", ").join(labelled(axis, study.values(axis)[index]) for axis, index in several)
    return Markup(" (at {})").format(kept) if kept else kept


def arguments(system: System, *, driven: bool = False) -> Markup:
    """(x, xi), or (t, x, xi), in MathML."""
    inside = mathml.mo(",").join(map(mathml.element, ((TIME,) if driven else ()) + system.x + system.xi))
    return mathml.fixed_mo("(") + inside + mathml.fixed_mo(")")


def equation(system: System | None) -> str:
    """The name of the asset that holds the Fokker-Planck equation: with friction, if a jump is complex."""
    complex_jump = system is not None and any(jump.has(sympy.I) for jump in system.jumps)
    return "friction.html" if complex_jump else "real.html"


VERDICTS = {True: "✓ holds", False: Markup("✗ <b>fails</b>"), None: "? open"}
COMPUTED = Markup(
    "<p>Theorems bound the distance. The numbers on this page are computed, each with its error, and hold whether or "
    "not the theorems apply.</p>"
)


def hypotheses(verdict: Verdict) -> Markup:
    """The paper's assumptions, line by line."""
    section = Markup("<section><h2>Hypotheses</h2>{}</section>")
    if verdict.assumptions is None:
        trouble = Markup("<p>They could not be checked: {}</p>").format(verdict.trouble)
        return section.format(trouble + COMPUTED) if verdict.trouble else Markup("")
    rows = [[told(line.name), VERDICTS[line.holds], line.how, told(line.text)] for line in verdict.assumptions.lines]
    at = Markup(", ").join(labelled(axis, value) for axis, value in verdict.point.items())
    made = table(["line", "verdict", "how", "what"], rows, Markup("At {}").format(at), "wrap")
    theorems = Markup("<ul>{}</ul>").format(verdicts(verdict.assumptions.reasons))
    return section.format(theorems + COMPUTED + made)


def verdicts(reasons: Mapping[str, Sequence[str]]) -> Markup:
    """Which theorems apply, and why others do not; those with the same reasons together."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for theorem, why in reasons.items():
        alike.setdefault(tuple(why), []).append(theorem.removeprefix("theorem_"))
    items = []
    for why, theorems in alike.items():
        many = len(theorems) > 1
        names = " and ".join(filter(None, (", ".join(theorems[:-1]), theorems[-1])))
        verdict = ("do not apply" if many else "does not apply") if why else ("apply" if many else "applies")
        because = Markup(":<ul>{}</ul>").format(listed(map(told, why))) if why else "."
        items.append(Markup("{} {} {}{}").format("Theorems" if many else "Theorem", names, verdict, because))
    return listed(items)


def curves(study: Study) -> Markup:
    """Distances over time, with their numbers behind a fold."""
    panels, legend = plots.over_time(study)
    shown = Markup('<div class="panels">{}</div>').format(Markup("").join(panels))
    return shown + legend + fixed(study) + tables.numbers_over_time(study)


def dependence(study: Study, verdict: Verdict) -> Markup:
    """Charts along every axis that has several values."""
    axes = [axis for axis in study.axes if len(study.values(axis)) > 1]
    if not axes:
        return Markup("<p>Nothing here: it is one point.</p>")
    charts = Markup("").join(plots.along(study, axis, stated=verdict.applies) for axis in axes)
    return Markup('<div class="panels">{}</div>').format(charts) + fixed(study)


def exponents(study: Study, verdict: Verdict) -> Markup:
    """The table of exponents beside those of the bound, if there is a theorem that they belong to."""
    if not verdict.applies:
        why = Markup("<p>No exponents are fitted: Theorem 1, whose bound they would be held against, {}.</p>")
        return why.format(verdict.why)
    shown, left = tables.fits(study)
    return asset("bound.html") + shown + left + asset("fits.html") if shown else left


def regimes(study: Study, verdict: Verdict, indices: Sequence[int]) -> tuple[Markup, list[dict[str, Any]]]:
    """The section of maps, and what the script needs to move them; no section if there is no map."""
    shown, data = maps(study, indices)
    if not shown:
        return Markup(""), []
    several = {axis for axis in ("h", "gamma") if len(study.values(axis)) > 1}
    if several != {"h", "gamma"}:
        return Markup("<section><h2>Maps</h2>{}</section>").format(shown), data
    if verdict.applies:
        about = asset("regimes.html")
    else:
        about = Markup("<p>Theorem 1 {}; the lines are those of its range.</p>").format(verdict.why)
    return Markup("<section><h2>Regimes</h2>{}{}</section>").format(about, shown), data


def reproduction(study: Study, store: str) -> Markup:
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
    command = Markup('<pre class="command"><code>{}</code></pre>').format(commands)
    parts = [command, table(["", "computed with"], [*study.origin.items()], "Versions and tolerance")]
    if study.text:
        problem_text = Markup("<p>With this as <code>problem.toml</code>:</p><pre><code>{}</code></pre>")
        parts.insert(0, problem_text.format(study.text))
    return Markup("").join(parts if study.origin else parts[:-1])


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


def fixed(study: Study) -> Markup:
    """What the charts keep fixed, in words."""
    kept = Markup(", ").join(labelled(axis, study.values(axis)[index]) for axis, index in study.base.items())
    note = Markup('<p class="note">At {}; the table of all points has every value.</p>')
    return note.format(kept) if kept else kept


def title(study: Study) -> str:
    """A name for the page."""
    words = str(study.attrs.get("description") or study.attrs.get("name") or "quantum and classical evolution")
    return words[:1].upper() + words[1:]
