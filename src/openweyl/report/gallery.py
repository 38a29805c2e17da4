"""The section of phase-space pictures, the time sliders, and what the page's script needs to move them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from .chart import Chart, ChartAxis
from .markup import coordinate, labelled, number
from .plots import figure, name, said
from .portraits import BANDS, KINDS, Film, Frame, palette
from .study import Study

TITLES = {"quantum": "quantum (Lindblad)", "classical": "classical (Fokker-Planck)", "difference": "difference"}


def slider(times: Sequence[float], ident: str, *, plays: bool = False) -> Markup:
    """A slider over `times` at the last of them; empty if there is one time. All sliders of a page move together."""
    if len(times) < 2:
        return Markup("")
    button = Markup('<button id="play" type="button" aria-pressed="false">play</button>') if plays else ""
    return Markup(
        '<div class="controls"><label for="{ident}">time <i>t</i></label>'
        '<input id="{ident}" type="range" min="0" max="{last}" value="{last}" step="1" aria-valuetext="t = {now}">'
        '<output class="now" for="{ident}">{now}</output>{button}</div>'
    ).format(ident=ident, last=len(times) - 1, now=coordinate("time", times[-1]), button=button)


def gallery(study: Study, films: Sequence[Film], times: Sequence[float]) -> Markup:
    """The pictures at the last time, and the slider."""
    if not films:
        return Markup("<p>This report was made without phase-space pictures.</p>")
    blank = Markup(
        '<p class="note">Of the difference, what may be error alone is blank: all that does not exceed twice the error '
        "of the distance, as no symbol exceeds twice the trace norm of its operator.</p>"
    )
    shown = [_shown(study, film, k) for k, film in enumerate(films)]
    return Markup("").join([slider(times, "time", plays=True), *shown, blank])


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


PICTURE = Markup(
    '<image id="{ident}-{kind}" x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" '
    'preserveAspectRatio="none" href="data:image/png;base64,{picture}"/>'
)
BAR = Markup(
    '<p class="bar"><output id="{ident}-{kind}-low">{low}</output><span class="gradient bands"></span>'
    '<output id="{ident}-{kind}-high">{high}</output></p>'
)
FILM = Markup(
    "<h3>{head} <small>({which} of those shown)</small></h3><p>Distance "
    '<output class="value" id="f{index}-distance">{distance}</output></p><div class="panels three">{figures}</div>'
)


def _shown(study: Study, film: Film, index: int) -> Markup:
    """One film at its last time."""
    head = Markup(", ").join(labelled(axis, study.values(axis)[film.point[axis]]) for axis in study.axes)
    frame = film.frames[-1]
    figures = [_panel(film, frame, k, f"f{index}", head.striptags()) for k in range(len(KINDS))]
    return FILM.format(
        head=head,
        which=("largest distance", "smallest distance")[index],
        index=index,
        distance=_distance(study, film, frame.time),
        figures=Markup("").join(figures),
    )


def _panel(film: Film, frame: Frame, k: int, ident: str, words: str) -> Markup:
    """The picture of KINDS[k] within its axes, and its bar of colours; `words` say of what point."""
    kind = KINDS[k]
    chart = Chart(ChartAxis(*film.box[:2], name("x")), ChartAxis(*film.box[2:], name("xi")), height=344.0)
    left, top = chart.to(film.box[0], film.box[3])
    right, bottom = chart.to(film.box[1], film.box[2])
    place = {"left": left, "top": top, "width": right - left, "height": bottom - top}
    chart.parts.append(PICTURE.format(ident=ident, kind=kind, picture=frame.pictures[k], **place))
    low, high = ends(frame, kind)
    drawn = chart.svg(f"{TITLES[kind]}, {words}: symbol over x and xi", "chart picture")
    return figure(TITLES[kind], drawn, BAR.format(ident=ident, kind=kind, low=low, high=high))


def ends(frame: Frame, kind: str) -> tuple[str, str]:
    """What the ends of the bar of colours stand for; of a blank picture, what the difference is at most."""
    if kind != "difference":
        return f"−{number(frame.scale, 2)}", number(frame.scale, 2)
    if frame.gap == 0:
        return "", f"blank: below {number(frame.floor, 2)}"
    return f"−{number(frame.gap, 2)}", number(frame.gap, 2)


def _distance(study: Study, film: Film, time: float) -> str:
    index = int(np.argmin(np.abs(study.times - time)))
    value, error = (study.at(a, film.point)[index] for a in (study.distance, study.error))
    return said(float(value), float(error))
