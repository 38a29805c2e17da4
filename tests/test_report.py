"""Reports: what the numbers on a page are, that nothing from outside gets in, and how a browser shows it."""

from __future__ import annotations

import copy
import html
import os
import pickle
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
import xarray as xr
from markupsafe import Markup

from mathml_value import tree, value
from openweyl import cli, load, sweep
from openweyl.problems.problem import Problem
from openweyl.report import page, plots, write
from openweyl.report.chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Chart, ChartAxis, legend
from openweyl.report.films import films, problem_of
from openweyl.report.fits import exponents
from openweyl.report.maps import maps, pairs
from openweyl.report.markup import coordinate, labelled, letter, number, table, told, with_error
from openweyl.report.plots import over_time
from openweyl.report.portraits import BANDS, bands_of
from openweyl.report.sections import hypotheses, verdicts
from openweyl.report.study import Study
from openweyl.report.theorem import Verdict
from openweyl.sweeps import parse_values
from openweyl.symbolic.mathml import element, name
from openweyl.symbolic.parsing import parse
from openweyl.symbolic.sentences import Prose, Sign
from openweyl.theory.bounds import right_side

pytestmark = pytest.mark.usefixtures("states_measured_once")

H, GAMMA, TIMES = [2.0**-k for k in range(4, 9)], [0.1, 1.0, 2.0, 4.0], [0.0, 0.5, 1.0, 1.5, 2.0, 3.0]
AXES = ("h", "gamma")
RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


FRICTION = """
[system]
hamiltonian = "xi**2/(2*(1 + mu*x**2)) + x**4/4 + x*cos(2*t)/4"
jumps = ["x + I*xi/2", "xi/(1 + x**2)"]
h = 0.5
gamma = 1.0
[state]
kind = "coherent"
x = 1.0
xi = 0.0
[run]
times = [0.0, 0.25, 0.5]
tol = 1e-2
[parameters]
mu = 0.25
"""
"""All that a formula may have: friction, a drive, a mass that depends on x, a parameter."""


def store(h: Any = H, gamma: Any = GAMMA, times: Any = TIMES, **more: Any) -> xr.Dataset:
    """A store whose distances are 0.2 h^{1/2} gamma^{-3/2} t, with errors of one per cent."""
    a, b, t = np.meshgrid(h, gamma, times, indexing="ij")
    d = 0.2 * a**0.5 * np.maximum(b, 1e-3) ** -1.5 * t
    factors = {"trace_norm": 1, "trace_norm_error": 0.01, "hilbert_schmidt": 0.3, "l1": 1.1, "l1_error": 1e-3}
    factors |= {"purity": 0.5, "min_eigenvalue": -1e-9, "distance_lower": 0.8, "distance_upper": 1.2}
    data = xr.Dataset(
        {name: ((*AXES, "time"), factor * d) for name, factor in factors.items()},
        {"h": h, "gamma": gamma, "time": times},
    )
    shape_ = (len(h), len(gamma))
    data["seconds"] = AXES, np.ones(shape_)
    data["status"] = AXES, np.full(shape_, "done", dtype=object)
    data["message"] = AXES, np.full(shape_, "", dtype=object)
    problem = Problem.load("pendulum")
    attrs = {"problem": problem.text, "description": problem.description, "state": str(problem.state), "tol": 1e-3}
    return data.assign_attrs(attrs | {"openweyl": "0.1.0", "numpy": "2.4.6"} | more)


def words(text: str) -> str:
    """The page as plain words."""
    body = re.sub(r"<(style|script)[^>]*>.*?</\1>", "", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


# --- numbers ---


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0358, "0.03580"), (3.6e-7, "3.600 × 10⁻⁷"), (0.0, "0"), (float("nan"), "–"), (-2.5, "−2.500"),
        (123456.0, "123500"), (9.99996, "10.00"), (0.99996, "1.000"), (float("inf"), "∞"),
    ],
)  # fmt: skip
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_coordinates_and_errors() -> None:
    assert [coordinate("h", v) for v in (2**-6, 0.3, 1.0, 10.0)] == ["2⁻⁶", "0.3", "1", "10"]
    assert coordinate("mu", 0.25) == "0.25"


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.0358123, 0.0019, "0.0358 ± 0.0019"), (0.0120, 0.0013, "0.0120 ± 0.0013"), (-1.583, 1.13, "−1.6 ± 1.1"),
        (0.98765, 0.00996, "0.988 ± 0.010"), (-9e-7, 3.3e-4, "−9 × 10⁻⁷ ± 0.00033"), (0.0, 1e-5, "0 ± 1.0 × 10⁻⁵"),
        (0.5, float("nan"), "0.5000"), (0.5, 0.0, "0.5000"),
    ],
)  # fmt: skip
def test_the_value_has_as_many_places_as_its_error(value: float, error: float, text: str) -> None:
    assert with_error(value, error) == text


