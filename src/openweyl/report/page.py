"""The page: one HTML file that needs nothing else.

    dataset -> Study -> sections -> page

The style, the script and the frame lie beside this file and are copied into the page. Nothing is asked of a network,
and the page forbids itself to.
"""

from __future__ import annotations

import json
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from openweyl import __version__
from openweyl._core.progress import Progress, callback, shows_progress
from openweyl.files.atomic import writing

from . import sections, tables
from .films import films, problem_of, system_of
from .gallery import bands, film_data, gallery
from .markup import asset, coordinate
from .portraits import shown_times
from .study import Study
from .theorem import Verdict

if TYPE_CHECKING:
    import xarray


@shows_progress("report")
def page(
    dataset: xarray.Dataset, *, pictures: bool = True, store: str = "", progress: Progress | bool | None = None
) -> str:
    """The report of a sweep's `dataset`, as the text of an HTML file.

    `pictures`: phase-space pictures too, taken from the dataset or else computed. `store`: the name of the store, for
    the command that reproduces it. `progress`: True for a bar, or a function, as of `evolve`.

    Raises InputError if `dataset` holds no distances over time.
    """
    study = Study.of(dataset)
    problem = problem_of(study)
    system = system_of(study, problem)
    shown = films(study, problem, callback(progress)) if pictures else []
    indices = shown_times(study).tolist()
    times = study.times[indices].tolist()
    verdict = Verdict.of(study, problem)
    drawn_maps, map_data = sections.regimes(study, verdict, indices)
    data = {
        "times": [coordinate("time", t) for t in times],
        "films": [film_data(study, film) for film in shown],
        "maps": map_data,
    }
    parts = {
        "title": sections.title(study),
        "style": asset("style.css"),
        "bands": bands(),
        "script": asset("script.js"),
        "version": __version__,
        "summary": sections.summary(study),
        "problem": sections.problem(study, system, problem),
        "equation": asset(sections.equation(system)),
        "hypotheses": sections.hypotheses(verdict),
        "pictures": gallery(study, shown, times),
        "curves": sections.curves(study),
        "dependence": sections.dependence(study, verdict),
        "exponents": sections.exponents(study, verdict),
        "maps": drawn_maps,
        "points": tables.points(study),
        "reproduction": sections.reproduction(study, store),
        "data": _json(data),
    }
    return Template(asset("template.html")).substitute({name: escape(part) for name, part in parts.items()})


def _json(data: Any) -> Markup:
    """`data` for a script element, which is not read as HTML: a tag could only end it."""
    return Markup(json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"))  # noqa: S704 - without "<"


def write(text: str, path: str | Path) -> Path:
    """Write `text` to `path`, whole or not at all."""
    target = Path(path)
    with writing(target) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    return target
