"""The section of phase-space pictures, the time sliders, and what the page's script needs to move them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .chart import Axis, Chart
from .markup import coordinate, labelled, number, plain
from .plots import name, said
from .portraits import BANDS, KINDS, Film, Frame, palette
from .study import Study

TITLES = {"quantum": "quantum (Lindblad)", "classical": "classical (Fokker-Planck)", "difference": "difference"}


def slider(times: Sequence[float], ident: str, *, plays: bool = False) -> str:
    """A slider over `times` at the last of them; empty if there is one time. All sliders of a page move together."""
    if len(times) < 2:
        return ""
    last, now = len(times) - 1, coordinate("time", times[-1])
    button = '<button id="play" type="button" aria-pressed="false">play</button>' if plays else ""
    return (
        f'<div class="controls"><label for="{ident}">time <i>t</i></label>'
        f'<input id="{ident}" type="range" min="0" max="{last}" value="{last}" step="1" aria-valuetext="t = {now}">'
        f'<output class="now" for="{ident}">{now}</output>{button}</div>'
    )


def gallery(study: Study, films: Sequence[Film], times: Sequence[float]) -> str:
    """The pictures at the last time, and the slider."""
    if not films:
        return "<p>This report was made without phase-space pictures.</p>"
    blank = (
        '<p class="note">Of the difference, what may be error alone is blank: all that does not exceed twice the error '
        "of the distance, as no symbol exceeds twice the trace norm of its operator.</p>"
    )
    return slider(times, "time", plays=True) + "".join(_shown(study, film, k) for k, film in enumerate(films)) + blank


def film_data(study: Study, film: Film) -> dict[str, Any]:
    """The pictures and numbers of `film` at all times."""
    return {
        "distance": [_distance(study, film, frame.time) for frame in film.frames],
        **{
            f"{kind}-{end}": [ends(frame, kind)[k] for frame in film.frames]
            for kind in KINDS
            for k, end in enumerate(("low", "high"))
        },
        **{kind: [frame.pictures[k] for frame in film.frames] for k, kind in enumerate(KINDS)},
    }


def bands() -> str:
    """The colours of the pictures as a CSS gradient of equal bands."""
    colours = [tuple(colour) for colour in palette()[: 2 * BANDS + 1].tolist()]
    steps = (f"rgb{c} {100 * k / len(colours):.2f}% {100 * (k + 1) / len(colours):.2f}%" for k, c in enumerate(colours))
    return f"linear-gradient(90deg,{','.join(steps)})"


def _shown(study: Study, film: Film, index: int) -> str:
    """One film at its last time."""
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
        words, (low, high) = f"{TITLES[kind]}, {plain(head)}: symbol over x and xi", ends(frame, kind)
        figures.append(
            f"<figure><figcaption>{TITLES[kind]}</figcaption>{chart.svg(words, 'chart picture')}"
            f'<p class="bar"><output id="f{index}-{kind}-low">{low}</output>'
            f'<span class="gradient bands"></span><output id="f{index}-{kind}-high">{high}</output></p></figure>'
        )
    which = ("largest distance", "smallest distance")[index]
    return (
        f"<h3>{head} <small>({which} of those shown)</small></h3><p>Distance "
        f'<output class="value" id="f{index}-distance">{_distance(study, film, frame.time)}</output></p>'
        f'<div class="panels three">{"".join(figures)}</div>'
    )


def ends(frame: Frame, kind: str) -> tuple[str, str]:
    """What the ends of the bar of colours stand for; of a blank picture, what the difference is at most."""
    if kind != "difference":
        return f"−{number(frame.scale, 2)}", number(frame.scale, 2)
    if frame.gap == 0:
        return "", f"blank: below {number(frame.floor, 2)}"
    return f"−{number(frame.gap, 2)}", number(frame.gap, 2)


def _distance(study: Study, film: Film, time: float) -> str:
    index = int(np.argmin(np.abs(study.times - time)))
    value, error = (study.at(a, film.place)[index] for a in (study.distance, study.error))
    return said(float(value), float(error))