FORMULAS = [
    "3*x**2/10", "xi**2/2 + (x**2 - 1/2)**2", "-x", "-x/2", "(x + I*xi)/sqrt(2)", "xi**2/(2*(1 + mu*x**2)) + x**4/4",
    "exp(-(x - 1/2)**2/(2*mu**2))", "cos(x)**2*tanh(3*x)/depth", "-2*x*depth", "0.807*x*xi", "1e-5*x", "2.5e-7*x**3",
    "(1 + x**2)**(-3/2)", "sqrt(2)*x/2", "2*pi*x", "-(x + xi)**2", "depth*x - k_4*xi", "atan(x*xi)", "erf(x)/2 - 5",
    "2**(1/3)*x", "exp(2)*x", "log(1 + x**2)", "1e30*x", "(x**2 + 1)**(1/3)", "-3", "exp(exp(-x**2))", "-exp(-1)",
    "sqrt(1 + sqrt(1 + x**2))", "x**2*(1 + x)**2/(mu*(x - 3))", "(2/7)*x**mu", "x*2**(3/2)", "sin(x/2)", "abs_(x)",
]  # fmt: skip
VALUES = {"x": 0.7, "xi": -1.3, "mu": 0.4, "depth": 2.2, "k4": 0.31}


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_mean_on_the_page_what_they_say(text: str) -> None:
    """The page's markup, read as people read it, has the value of the formula."""
    x, xi, mu, depth, k = sympy.symbols("x xi mu depth k_4", real=True)
    names = {"x": x, "xi": xi, "mu": mu, "depth": depth, "k_4": k, "I": sympy.I}
    formula = sympy.Abs(x - 1) if text == "abs_(x)" else parse(text, names, constants=[mu])
    expected = complex(formula.subs(dict(zip((x, xi, mu, depth, k), VALUES.values(), strict=True))).evalf())
    assert value(element(formula), VALUES) == pytest.approx(expected, rel=1e-5)


def test_a_power_over_a_number_is_no_power_of_a_fraction() -> None:
    x = sympy.Symbol("x", real=True)
    numerator = ("mrow", (("mn", "3"), ("mo", "\u2062"), ("msup", (("mi", "x"), ("mn", "2")))))
    assert tree(element(3 * x**2 / 10)) == ("mfrac", (numerator, ("mn", "10")))


def test_formulas_use_the_letters_of_the_page() -> None:
    x, t = sympy.symbols("x t", real=True)
    text = element(sympy.I * x - sympy.exp(-x) + x * sympy.cos(2 * t))
    assert "&" not in text and "-" not in text.replace("mi mathvariant", "")
    assert ">i</mi>" in text and ">e</mi>" in text and "<mo>−</mo>" in text
    assert '<mo stretchy="false">(</mo>' in text and "<mi>cos</mi>" in text
    assert "<mo>(</mo>" in element(sympy.sin(x / 2))  # brackets around a fraction grow with it
    assert tree(name("omega_c")) == ("msub", (("mi", "ω"), ("mi", "c")))
    assert tree(name("S_rho^L1")) == ("msubsup", (("mi", "S"), ("mi", "ρ"), ("mi", "L1")))
    assert tree(name("x12")) == ("msub", (("mi", "x"), ("mn", "12")))
    assert tree(name("<z>"))[1][1] == ("mi", "z") and name("a_") == "<mi>a_</mi>"


def test_sentences_keep_their_formulas() -> None:
    x, rho, h = sympy.symbols("x rho h", real=True)
    line = Prose("a second derivative, ", 12 * x**2 - 2, ", is < & > all")
    assert line == "a second derivative, 12*x**2 - 2, is < & > all"
    head, formula, tail = re.fullmatch("(.*)(<math>.*</math>)(.*)", told(line)).groups()  # type: ignore[union-attr]
    assert (head, tail) == ("a second derivative, ", ", is &lt; &amp; &gt; all")
    assert value(formula, {"x": 2.0}) == 46
    chain = told(Prose(h ** (2 * rho - 1), Sign.LE, 0.5))
    assert chain.count("<math>") == 1 and "<mo>≤</mo><mn>0.5</mn>" in chain
    assert told("12*x**2 and <b>") == "12*x**2 and &lt;b&gt;"  # words are words
    assert copy.deepcopy(line).parts == pickle.loads(pickle.dumps(line)).parts == line.parts  # noqa: S301
    assert Prose(line, 1.5).parts == (*line.parts, 1.5)


def test_the_hypotheses_are_set_as_formulas() -> None:
    """Of a quartic, every line on the page: no formula in plain letters is left."""
    study = Study.of(store(problem=Problem.load("double-well").text))
    text = hypotheses(Verdict.of(study, problem_of(study)))
    (derivative,) = {m for m in re.findall("<math>.*?</math>", text) if "<mn>12</mn>" in m}
    assert value(derivative, {"x": 1.5}) == 12 * 1.5**2 - 2
    assert not re.findall(r"\*\*|\w\*\w|\^|<sup>|gamma|rho|<=", re.sub("<math>.*?</math>", "", text))
    assert "hold whether or not the theorems apply" in words(text)


def test_theorems_with_the_same_reasons_are_named_together() -> None:
    found = words(verdicts({"theorem_1": ["a"], "theorem_2": [], "theorem_3": ["a"]}))
    assert found == "Theorems 1 and 3 do not apply: a Theorem 2 applies."
    assert words(verdicts({f"theorem_{k}": [] for k in (1, 2, 3)})) == "Theorems 1, 2 and 3 apply."


