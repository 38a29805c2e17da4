"""The page: one HTML file that needs nothing else.

    dataset -> Study -> sections -> page

The style, the script and the frame lie beside this file and are copied into the page. Nothing is asked of a network,
and the page forbids itself to.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl import __version__

from . import sections
from .chart import Axis, Chart
from .films import films, problem_of, system_of
from .markup import coordinate, labelled, number, plain
from .output import writing
from .plots import name
from .portraits import BANDS, KINDS, Film, palette
from .regimes import regimes
from .study import Study

if TYPE_CHECKING:
    import xarray

    from openweyl.control import Progress
    from openweyl.system import System

ASSETS = resources.files("openweyl.report") / "assets"
_TITLES = {"quantum": "Lindblad", "classical": "Fokker-Planck", "difference": "difference"}


def page(dataset: xarray.Dataset, *, pictures: bool = True, store: str = "", progress: Progress | None = None) -> str:
    """The report of a sweep's `dataset`, as the text of an HTML file.

    `pictures`: phase-space pictures too, taken from the dataset or else computed. `store`: the name of the store, for
    the command that reproduces it.

    Raises InputError if `dataset` holds no distances over time.
    """
    study = Study.of(dataset)
    problem = problem_of(study)
    system = system_of(study, problem)
    shown = films(study, problem, progress) if pictures else []
    parts = {
        "title": escape(sections.title(study)),
        "style": _asset("style.css"),
        "bands": _bands(),
        "script": _asset("script.js"),
        "version": escape(__version__),
        "summary": sections.summary(study),
        "problem": sections.problem(study, system),
        "equations": _asset("real.html" if system is None or _real(system) else "friction.html"),
        "hypotheses": sections.hypotheses(study, problem),
        "pictures": _pictures(study, shown),
        "curves": sections.curves(study),
        "dependence": sections.dependence(study),
        "fits": sections.fits(study),
        "regimes": regimes(study),
        "points": sections.points(study),
        "reproduction": sections.reproduction(study, store),
        "data": json.dumps(_data(study, shown)).replace("<", "\\u003c"),
    }
    return Template(_asset("template.html")).substitute(parts)


def write(text: str, path: str | Path) -> Path:
    """Write `text` to `path`, whole or not at all."""
    target = Path(path)
    with writing(target) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    return target


def _asset(file: str) -> str:
    return (ASSETS / file).read_text(encoding="utf-8")


def _real(system: System) -> bool:
    import sympy

    return not any(jump.has(sympy.I) for jump in system.jumps)


def _pictures(study: Study, shown: Sequence[Film]) -> str:
    if not shown:
        return "<p>This report was made without phase-space pictures.</p>"
    times = [frame.time for frame in shown[0].frames]
    last = len(times) - 1
    controls = (
        '<div class="controls"><label for="time">time <i>t</i></label>'
        f'<input id="time" type="range" min="0" max="{last}" value="{last}" step="1" '
        f'aria-valuetext="t = {coordinate(times[-1])}"><output id="now" for="time">{coordinate(times[-1])}</output>'
        '<button id="play" type="button" aria-pressed="false">play</button></div>'
    )
    return controls + "".join(_film(study, film, k) for k, film in enumerate(shown))


def _film(study: Study, film: Film, index: int) -> str:
    head = ", ".join(labelled(axis, study.values(axis)[film.place[axis]]) for axis in study.axes)
    frame, figures = film.frames[-1], []
    for kind, picture in zip(KINDS, frame.pictures, strict=True):
        chart = Chart(Axis(*film.box[:2], name("x")), Axis(*film.box[2:], name("xi")), height=344.0)
        left, top = chart.to(film.box[0], film.box[3])
        right, bottom = chart.to(film.box[1], film.box[2])
        chart.parts.append(
            f'<image id="f{index}-{kind}" x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}" '
            f'preserveAspectRatio="none" href="data:image/png;base64,{picture}"/>'
        )
        words = f"{_TITLES[kind]}, {plain(head)}: symbol over x and xi"
        scale = frame.gap if kind == "difference" else frame.scale
        figures.append(
            f"<figure><figcaption>{_TITLES[kind]}</figcaption>{chart.svg(words, 'chart picture')}"
            f'<p class="bar"><span>−<output id="f{index}-{kind}-low">{number(scale, 2)}</output></span>'
            f'<span class="gradient bands"></span><output id="f{index}-{kind}-high">{number(scale, 2)}</output></p>'
            "</figure>"
        )
    which = ("largest distance", "smallest distance")[index]
    return (
        f"<h3>{head} <small>({which} of those shown)</small></h3><p>Distance "
        f'<output class="value" id="f{index}-distance">{_distance(study, film, frame.time)}</output></p>'
        f'<div class="panels three">{"".join(figures)}</div>'
    )


def _data(study: Study, shown: Sequence[Film]) -> dict[str, Any]:
    """What the script needs to move in time."""
    return {
        "times": [coordinate(frame.time) for frame in shown[0].frames] if shown else [],
        "films": [
            {
                "distance": [_distance(study, film, frame.time) for frame in film.frames],
                "scale": [number(frame.scale, 2) for frame in film.frames],
                "gap": [number(frame.gap, 2) for frame in film.frames],
                **{kind: [frame.pictures[k] for frame in film.frames] for k, kind in enumerate(KINDS)},
            }
            for film in shown
        ],
    }


def _distance(study: Study, film: Film, time: float) -> str:
    index = int(np.argmin(np.abs(study.times - time)))
    value, error = (study.at(a, film.place)[index] for a in (study.distance, study.error))
    return sections.with_error(value, error)


def _bands() -> str:
    """The colours of the pictures as a CSS gradient of equal bands."""
    colours = [tuple(colour) for colour in palette()[: 2 * BANDS + 1].tolist()]
    steps = (f"rgb{c} {100 * k / len(colours):.2f}% {100 * (k + 1) / len(colours):.2f}%" for k, c in enumerate(colours))
    return f"linear-gradient(90deg,{','.join(steps)})"
