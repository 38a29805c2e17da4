"""What a user meets: the names of the package, how results show themselves, travel between processes, and refuse."""

from __future__ import annotations

import ast
import copy
import dataclasses
import pickle
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import partial
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from matplotlib.figure import Figure

import openweyl
from openweyl import (
    Certificate,
    Comparison,
    Expectation,
    InputError,
    Observable,
    PhaseGrid,
    ResourceError,
    Solution,
    State,
    Symbol,
    System,
    Units,
    cat,
    certify,
    check_assumptions,
    coherent,
    compare,
    evolve,
    from_fock,
    gaussian,
    mixture,
    squeezed,
)
from openweyl._core.text import excerpt
from openweyl.model.states import PacketState
from openweyl.plot.results import POINTS_DRAWN, positions, sampled_to_draw

SYSTEM = System("xi**2/2 + x**4/4", ["x", "xi"], h=0.25, gamma=1.0)
HARMONIC = System("xi**2/2 + x**2/2", ["x", "xi"], h=0.25, gamma=1.0)
STATE, TIMES = coherent(1, 0), [0.0, 0.1, 0.2]
SHORT, SCREEN = 1500, 24
"""The most characters and lines of a `repr`."""


@pytest.fixture(scope="module")
def solution() -> Solution:
    return evolve(SYSTEM, STATE, TIMES, tol=1e-3)


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare(SYSTEM, STATE, TIMES, tol=1e-3)


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    return certify(SYSTEM, STATE, TIMES, order=2, tol=1e-3)


def run(script: str, **options: Any) -> str:
    """What `script` prints in a Python of its own."""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


# ------------------------------------------------------------------------------------------------------- the names