def test_exponents_of_a_power_law_and_of_the_bound() -> None:
    fits = exponents(Study.of(store()))
    for axis, exponent in (("h", 0.5), ("gamma", -1.5), ("time", 1.0)):
        found = [fit for fit in fits if fit.axis == axis]
        assert found
        assert all(abs(fit.exponent - exponent) < 1e-9 for fit in found)
        assert all(0.005 < fit.half_width < 0.06 for fit in found)  # that of errors of one per cent
    assert all(np.isnan(fit.bound) for fit in fits if fit.fixed.get("gamma") == 0.1)
    (fit,) = [fit for fit in fits if fit.axis == "h" and fit.fixed["gamma"] == 1.0]
    slopes = np.diff(np.log([right_side(h, 1.0, 3.0) for h in H])) / np.diff(np.log(H))
    assert slopes.min() <= fit.bound <= slopes.max()


def test_distances_within_their_errors_are_not_fitted() -> None:
    data = store()
    data["trace_norm_error"] = data["trace_norm"] * 0.6
    assert exponents(Study.of(data)) == []
    assert "No exponents" in words(page(data, pictures=False))


def test_a_curve_has_no_exponent() -> None:
    """h + 0.03: from a power near 1 to one near 0. Its interval knows only the line, and both halves tell."""
    data = store(gamma=[1.0], times=[2.0])
    data["trace_norm"] = data["trace_norm"] * 0 + (data["h"] + 0.03)
    data["trace_norm_error"] *= 0
    (fit,) = exponents(Study.of(data))
    local = [h / (h + 0.03) for h in (2.0**-8, 2.0**-4)]
    assert local[0] < fit.halves[0] < fit.halves[1] < local[1] and fit.curved
    told = words(page(data, pictures=False))
    assert "curved: no single exponent" in told and f"{fit.halves[0]:.2f} … {fit.halves[1]:.2f}" in told
    assert f"{fit.exponent:.2f}" not in told
    data["trace_norm_error"] = 0.4 * data["trace_norm"]  # which may be all of the curvature
    assert not exponents(Study.of(data))[0].curved


def test_a_fit_that_tells_nothing_is_left_out_and_counted() -> None:
    data = store(gamma=[1.0], times=[2.0])
    data["trace_norm"][:, 0, 0] = 0.1 * np.exp(0.7 * np.array([1, -1, 0, 1, -1]))  # both halves have one slope
    (fit,) = exponents(Study.of(data))
    assert fit.half_width > 0.5 and not fit.tells
    assert "Left out: 1 of 1 fits" in words(page(data, pictures=False))
    assert exponents(Study.of(store(h=H[:3], gamma=[1.0], times=[2.0]))) == []  # three points are too few


def test_points_below_their_errors_are_counted() -> None:
    data = store(gamma=[1.0], times=[2.0])
    data["trace_norm_error"][-1] = data["trace_norm"][-1]
    (fit,) = exponents(Study.of(data))
    assert (fit.points, fit.given, fit.low) == (4, 5, 2.0**-7)
    assert "2⁻⁷ … 2⁻⁴ (4 of 5)" in words(page(data, pictures=False))


def test_where_no_theorem_applies_nothing_is_held_against_one() -> None:
    """The same numbers, of a quartic: the page says that no theorem applies, and has no exponents and no slopes."""
    inside, outside = page(store(), pictures=False), page(store(problem=Problem.load("kerr").text), pictures=False)
    assert "Theorems 1, 2 and 3 apply." in words(inside) and "Theorems 1, 2 and 3 do not apply" in words(outside)
    for text, there in ((inside, True), (outside, False)):
        assert ("Exponents of the distance" in words(text)) == there
        assert ("slope 1/2, that of (1.10)" in words(text)) == there
        assert "hold whether or not the theorems apply" in words(text)
    assert "No exponents are fitted: Theorem 1, whose bound they would be held against, does not apply" in words(
        outside
    )
    assert "Theorem 1 does not apply here; the lines are those of its range." in words(outside)


@pytest.mark.slow
def test_intervals_cover_the_exponent_of_noisy_distances() -> None:
    random, inside = np.random.default_rng(1), 0
    for _ in range(200):
        data = store(gamma=[1.0], times=[2.0])
        data["trace_norm"] *= np.exp(0.05 * random.standard_normal(data["trace_norm"].shape))
        data["trace_norm_error"] *= 0
        (fit,) = exponents(Study.of(data))
        inside += abs(fit.exponent - 0.5) < fit.half_width
    assert 0.9 <= inside / 200 <= 0.99


@pytest.mark.parametrize(
    ("low", "high", "log"),
    [(0.1, 3.0, False), (1e-6, 1.0, True), (0.02, 0.09, True), (5, 5, True), (6.9536e-7, 6.9537e-7, True)],
)
def test_ticks_are_round_and_inside(low: float, high: float, log: bool) -> None:
    axis = ChartAxis.around(np.array([low, high]), "", log=log)
    ticks = [value for value, _ in axis.ticks]
    assert all(axis.low <= value <= axis.high for value in ticks)
    assert 1 <= len(ticks) <= 8


