"""What people hand over by habit (states of other programs, formulas of SymPy, other names) works, or is explained."""

from __future__ import annotations

import numpy as np
import pytest
import qutip
import sympy

import openweyl
from common import refused
from openweyl import Problem, System, certify, coherent, compare, evolve, fock, load, movie, sample, save

KERR = System.from_operators("ad**2*a**2/2", ["sqrt(0.5)*a"], h=1)
VACUUM = "must be a state, such as coherent(x, xi), but is "


@pytest.fixture(scope="module")
def solution():
    return evolve(KERR, coherent(alpha=1), [0.0, 0.2], tol=1e-4)


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        (qutip.coherent(20, 1), "from_qutip(state, h) takes those of QuTiP."),
        (np.eye(3) / 3, "from_fock(array, h) takes kets and density matrices."),
        ("vacuum", "The vacuum is coherent(alpha=0)."),
    ],
    ids=["qutip", "numpy", "text"],
)
def test_states_of_other_kinds(state, advice, solution):
    for call in (
        lambda: evolve(KERR, state, [1.0]),
        lambda: solution.final.fidelity(state),
        lambda: solution.final - state,
    ):
        with pytest.raises(openweyl.InputError) as caught:
            call()
        assert str(caught.value).endswith(advice)


def test_a_solution_in_place_of_one_of_its_symbols(solution):
    for call in (lambda: evolve(KERR, solution, [1.0]), lambda: solution.final.overlap(solution)):
        with pytest.raises(openweyl.InputError, match=r"Take one of its symbols, such as solution\.final\."):
            call()
    with pytest.raises(openweyl.InputError, match=r"state\.symbol\(w\.grid\) is that of a state"):
        solution.final - fock(1)


def test_formulas_of_sympy_are_weyl_symbols(solution):
    x, xi = sympy.symbols("x xi")
    for formula, text in ((x**2, "x**2"), (x * xi, "x*xi"), (sympy.tanh(x), "tanh(x)")):
        one, other = solution.expect(formula), solution.expect(text)
        assert (one.value == other.value).all() and one.kind == other.kind
    watched = evolve(KERR, coherent(alpha=1), [0.1], tol=1e-3, observables=[x**2, "ad*a"])
    assert list(watched.observed) == ["x**2", "ad*a"]
    a, ad = sympy.symbols("a ad")
    refused(lambda: solution.expect(ad * a), "Argument `observable` must use known names only, but is a")  # commute


def test_expect_is_the_name_everywhere():
    comparison = compare(KERR, coherent(alpha=1), [0.2], tol=1e-3)
    assert comparison.expect("x").value == comparison.expectation("x").value
    certificate = certify(KERR, coherent(alpha=0.5), [0.1], order=1, tol=1e-3)
    assert certificate.expect("x").classical == certificate.expectation("x").classical
    ensemble = sample(KERR, coherent(alpha=0.5), [0.1], particles=10)
    assert ensemble.expect("x").value == ensemble.expectation("x").value


def test_a_movie_of_two_solutions_is_that_of_a_comparison(solution, tmp_path):
    refused(lambda: movie(solution, solution, tmp_path / "a.gif"), "movie must be given at most 2 arguments")


def test_the_folder_that_save_wrote(solution, tmp_path):
    save(solution, tmp_path / "kerr")
    with pytest.raises(openweyl.InputError, match=r"Open the dataset in it, kerr/solution\.nc\."):
        load(tmp_path / "kerr")
    assert "quantum" in load(tmp_path / "kerr" / "solution.nc")


def test_a_misspelt_problem():
    with pytest.raises(openweyl.InputError, match="Perhaps double-well is meant"):
        Problem.load("double-wel")


def test_a_loose_tolerance_costs_nothing_on_given_levels():
    """It says what levels may leave out, of a state that has more of them."""
    w = fock(2).symbol(fock(2).grid(1.0, 1e-12))
    exact = np.zeros((20, 20))
    exact[2, 2] = 1
    matrix, leakage = w.fock(20, tol=0.1)
    assert np.abs(np.linalg.eigvalsh(matrix - exact)).sum() < 1e-8 and leakage < 1e-6
    far = coherent(alpha=3).at(1.0)
    w = far.symbol(far.grid(1.0, 1e-12))
    assert w.to_qutip(24, tol=0.5).shape == (24, 24)
    refused(lambda: w.to_qutip(24, tol=1e-3), "Argument `size` must leave out at most tol = 0.001")


def test_messages_name_the_class_that_people_know(solution):
    w = solution.final
    refused(lambda: w.at(0.0), "Argument `xi` must be given to Symbol.at, but is missing.")
    refused(lambda: w.wigner(y=0), "Argument `y` must be one that Symbol.wigner takes")
    refused(lambda: w.marginal("x").at(y=0), "Argument `y` must be one that Marginal.at takes")


def test_numbers_by_name():
    """In formulas, jumps, rates, bounds of sums and expressions of SymPy, exactly."""
    given = {"omega": 2, "kappa": 0.1, "n": 3}
    x, k = sympy.symbols("x kappa")
    for hamiltonian, jumps, written, jumps_written in (
        ("xi**2 + x*cos(omega*t)", [("kappa*x", "kappa*exp(-t)")], "xi**2 + x*cos(2*t)", [("x/10", "exp(-t)/10")]),
        ("sum(j, 1, n, x[j]**2*kappa)", ["each(j, 1, n, x[j])"], "(x1**2+x2**2+x3**2)/10", ["x1", "x2", "x3"]),
        (k * x**2, [k * x], "x**2/10", ["x/10"]),
    ):
        one = System(hamiltonian, jumps, h=0.1, gamma=1, parameters=given)
        other = System(written, jumps_written, h=0.1, gamma=1)
        assert sympy.simplify(one.hamiltonian - other.hamiltonian) == 0 and one.n == other.n
        assert [sympy.simplify(a**2 - b**2) for a, b in zip(one.jumps, other.jumps, strict=True)] == [0] * len(
            jumps_written
        )
    both = System("omega*f*x", h=1, parameters={"omega": 2}, drives={"f": ([0, 1], [0, 1])})
    assert both.hamiltonian == 2 * System("f*x", h=1, drives={"f": ([0, 1], [0, 1])}).hamiltonian
    for name, value, text in (
        ("x", 1, "Argument `parameters` must have names that mean nothing else, but is x."),
        ("b", 1j, "Argument `parameters.b` must be a finite number"),
        ("b", "1", "Argument `parameters.b` must be a finite number"),
    ):
        refused(lambda n=name, v=value: System("x**2", h=1, parameters={n: v}), text)
    refused(lambda: System("x**2", h=1, parameters=[1]), "Argument `parameters` must be a table of names")
    refused(
        lambda: System("f*x", h=1, parameters={"f": 1}, drives={"f": ([0, 1], [0, 1])}), "Argument `drives` must have"
    )
    with pytest.raises(openweyl.InputError, match="Numbers by name are `parameters`"):
        System("omega*x", h=1)