def test_type_checkers_and_programs_find_each_name_in_one_place() -> None:
    tree = ast.parse(Path(openweyl.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    assert ast.unparse(block.test) == "_typing.TYPE_CHECKING"
    told = {
        alias.asname: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    assert told == openweyl._MODULES
    assert sorted(openweyl.__all__) == sorted([*told, "plot", "__version__"])
    for name, module in told.items():
        assert getattr(openweyl, name) is getattr(import_module(f"openweyl.{module}"), name)


USED = """
import openweyl
print(*(name for name in {before} if name in __import__("sys").modules))
import scipy.sparse  # runs in Fock space use it; old versions of it load scipy.linalg
old = set(__import__("sys").modules)
from openweyl import System, coherent, evolve
print(*(name for name in {run} if name in set(__import__("sys").modules) - old))
from openweyl import *
print(callable(evolve), plot.__name__)
import openweyl.cli
print(*dir(openweyl))
print(*vars(openweyl))
"""
BEFORE = ("numpy", "scipy", "sympy", "ducc0", "mpmath", "psutil", "matplotlib", "xarray", "markupsafe", "PIL")
"""What is slow to load, and not loaded before anything is used."""
NOT_BY_A_RUN = ("scipy.linalg", "scipy.special", "scipy.stats", "matplotlib", "xarray", "PIL", "pint")


@pytest.fixture(scope="module")
def used() -> list[str]:
    """What a Python of its own prints of the package, used step by step."""
    return run(USED.format(before=BEFORE, run=NOT_BY_A_RUN)).splitlines()


def test_the_package_loads_nothing_before_it_is_used(used: list[str]) -> None:
    assert used[0] == ""


def test_a_run_does_not_load_what_it_does_not_use(used: list[str]) -> None:
    assert used[1] == ""


def test_dir_shows_the_public_names_and_no_others_after_use(used: list[str]) -> None:
    assert used[2] == "True openweyl.plot"
    assert used[3].split() == sorted(openweyl.__all__)


def test_nothing_else_is_importable_by_accident(used: list[str]) -> None:
    rooms = {path.name for path in Path(openweyl.__file__).parent.iterdir() if path.is_dir()}
    assert {name for name in used[4].split() if not name.startswith("_")} <= rooms | set(openweyl.__all__)
    assert rooms & set(openweyl.__all__) == {"plot"}


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'openweyl' has no attribute 'evolv'"):
        openweyl.evolv  # noqa: B018


# ------------------------------------------------------------------------------------------------------- short text


def long_results(comparison: Comparison, certificate: Certificate) -> Iterator[object]:
    """What prints a lot: long formulas, many states, many times."""
    system = System(" + ".join(f"cos({k}*x)" for k in range(1, 90)), ["x", "xi"] + ["sin(x)"] * 100, h=0.1, gamma=1.0)
    state = mixture([(1.0, coherent(k, 0)) for k in range(60)])
    yield from (system, state, check_assumptions(HARMONIC), Observable.parse("+".join(["tanh(x)"] * 80), 1))
    many = tuple(np.linspace(0.0, 1.0, 150).tolist())
    yield (solution := evolve(HARMONIC, STATE, many))
    yield solution.numerics
    columns = {name: np.linspace(0.0, 1.0, 150) for name in comparison.series}
    yield dataclasses.replace(comparison, system=system, state=state, times=many, **columns)
    columns = dict.fromkeys(("bound", "estimate", "distance_lower", "distance_upper", "rate"), np.ones(150))
    yield dataclasses.replace(certificate, system=system, state=state, times=many, reason="why " * 100, **columns)
    columns = dict.fromkeys(("classical", "classical_error", "corrected", "corrected_error"), np.ones(150))
    yield Expectation("tanh(x)" * 100, many, **columns)
    grid = PhaseGrid.box(h=0.1, x=[(-3, 3)] * 3, xi=[(-2, 2)] * 3, size=(8, 8))
    yield from (grid, coherent([0] * 3, [0] * 3).symbol(grid), Units("1 fg", "1 nm", "1 us"))


def test_every_repr_fits_on_a_screen(comparison: Comparison, certificate: Certificate) -> None:
    for result in (*long_results(comparison, certificate), comparison, certificate, comparison.quantum):
        text = repr(result)
        assert 10 < len(text) <= SHORT, (type(result), len(text))
        assert len(text.splitlines()) <= SCREEN
        assert "array(" not in text and "object at" not in text


def test_what_a_repr_says(comparison: Comparison, certificate: Certificate) -> None:
    assert repr(HARMONIC) == "System('x**2/2 + xi**2/2', ['x', 'xi'], h=0.25, gamma=1)"
    assert repr(STATE) == "<State, n = 1: coherent state at (1, 0)>"
    assert repr(Observable.parse("parity", 2)) == "<Observable parity, norm at most 1, n = 2>"
    grid = PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-2, 2), size=(8, 6))
    assert repr(Symbol(np.zeros((3, 8, 6)) * 1j, grid)) == (
        "<Symbol, n = 1, batch of 3, complex, x in [-3, 3] (8); xi in [-2, 2] (6); h = 0.1>"
    )
    assert f"{comparison.trace_norm[-1]:.6g}" in repr(comparison)
    assert f"{certificate.bound[-1]:.6g}" in repr(certificate)


def test_reprs_that_are_code_make_the_same_value() -> None:
    names = {"System": System, "Units": Units}
    units = Units("2.5 fg", "1 nm", "1 us")
    for value in (SYSTEM, units):
        assert eval(repr(value), names) == value  # noqa: S307
    grid = PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-2, 2), size=(8, 6))
    assert eval(repr(grid), {"PhaseGrid": PhaseGrid, "Axis": openweyl.Axis}) == grid  # noqa: S307


def test_an_excerpt_keeps_the_first_and_the_last_rows() -> None:
    rows = [(k,) for k in range(20)]
    assert excerpt(rows[:8]) == rows[:8]
    shown = excerpt(rows)
    assert len(shown) == 8 and shown[0] == (0,) and shown[-1] == (19,) and shown.count(["..."]) == 1


# ------------------------------------------------------------------------------------------------------- notebooks