def test_given_ticks_keep_apart() -> None:
    values = [*np.linspace(1, 1.1, 20), 3.0, 9.0]
    axis = ChartAxis.around(np.array(values), "", log=True, at=[(v, f"{v}") for v in values])
    places = axis.position(np.array([value for value, _ in axis.ticks]))
    assert np.diff(places).min() >= 0.1 and len(places) == 3


def test_pictures_tell_signs_without_colours() -> None:
    u = np.linspace(-3, 3, 200)
    field = np.exp(-((u[:, None] + 1) ** 2) - u**2) - np.exp(-((u[:, None] - 1) ** 2) - u**2)
    lines = bands_of(field, float(field.max())) == 2 * BANDS + 1
    positive, negative = lines[field > 0.05].sum(), lines[field < -0.05].sum()
    assert 0.3 * positive < negative < 0.7 * positive  # dashes


# --- pages ---


def test_a_page_says_it_all() -> None:
    data = store()
    data["status"][0, 0] = "failed"
    data["status"][0, 1] = "missing"
    data["message"][0, 0] = "Argument `memory` must be <b>more</b>."
    for variable in data.data_vars:
        if "time" in data[variable].dims:
            data[variable] = data[variable].where(data["status"] == "done")
    text = page(data, pictures=False, store="my store")
    plain = words(text)
    assert "18 of 20 done, 1 failed, 1 missing" in plain
    assert "Theorems 1, 2 and 3 apply." in plain
    assert "Argument `memory` must be <b>more</b>." in plain and "<b>more</b>" not in text
    assert "--h 2^-4:2^-8 --gamma 0.1,1,2,4" in plain and "--out 'my store'" in plain
    assert "0.03750 ± 0.00038" in plain  # h = 2^-8, gamma = 1, t = 3
    assert "<math" in text and "enclosure by the certificate" in plain


def test_nothing_from_outside_gets_in_or_out() -> None:
    evil = "</script><script>alert(1)</script>"
    data = store(description=evil, state=evil, numpy=evil)
    data["message"][:] = evil
    data["status"][:] = "failed"
    text = page(data, store=evil)
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text
    assert "default-src 'none'" in text
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!data:)""", text)
    assert not re.findall(r"https?://|url\(", text)


EVIL = "\"'><script>alert(1)</script><b onload=x>"


def charted(words: str) -> Markup:
    """A chart with `words` wherever it takes a text."""
    x = np.array([1.0, 2.0])
    axis = ChartAxis.around(x, words, at=[(1.5, words)])
    chart = Chart(axis, axis)
    chart.line(x, x, 0, [words] * 2)
    chart.most(x, x, 0, [words] * 2)
    return chart.svg(words)


class Elements(HTMLParser):
    """The elements of a page, and the attributes that they have."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


TEXTS = ("description", "name", "state", "hamiltonian", "jumps", "openweyl", "numpy", "python", "created", "tol")


@pytest.mark.parametrize(
    "names",
    [TEXTS, ("problem",), ("problem", *TEXTS)],
    ids=["all but the problem", "the problem", "all"],  # pages say other things of a problem that cannot be read
)
def test_texts_of_the_store_are_text_on_the_page(names: tuple[str, ...]) -> None:
    """A tag in any of them adds no element and no attribute to those that a page has."""
    clean = Elements(page(store(), pictures=False))
    text = page(store(**dict.fromkeys(names, EVIL)), pictures=False)
    made = Elements(text)
    assert made.tags.count("script") == 2 and "<script>alert" not in text
    assert made.attributes <= clean.attributes and "onload" not in made.attributes


def test_names_of_axes_and_messages_are_text_on_the_page() -> None:
    data = store().expand_dims({EVIL: [0.5, 1.0]})
    data["message"], data["status"] = data["message"].copy(), data["status"].copy()
    data["message"].values[..., 0], data["status"].values[..., 0] = EVIL, "failed"
    data["status"].values[..., 1] = EVIL
    text = page(data, pictures=False, store=EVIL)
    made = Elements(text)
    assert made.tags.count("script") == 2 and "<script>alert" not in text
    assert "onload" not in made.attributes and text.count("&lt;script&gt;alert") > 10


@pytest.mark.parametrize(
    "make",
    [
        letter, name, plots.name, told,
        lambda evil: labelled(evil, 0.5),
        lambda evil: table([evil], [[evil, evil]], evil),
        lambda evil: legend([(0, evil)], evil),
        lambda evil: element(sympy.Symbol(evil) ** 2 + sympy.Function(evil)(sympy.Symbol("x"))),
        charted,
        lambda evil: hypotheses(Verdict({"h": 0.1}, trouble=evil)),
        lambda evil: verdicts({evil: [evil]}),
    ],
)  # fmt: skip
def test_every_piece_of_a_page_escapes_by_type(make: Callable[[str], Markup]) -> None:
    made = make(EVIL)
    assert isinstance(made, Markup) and "<script" not in made
    assert "onload" not in Elements(made).attributes and "&lt;script&gt;alert" in made