class Page(HTMLParser):
    """The elements, texts and pictures of a piece of HTML, whose elements must be closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: list[str] = []
        self.text = ""
        self.pictures: list[bytes] = []
        self.feed(source)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        assert set(dict(attrs)) <= {"src", "alt", "style", "scope"} or tag.startswith("m")
        if tag == "img":
            kind, _, data = (dict(attrs)["src"] or "").partition("base64,")
            assert kind == "data:image/png;"
            self.pictures.append(b64decode(data))
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_results_show_a_table_and_a_small_picture(comparison: Comparison, certificate: Certificate) -> None:
    for result in (comparison, certificate, comparison.quantum, certificate.solution, comparison.quantum.final):
        page = Page(result._repr_html_())
        assert "table" in page.names
        (picture,) = page.pictures
        assert picture.startswith(b"\x89PNG") and 500 < len(picture) < 25_000
    page = Page(comparison._repr_html_())
    assert f"{comparison.trace_norm[-1]:.6g}" in page.text and page.names.count("tr") == 1 + len(TIMES)
    assert str(SYSTEM) in page.text and str(STATE) in page.text


def test_expectations_and_assumptions_show_a_table(certificate: Certificate) -> None:
    page = Page(certificate.expectation("tanh(x)")._repr_html_())
    assert page.names.count("tr") == 1 + len(TIMES) and "tanh(x)" in page.text
    assumptions = check_assumptions(System("xi**2/2 - cos(x)", ["x", "xi"], h=0.01, gamma=1.0))
    page = Page(assumptions._repr_html_())
    assert all(line.text in page.text for line in assumptions.lines) and "Theorem 1 applies." in page.text


def test_long_results_show_themselves_in_one_line(certificate: Certificate) -> None:
    symbol = certificate.solution.final[0]
    for result in (symbol.marginal("x"), symbol.fock(tol=1e-2)):
        assert len(repr(result)) < 120 and "\n" not in repr(result)


def test_a_grid_names_its_axes() -> None:
    grid = coherent([1, 0], [0, 0]).grid(0.25, 1e-3)
    assert [name in str(grid) for name in ("x1 in", "x2 in", "xi1 in", "xi2 in")] == [True] * 4


def test_a_misspelt_name_of_the_package_is_known_to_python() -> None:
    with pytest.raises(AttributeError) as caught:
        openweyl.compair  # noqa: B018
    assert caught.value.name == "compair" and caught.value.obj is openweyl


def test_systems_and_states_show_their_formulas_and_centres() -> None:
    page = Page(System("xi**2/2 + x", ["(x + I*xi)/2"], h=0.25, gamma=0.5)._repr_html_())
    assert page.names.count("math") == 2 and "0.25" in page.text
    rows = Page(mixture([(1, coherent(0.5, -2)), (3, squeezed(1, 0, r=0.2))])._repr_html_()).names.count("tr")
    assert rows == 3
    assert "-2" in Page(coherent(0.5, -2)._repr_html_()).text
    assert Page(cat([(1, 0), (-1, 0)])._repr_html_()).names.count("tr") == 3  # without the interference
    assert Page(from_fock(np.diag([0.5, 0.5]), h=0.1)._repr_html_()).pictures == []


def test_without_one_degree_of_freedom_densities_are_shown_and_without_a_real_symbol_nothing() -> None:
    grid = PhaseGrid.box(h=0.25, x=[(-3, 3)] * 2, xi=[(-3, 3)] * 2, size=(16, 16))
    symbol = coherent([0, 0], [1, 0]).symbol(grid)
    assert len(Page(symbol._repr_html_()).pictures) == 1
    assert len(Page((symbol - symbol)._repr_html_()).pictures) == 1
    batch = Symbol(np.stack([symbol.values] * 2), grid)
    for odd in (batch, Symbol(symbol.values * 1j, grid)):
        assert Page(odd._repr_html_()).pictures == []


HOSTILE = "<script>alert('x')</script><img src=x onerror=y>&amp;"


def test_nothing_from_outside_gets_into_the_page(comparison: Comparison, certificate: Certificate) -> None:
    state = PacketState(STATE.members, HOSTILE)  # type: ignore[attr-defined]
    numerics = dataclasses.replace(comparison.quantum.numerics, scheme=HOSTILE)
    for result in (
        state,
        dataclasses.replace(comparison, state=state),
        dataclasses.replace(certificate, reason=HOSTILE),
        dataclasses.replace(comparison.quantum, numerics=numerics),
    ):
        page = Page(result._repr_html_())
        assert "script" not in page.names and page.names.count("img") <= 1
        assert HOSTILE in page.text


@pytest.mark.slow
def test_pictures_need_neither_a_display_nor_matplotlib_before() -> None:
    script = (
        "import sys\n"
        "from openweyl import System, coherent, evolve\n"
        "run = evolve(System('xi**2/2 + x**2/2', ['x'], h=0.25, gamma=1.0), coherent(1, 0), [0.5])\n"
        "repr(run), str(run), run.system._repr_html_()\n"
        "before = 'matplotlib' in sys.modules\n"
        "shown = run._repr_html_() + run.final._repr_html_()\n"
        "print(before, shown.count('<img'), 'matplotlib.pyplot' in sys.modules, run.final.plot().get_xlabel())"
    )
    assert run(script, env={"PATH": "/usr/bin", "PYTHONPATH": ":".join(sys.path)}).strip() == "False 2 False $x$"


# ------------------------------------------------------------------------------------------------------- pictures


def test_a_symbol_is_drawn_where_it_is_not_zero() -> None:
    grid = PhaseGrid.box(h=0.05, x=(-6, 6), xi=(-6, 6), size=(160, 160))
    axes = Figure().subplots()
    assert coherent(1, -1).symbol(grid).plot(axes) is axes
    assert axes.get_xlabel() == "$x$" and axes.get_ylabel() == r"$\xi$"
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    assert 0 < left < 1 < right < 2 and -2 < low < -1 < high < 0


def test_symbols_are_drawn_on_as_many_points_as_a_picture_has_and_keep_their_values() -> None:
    state = coherent(2, 0)
    fine = state.symbol(PhaseGrid.box(h=0.01, x=(-10, 10), xi=(-10, 10), size=(1600, 1600)))
    coarse = state.symbol(PhaseGrid.box(h=0.25, x=(-2, 6), xi=(-4, 4), size=(64, 64)))
    for symbol in (fine, coarse):
        drawn = sampled_to_draw(symbol)
        assert drawn.values.shape == (POINTS_DRAWN, POINTS_DRAWN)
        assert drawn.values == pytest.approx(state.symbol(drawn.grid).values, abs=1e-8)


def test_a_difference_that_vanishes_is_drawn_blank() -> None:
    grid = PhaseGrid.box(h=0.25, x=(-3, 3), xi=(-3, 3), size=(32, 32))
    axes = Symbol(np.zeros((32, 32)), grid).plot()
    assert axes.get_xlim() == pytest.approx((-3.0, 3.0), abs=0.5)


def test_two_degrees_of_freedom_are_drawn_by_the_density_of_each_variable() -> None:
    grid = PhaseGrid.box(h=0.25, x=[(-3, 3)] * 2, xi=[(-3, 3)] * 2, size=(24, 24))
    symbol = coherent([0, 1], [-1, 0]).symbol(grid)
    axes = symbol.plot(Figure().subplots())
    assert [line.get_label() for line in axes.lines] == ["x1", "x2", "ξ1", "ξ2"]
    for line, peak in zip(axes.lines, (0, 1, -1, 0), strict=True):
        points, density = (np.asarray(data, dtype=float) for data in line.get_data())
        assert points[density.argmax()] == pytest.approx(peak, abs=0.01)
        assert density.sum() * 0.25 / 4 == pytest.approx(1.0, abs=1e-6)


def test_a_solution_is_a_row_with_colours_and_limits_in_common(solution: Solution, certificate: Certificate) -> None:
    row = solution.plot()
    assert [axes.get_title() for axes in row] == ["t = 0", "t = 0.1", "t = 0.2"]
    assert len({(*axes.get_xlim(), *axes.get_ylim()) for axes in row}) == 1
    assert len({axes.collections[0].get_clim() for axes in row}) == 1
    (axes,) = solution.plot(Figure().subplots())
    assert axes.get_title() == "t = 0.2"
    given = Figure().subplots(1, 2)
    assert certificate.solution.plot(given) == list(given)  # the corrections are added up
    assert positions(10, 4) == [0, 3, 6, 9] and positions(3, 3) == [0, 1, 2] and positions(5, 1) == [4]


def test_distances_and_bounds_are_drawn_at_their_times(comparison: Comparison, certificate: Certificate) -> None:
    axes = comparison.plot()
    assert axes.lines[0].get_ydata() == pytest.approx(comparison.trace_norm[1:])
    axes = Figure().subplots()
    assert certificate.plot(axes) is axes
    bounds = {line.get_label(): np.asarray(line.get_ydata(), dtype=float) for line in axes.lines}
    assert bounds["$B_{2}$"] == pytest.approx(certificate.bound[1:])
    assert bounds["estimate"] == pytest.approx(certificate.estimate[1:])


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        pyplot.close("all")


# ------------------------------------------------------------------------------------------------------- datasets


def test_datasets_without_symbols_hold_the_series(comparison: Comparison, certificate: Certificate) -> None:
    for result, series in ((comparison, "trace_norm"), (certificate, "certificate")):
        small, whole = result.to_xarray(symbols=False), result.to_xarray()
        assert "x" not in small.dims and "x" in whole.dims and set(small) < set(whole)
        assert small.attrs == whole.attrs and np.array_equal(small[series], whole[series])


# ------------------------------------------------------------------------------------------------------- travelling


def same(a: Any, b: Any) -> bool:
    """Whether two results are of one type and hold equal numbers."""
    if type(a) is not type(b):
        return False
    if isinstance(a, Symbol):
        return bool(a.grid == b.grid and np.array_equal(a.values, b.values))
    if dataclasses.is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b, equal_nan=True)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return bool(a == b)


def pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - made here


class Travellers(NamedTuple):
    """All that may be sent to another process."""

    values: list[Any]
    names: list[str]


@pytest.fixture(scope="module")
def travellers(comparison: Comparison, certificate: Certificate) -> Travellers:
    states: dict[str, State] = {
        "coherent": STATE,
        "squeezed": squeezed(1, 0, r=0.3),
        "gaussian": gaussian(0, 0, [[1, 0], [0, 1]]),
        "cat": cat([(1, 0), (-1, 0)], [1, 1j]),
        "fock": from_fock(np.diag([0.25, 0.75]), h=0.25),
        "mixture": mixture([(1, STATE), (2, cat([(1, 0), (0, 1)]))]),
        "mixed": mixture([(1, STATE), (2, from_fock(np.eye(2) / 2, h=0.25))]),
    }
    observables = {text: Observable.parse(text, 1) for text in ("tanh(x)", "parity", "husimi(1, 0)", "region(x)")}
    values = {
        **states,
        **observables,
        "system": SYSTEM,
        "complex": System("x**2 + xi**2 + cos(t)*x", ["x + I*xi"], h=0.1, gamma=0.5),
        "grid": comparison.quantum.final.grid,
        "symbol": comparison.quantum.final,
        "batch": certificate.solution.final,
        "solution": comparison.quantum,
        "numerics": comparison.quantum.numerics,
        "comparison": comparison,
        "certificate": certificate,
        "expectation": certificate.expectation("tanh(x)"),
        "assumptions": check_assumptions(SYSTEM, STATE),
        "units": Units("1 fg", "1 nm", "1 us"),
        "moments": comparison.quantum.final.moments(),
        "estimate": comparison.quantum.final.l1(),
        "enclosure": comparison.quantum.final.trace_norm(),
    }
    return Travellers(list(values.values()), list(values))


@pytest.mark.parametrize("trip", [copy.deepcopy, copy.copy, pickled])
def test_results_are_copied_and_pickled(travellers: Travellers, trip: Callable[[Any], Any]) -> None:
    for value, name in zip(*travellers, strict=True):
        assert same(trip(value), value), name


@pytest.mark.slow
def test_results_travel_to_another_process_and_back(travellers: Travellers, tmp_path: Path) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    there.write_bytes(pickle.dumps(travellers.values))
    script = (
        "import pickle, pathlib, sys\n"
        "values = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "pathlib.Path(sys.argv[2]).write_bytes(pickle.dumps(values))"
    )
    subprocess.run([sys.executable, "-c", script, str(there), str(back)], check=True)
    returned = pickle.loads(back.read_bytes())  # noqa: S301 - made here
    for value, again, name in zip(travellers.values, returned, travellers.names, strict=True):
        assert same(value, again), name


def test_what_arrives_can_be_used(comparison: Comparison, certificate: Certificate) -> None:
    again = pickled((comparison, certificate))
    assert np.array_equal(again[0].difference(-1).values, comparison.difference(-1).values)
    value = again[1].expectation(pickled(Observable.parse("tanh(x)", 1)))
    assert np.array_equal(value.corrected, certificate.expectation("tanh(x)").corrected)
    assert same(evolve(pickled(SYSTEM), STATE, [0.1]).symbols, evolve(SYSTEM, STATE, [0.1]).symbols)


def test_errors_are_pickled_by_their_public_names() -> None:
    for error in (InputError("Argument `h` must be > 0, but is 0."), ResourceError("Too slow.", kind="time")):
        assert type(error).__module__ == "openweyl"
        again = pickled(error)
        assert type(again) is type(error) and again.args == error.args and vars(again) == vars(error)


# ------------------------------------------------------------------------------------------------------- refusals


def refusals(solution: Solution, comparison: Comparison, certificate: Certificate) -> list[tuple[Any, str]]:
    """Calls that do not fit, and what is said of them: what must hold, what is, and what to do."""
    system: Any = SYSTEM
    state: Any = STATE
    swapped = (
        "Argument `system` must be a System, but is <State, n = 1: coherent state at (1, 0)>. "
        "The system comes first, the state second."
    )
    unknown = "System.replace takes, but is not. Did you mean `{}`? It takes hamiltonian, jumps, h, gamma."
    misspelt = "Symbol.trace_norm takes, but is not. Did you mean `rtol`? It takes rtol, atol."
    example = 'System("xi**2/2 + x**2/2", ["x"], h=0.1, gamma=1.0)'
    observable = 'Argument `observable` must be an Observable or text, such as "tanh(x)", but is 5.'
    index = "Argument `index` must lie between -3 and 2, but is {}. There are 3 times."
    return [
        (partial(certificate.expectation, 5), observable),
        (partial(solution.expect, 5), observable),
        (partial(solution.final.expectation, 5), observable),
        (partial(comparison.difference, 5), index.format(5)),
        (lambda: solution[99], index.format(99)),
        (lambda: solution[-4], index.format(-4)),
        (lambda: solution["x"], "Argument `index` must be a whole number, but is x."),  # type: ignore[call-overload]
        (
            partial(solution.final.expectation, "nonsense("),
            "Argument `observable` must be a formula with balanced brackets, but is nonsense(.",
        ),
        (partial(system.replace, gama=2), f"Argument `gama` must be one that {unknown.format('gamma')}"),
        (
            partial(system.replace, hamiltonan="x"),
            f"Argument `hamiltonan` must be one that {unknown.format('hamiltonian')}",
        ),
        (partial(evolve, state, system, [1.0]), swapped),
        (partial(compare, state, system, [1.0]), swapped),
        (partial(certify, state, system, [1.0]), swapped),
        (
            partial(check_assumptions, "p"),
            f"Argument `system` must be a System, but is p. {example} makes one.",
        ),
        (
            partial(solution.final.trace_norm, rtl=1),
            f"Argument `rtl` must be one that {misspelt}",
        ),
        (partial(solution.final.plot, 3), "Argument `axes` must be axes of Matplotlib, but is 3. None makes new ones."),
        (
            partial(solution.plot, []),
            "Argument `axes` must be axes of Matplotlib, or a list of them, but is []. None makes new ones.",
        ),
        (
            partial(solution.plot, Figure().subplots(1, 4)),
            "Argument `axes` must be at most 3, one for each time, but is 4.",
        ),
        (
            certificate.solution.final.plot,
            "Argument `symbol` must be one, but is a batch of 2. A Symbol f[j] is.",
        ),
        (partial(comparison.to_xarray, symbols="no"), "Argument `symbols` must be True or False, but is no."),
    ]


def test_misfits_are_refused_in_one_line(solution: Solution, comparison: Comparison, certificate: Certificate) -> None:
    for call, message in refusals(solution, comparison, certificate):
        with pytest.raises((InputError, IndexError)) as caught:
            call()
        assert str(caught.value) == message


# ------------------------------------------------------------------------------------------------------- types

TYPED = """
import openweyl
from openweyl import Certificate, Comparison, Estimate, Solution, Symbol, System