@pytest.mark.parametrize(
    "data",
    [
        store(h=[0.1], gamma=[1.0], times=[1.0]),
        store(gamma=[0.0, 1.0]),
        store(times=[0.0]),
        store(problem="not TOML", hamiltonian="xi**2 + x**4", jumps="x, (x + I*xi)/sqrt(2)").assign_attrs(
            h=0.1, gamma=1.0
        ),
        store().where(store()["h"] < 0),
        store() * 0,
    ],
    ids=["one point", "closed", "time 0", "no problem", "nothing done", "no distance"],
)
def test_pages_of_odd_stores(data: xr.Dataset) -> None:
    data = data.assign_attrs(data.attrs)
    assert "</html>" in page(data, pictures=False)


def test_parameters_are_axes() -> None:
    numbers = store().drop_vars(["status", "message"])
    parts = [numbers.assign_coords(mu=mu) * (1 + mu) for mu in (0.0, 0.5, 1.0)]
    data = xr.concat(parts, "mu").assign_attrs(numbers.attrs)
    text = page(data, pictures=False)
    assert "Along <i>μ</i>" in text and "<i>μ</i>\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}0.5" in text


def with_parameters(a: Any = (0.0, 0.5, 1.0), b: Any = (-1.0, 1.0), **more: Any) -> xr.Dataset:
    """A store over mu and k_4 alone: distances 0.1 (1 + mu)(2 + k_4) t."""
    one = store([0.125], [1.0], [0.0, 1.0], **more)
    factor = xr.DataArray(
        [[(1 + u) * (2 + v) for v in b] for u in a], dims=("mu", "k_4"), coords={"mu": list(a), "k_4": list(b)}
    )
    data = one.drop_vars(["status", "message"]) * factor
    data["trace_norm"] = (0.1 * factor * one["time"]).broadcast_like(data["trace_norm"])
    data["status"] = xr.full_like(data["seconds"], "done", dtype=object)
    text = FRICTION.replace("mu = 0.25", "mu = 0.25\nk_4 = 1.0").replace("x**4/4", "k_4*x**4/4")
    return data.assign_attrs(one.attrs | {"problem": text} | more)


def test_a_sweep_over_parameters_has_a_map_over_these() -> None:
    data = with_parameters()
    study = Study.of(data)
    assert pairs(study) == [("mu", "k_4")]
    drawn, (moves,) = maps(study, range(2))
    assert drawn.count("<rect") == 6 and "<i>μ</i>" in drawn and "<i>k</i><sub>4</sub>" in drawn
    assert drawn.count("stroke-dasharray") == 0  # the lines of the theorem are on the map of h and gamma alone
    for where, (_, text, _) in zip(moves["where"], moves["cells"][1], strict=True):
        mu, k = (float(v.replace("−", "-")) for v in re.findall(r"=\s(\S+?)(?:,|$)", where))
        assert float(text.split(" ±")[0]) == pytest.approx(0.1 * (1 + mu) * (2 + k), rel=1e-3)
    text = page(data, pictures=False)
    assert "<h2>Maps</h2>" in text and "Regimes" not in text
    boxes = np.array(re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', drawn), float)
    middles = boxes[:, :2] + boxes[:, 2:] / 2
    across, up = np.unique(middles[:, 0].round(0)), np.unique(middles[:, 1].round(0))
    assert len(across) == 3 and np.diff(across, 2) == pytest.approx(0, abs=1) and len(up) == 2  # a plain axis


def test_formulas_show_the_names_of_the_parameters() -> None:
    text = page(with_parameters(), pictures=False)
    p = re.findall(r'<math display="block"><mrow><mi>p</mi>.*?<mo>=</mo>(.*?)</mrow></math>', text)[0]
    names = {"x": 0.7, "xi": -1.3, "mu": 0.4, "k4": 0.3, "t": 0.2}
    exact = 1.69 / (2 * (1 + 0.4 * 0.49)) + 0.3 * 0.7**4 / 4 + 0.7 * np.cos(0.4) / 4
    assert value(p, names) == pytest.approx(exact)
    assert "μ takes 3 values, 0 to 1; k 4 takes 2 values, −1 to 1." in words(text)


@pytest.mark.parametrize(
    ("h", "gamma", "found"),
    [
        ([0.1], [1.0], []), (H, [1.0], []), ([0.1], GAMMA, []), (H, GAMMA, [("h", "gamma")]),
    ],
)  # fmt: skip
def test_a_map_needs_two_axes_with_several_values(h: Any, gamma: Any, found: list[tuple[str, str]]) -> None:
    data = store(h, gamma)
    assert pairs(Study.of(data)) == found
    assert ("Regimes" in words(page(data, pictures=False))) == bool(found)
    data = xr.concat([data.drop_vars(["status", "message"]).assign_coords(mu=mu) for mu in (0.0, 0.5)], "mu")
    several = [axis for axis, values in (("h", h), ("gamma", gamma)) if len(values) > 1]
    expected = found or ([(several[0], "mu")] if several else [])
    assert pairs(Study.of(data.assign_attrs(store().attrs))) == expected


def agreeing(**more: Any) -> xr.Dataset:
    """Both evolutions agree: distances of round-off, errors of 1e-9, the half that is within them at random."""
    data = store(**more)
    noise = np.random.default_rng(2).uniform(1e-15, 9e-10, data["trace_norm"].shape)
    for variable in ("trace_norm", "hilbert_schmidt", "l1"):
        data[variable] = data[variable].dims, noise
    data["trace_norm_error"] = data["trace_norm"].dims, np.full(noise.shape, 1e-9)
    return data.drop_vars(["distance_lower", "distance_upper"])


def test_round_off_has_no_colours_and_no_curves() -> None:
    data = agreeing()
    drawn, (moves,) = maps(Study.of(data), range(len(TIMES)))
    shades = {cell[0] for moment in moves["cells"] for cell in moment}
    assert shades == {-1} and "gradient" not in drawn and "not above its error" in words(drawn)
    assert moves["cells"][0][0][1].startswith("at most 1") and moves["cells"][0][0][2].startswith("<1")
    (panel, *_), legend = over_time(Study.of(data))
    assert 'fill="none" stroke="var(--s0)" stroke-width="1.6"' not in panel  # the line of a curve
    assert panel.count('class="most"') == len(H) * len(TIMES) and "at most: below its error" in words(legend)
    ticks = [float(f"1e{t.translate(RAISED)}") for t in re.findall(r'text-anchor="end">10([⁻⁰-⁹¹²³]+)<', panel)]
    assert not ticks or min(ticks) > 1e-10  # the axis is that of the bounds, not of the round-off below
    assert exponents(Study.of(data)) == []


def test_what_is_seen_beside_round_off_keeps_its_colours() -> None:
    data, noise = store(times=[1.0]), agreeing(times=[1.0])
    for variable in ("trace_norm", "trace_norm_error"):
        data[variable][0] = noise[variable][0]
    seen = Study.of(data).seen
    assert not seen[0].any() and seen[1:].all()
    drawn, _ = maps(Study.of(data), [0])
    fills = re.findall(r'<rect [^>]*fill="([^"]+)"', drawn)
    assert [fill == "var(--empty)" for fill in fills] == [True] * 4 + [False] * 16 and len(set(fills[4:])) > 8


def test_no_mark_lies_outside_its_axes() -> None:
    """A distance of 1e-16 at time 0, without an error, is no reason to draw below the frame."""
    data = store()
    data["trace_norm"][..., 0] = 1e-16
    data["trace_norm_error"][..., 0] = 0
    panels, _ = over_time(Study.of(data))
    marks = np.array(re.findall(r'transform="translate\(([-\d.]+) ([-\d.]+)\)"', "".join(panels)), float)
    assert len(marks) == len(H) * len(GAMMA) * (len(TIMES) - 1)
    assert (marks >= [LEFT, TOP]).all() and (marks <= [WIDTH - RIGHT, HEIGHT - BOTTOM]).all()


def test_dashes_are_explained() -> None:
    data = store()
    assert "–: not known" not in words(page(data, pictures=False)).partition("All points")[2]
    data["min_eigenvalue"][0, 0] = np.nan
    told = words(page(data, pictures=False)).partition("All points")[2]
    assert "–: not known: a point that failed, or is missing, has no numbers" in told


def test_commands_repeat_the_numbers_of_the_axes() -> None:
    times = parse_values("0.1:2:20", "times")
    gamma = [*parse_values("2^-2:2^1", "gamma"), 10 / 3]
    plain = words(page(store(gamma=gamma, times=times), pictures=False))
    assert "--times 0.1:2:20" in plain
    (written,) = re.findall(r"--gamma (\S+)", plain)
    assert parse_values(written, "gamma") == gamma


def test_a_map_has_its_numbers_at_each_time() -> None:
    data = store()
    data["trace_norm"][0, 0] = np.nan
    data["status"][0, 0] = "failed"
    drawn, (moves,) = maps(Study.of(data), range(len(TIMES)))
    assert drawn.count('class="cell"') == len(H) * len(GAMMA)  # empty ones too: the script counts them
    assert len(moves["cells"]) == len(TIMES) and len(moves["cells"][0]) == len(H) * len(GAMMA)
    shade, text, _ = moves["cells"][2][
        moves["where"].index("h\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}2⁻⁸, γ\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}1")
    ]
    assert text == with_error(
        *(data[name].sel(h=2**-8, gamma=1, time=1).item() for name in ("trace_norm", "trace_norm_error"))
    )
    shades = np.array([[cell[0] for cell in moment] for moment in moves["cells"]])
    assert (shades[:, 0] == -1).all() and moves["cells"][0][0][1:] == ("failed", "×")
    assert (np.diff(shades[1:, 1:], axis=0) >= 0).all() and 0 <= shade < len(moves["shades"])  # one scale for all times
    assert "<sup>1/3</sup>" in drawn and "<sup>−1</sup>" not in drawn  # 1/h lies above the map


def test_numbers_of_a_map_keep_off_its_lines() -> None:
    drawn, _ = maps(Study.of(store([2.0**-k for k in range(2, 9)], [0.3, 0.6, 1.0, 2.0, 4.0])), [5])
    lines = [
        np.array([[float(v) for v in point.split()] for point in path.split("L")])
        for path in re.findall(r'<path d="M([^"]+)" class="guide" stroke', drawn)
        if "L" in path
    ]
    texts = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" text-anchor="middle" class="cell"', drawn)
    assert len(texts) == 35 and len([line for line in lines if len(line) > 2]) >= 2
    near = [
        abs(np.interp(float(x), line[:, 0], line[:, 1]) - (float(y) - 3.2)) < 5
        for x, y in texts
        for line in lines
        if line[0, 0] <= float(x) <= line[-1, 0]
    ]
    assert sum(near) == 0


def test_a_store_without_distances_is_refused() -> None:
    with pytest.raises(ValueError, match="Argument `store` must hold trace-norm distances"):
        page(xr.Dataset())


@pytest.mark.slow
def test_a_large_store() -> None:
    """Ten thousand points: a page of a few megabytes, whose table says what it leaves out."""
    data = store(np.geomspace(0.3, 1e-3, 100), np.geomspace(0.1, 10, 100), np.linspace(0, 2, 20))
    started = time.process_time()
    text = page(data, pictures=False)
    assert time.process_time() - started < 10
    assert len(text) < 3e6
    assert "The first 500 of 10000 points" in text


# --- the command, and a browser ---


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sweep with certificates, without symbols."""
    folder = tmp_path_factory.mktemp("sweep") / "pendulum"
    problem = Problem.load("pendulum").replace(times=[0, 0.5, 1, 2], tol=1e-3)
    sweep(problem, h=[0.25, 0.125, 0.0625], gamma=[0.5, 1.0], order=2, out=folder)
    return folder


def run(monkeypatch: pytest.MonkeyPatch, *args: str) -> int:
    monkeypatch.setattr(sys, "argv", ["openweyl", *args])
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_the_command(
    real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "report", str(real), "-o", "r.html") == 0
    out, err = capsys.readouterr()
    assert re.fullmatch(r"wrote r\.html \(.* MB\)\n", out) and err == ""
    text = Path("r.html").read_text(encoding="utf-8")
    value = load(real)["trace_norm"].sel(h=0.0625, gamma=1.0).values[-1]
    assert f"{value:.3g}"[:5] in words(text)
    assert text.count('href="data:image/png') == 6 and [p.name for p in tmp_path.iterdir()] == ["r.html"]
    assert run(monkeypatch, "report", str(real), "--no-pictures") == 0
    assert Path("report.html").stat().st_size < len(text.encode())


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["nothing"], "There is no such file."),
        (["STORE", "-o", "."], "Argument `out` must be a file, not a folder"),
        (["STORE", "-o", "no/where.html"], "Argument `out` must be a file that can be written"),
        (["STORE", "-o", "a\0b"], "Argument `out` must be a file that can be written"),
    ],
)
def test_what_the_command_refuses(
    real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], args: list[str],
    message: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "report", *[str(real) if a == "STORE" else a for a in args]) == 2
    out, err = capsys.readouterr()
    assert out == "" and message in err and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_symbols_of_the_store_and_computed_ones_agree(tmp_path: Path) -> None:
    problem = Problem.load("pendulum").replace(times=[0, 1], tol=1e-3)
    data = sweep(problem, h=[0.125], gamma=[1.0], out=tmp_path / "s", keep_symbols=True)
    study = Study.of(data)
    (stored,) = films(study, problem_of(study))
    study = Study.of(data.drop_vars(["symbol_quantum", "symbol_classical"]))
    (computed,) = films(study, problem_of(study))
    for a, b in zip(stored.frames, computed.frames, strict=True):
        assert (a.scale, a.gap) == pytest.approx((b.scale, b.gap), abs=2e-3)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync.sync_playwright() as started:
        opened = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        )
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def friction(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sweep with symbols."""
    folder = tmp_path_factory.mktemp("sweep") / "friction"
    problem = Problem.parse(FRICTION, "friction", "the text above")
    sweep(problem, mu=[0.1, 0.25], out=folder, keep_symbols=True)
    return folder


class Shown:
    """A page in a browser, and what it complains of and asks for."""

    def __init__(self, browser: Any, path: Path, width: int, scheme: str = "light") -> None:
        self.page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        self.troubles: list[str] = []
        self.requests: set[str] = set()
        self.page.on("console", lambda message: self.troubles.append(message.text))
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", lambda request: self.requests.add(request.url.split(":")[0]))
        started = time.perf_counter()
        self.page.goto(path.as_uri(), wait_until="load")
        self.seconds = time.perf_counter() - started

    def text(self, selector: str) -> str:
        return str(self.page.locator(selector).first.text_content())

    def end(self) -> None:
        assert self.troubles == [] and self.requests <= {"file", "data"}
        self.page.close()


WIDE = """() => {  // elements that stick out of the page, but for what lies in a box that scrolls by itself
    const boxes = [...document.querySelectorAll('.scroll, .formulas, pre')];
    const width = document.documentElement.clientWidth;
    return [...document.querySelectorAll('body *')].filter(e => !boxes.some(b => b !== e && b.contains(e)))
        .filter(e => e.getBoundingClientRect().right > width + 0.5).map(e => e.outerHTML.slice(0, 80));
}"""


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_a_browser(browser: Any, real: Path, tmp_path: Path, width: int, scheme: str) -> None:
    shown = Shown(browser, write(page(load(real), store="s"), tmp_path / "report.html"), width, scheme)
    assert shown.seconds < 5  # 0.4 s on an idle machine
    first, picture = shown.text("#f0-distance"), shown.page.locator("#f0-quantum").get_attribute("href")
    cell = shown.text(".map rect >> nth=0")
    slider = shown.page.locator("#time")
    slider.focus()
    shown.page.keyboard.press("ArrowLeft")  # as a person without a mouse does
    assert [e.text_content() for e in shown.page.locator(".now").all()] == ["1"] * 3
    assert slider.get_attribute("aria-valuetext") == "t = 1"
    value = shown.text("#f0-distance")
    assert value != first and shown.page.locator("#f0-quantum").get_attribute("href") != picture
    expected = load(real).sel(h=0.25, gamma=0.5, time=1.0)
    assert float(value.split(" ±")[0]) == pytest.approx(expected["trace_norm"].item(), rel=0.01)
    told = with_error(expected["trace_norm"].item(), expected["trace_norm_error"].item())
    assert shown.text(".map rect >> nth=0") != cell and shown.text(".map rect >> nth=0").endswith(f": {told}")
    shown.page.locator("#map-time").focus()  # the other slider moves all, too
    shown.page.keyboard.press("Home")
    assert shown.text(".controls .now") == "0" and shown.text("#f0-distance").startswith("at most ")
    assert shown.text("#f0-difference-high").startswith("blank: below") and shown.text("#f0-difference-low") == ""
    shown.page.get_by_role("button", name="play").click()
    pytest.importorskip("playwright.sync_api").expect(shown.page.locator(".now").first).to_have_text(
        "2", timeout=10_000
    )
    smallest = shown.page.evaluate(
        "Math.min(...[...document.querySelectorAll('.chart text')].map(e => e.getBoundingClientRect().height))"
    )
    assert smallest > 7
    unnamed = "[...document.querySelectorAll('svg[role=img]')].filter(e => !e.getAttribute('aria-label')).length"
    assert shown.page.evaluate(unnamed) == 0
    shown.end()


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out(browser: Any, friction: Path, tmp_path: Path, width: int) -> None:
    data = load(friction)
    shown = Shown(browser, write(page(data), tmp_path / "report.html"), width)
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
    assert shown.page.evaluate(WIDE) == []
    tall = "[...document.querySelectorAll('.formulas')].map(e => e.scrollHeight - e.clientHeight)"
    assert set(shown.page.evaluate(tall)) == {0}
    formulas = shown.page.locator(".formulas math").all()
    assert len(formulas) == 6 and all(formula.bounding_box()["height"] > 15 for formula in formulas)
    assert "".join(shown.text(".formulas math").split()).startswith("p(t,x,ξ)=")
    shown.page.locator("#time").focus()
    shown.page.keyboard.press("ArrowLeft")
    largest = data["trace_norm"][..., -1].drop_vars("time").argmax(...)
    expected = data.isel(largest).isel(time=1)
    assert shown.text("#f0-distance") == with_error(expected["trace_norm"].item(), expected["trace_norm_error"].item())
    shown.page.set_viewport_size({"width": 240, "height": 600})  # where the hypotheses are the tallest
    hidden = "(e => e.scrollHeight - e.clientHeight)(document.querySelector('.scroll:has(.wrap)'))"
    assert shown.page.evaluate(hidden) == 0
    shown.end()


@pytest.mark.slow
def test_maps_of_parameters_move_in_a_browser(browser: Any, tmp_path: Path) -> None:
    """Each of three maps has its own numbers at each time, those of the page's data."""
    one = with_parameters()
    data = xr.concat([one.drop_vars("status").assign_coords(w=w) * (1 + w) for w in (0.0, 1.0, 2.0)], "w")
    data["status"] = xr.full_like(data["seconds"], "done", dtype=object)
    data["trace_norm"][:, 0, 0, 0, 0, :] = np.nan  # a cell without a number, among those with
    data = data.assign_attrs(one.attrs)
    found = pairs(Study.of(data))
    assert len(found) == 3
    shown = Shown(browser, write(page(data, pictures=False), tmp_path / "report.html"), 1280)
    texts = "f => [...f.querySelectorAll('.cell')].map(e => e.textContent)"
    cells = f"[...document.querySelectorAll('.map-figure')].map({texts})"
    _, moves = maps(Study.of(data), range(2))
    for key, time_ in (("End", 1), ("Home", 0), ("End", 1)):
        shown.page.locator("#map-time").focus()
        shown.page.keyboard.press(key)
        assert shown.page.evaluate(cells) == [[text for *_, text in move["cells"][time_]] for move in moves]
    titles = shown.page.evaluate("[...document.querySelectorAll('.map-figure rect title')].map(e => e.textContent)")
    assert titles == [f"{a}: {cell[1]}" for m in moves for a, cell in zip(m["where"], m["cells"][1], strict=True)]
    shown.end()