def use(comparison: Comparison, certificate: Certificate, solution: Solution, symbol: Symbol, system: System) -> None:
{lines}
"""
RIGHT = [
    "comparison.trace_norm[0]",
    "certificate.bound[0], certificate.distance.upper",
    "solution[0].trace_norm().lower, solution.final.l1().value",
    "(symbol - solution[0]).derivative(x=1).moments().mean",
    "system.replace(gamma=2.0).gamma",
    "openweyl.evolve(system, openweyl.coherent(0, 0), [1.0]).numerics.error",
]
WRONG = [
    "comparison.trace_nrom",
    "certificate.bund",
    "solution.finall",
    "symbol.trace_nrm()",
    "system.gama",
    "solution[0].trce()",
    "certificate.certificate",
    "openweyl.evolv",
]


@pytest.mark.slow
def test_type_checkers_know_each_attribute(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    files = {"right": RIGHT, "wrong": WRONG}
    for name, lines in files.items():
        text = TYPED.format(lines="\n".join(f"    {line}" for line in lines))
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    source = Path(openweyl.__file__).parent.parent
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--ignore-missing-imports"]
    command += ["--no-error-summary", f"--cache-dir={tmp_path / 'cache'}", *(f"{name}.py" for name in files)]
    done = subprocess.run(
        command, cwd=tmp_path, env={"MYPYPATH": str(source)}, capture_output=True, text=True, check=False
    )
    errors = [line for line in done.stdout.splitlines() if "[attr-defined]" in line]
    assert done.stdout.splitlines() == errors, done.stdout + done.stderr
    start = TYPED.partition("{lines}")[0].count("\n") + 1
    assert [line.split(":")[:2] for line in errors] == [["wrong.py", str(start + j)] for j in range(len(WRONG))]
