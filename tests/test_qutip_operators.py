"""Operators from QuTiP are the polynomials that made their matrices, however these were truncated."""

from math import sqrt

import numpy as np
import pytest
import qutip

from openweyl import InputError, System, coherent, evolve, system_from_qutip
from openweyl.interchange.ladder_fit import fitted, hermitian, text_of

N = 16
a = qutip.destroy(N)
ad = a.dag()
x, xi = qutip.position(N), qutip.momentum(N)
CASES = {
    "kerr": (0.3 * ad**2 * a**2 + 0.7 * (a**2 + ad**2), [sqrt(0.3) * a], "0.3*ad**2*a**2 + 0.7*(a**2 + ad**2)",
             ["sqrt(0.3)*a"]),
    "quartic well": (xi**2 / 2 + x**4 - 0.5 * x**2, [0.1 * x, ad * a], "xi**2/2 + x**4 - x**2/2", ["0.1*x", "ad*a"]),
    "complex": (1j * (a**3 - ad**3) + 0.25 * x * xi * x, [(0.1 + 0.2j) * a + 0.3j * ad],
                "I*(a**3 - ad**3) + x*xi*x/4", ["(0.1 + 0.2*I)*a + 0.3*I*ad"]),
    "any order": (a**2 * ad**2 + a * ad * a * ad, [a * ad * a], "a**2*ad**2 + a*ad*a*ad", ["a*ad*a"]),
    "wrong last rows": (a * ad - ad * a + ad * a, [], "1 + ad*a", []),
    "weak": (1e-6 * ad**2 * a**2 + 3e-9 * (a + ad), [1e-4 * a], "1e-6*ad**2*a**2 + 3e-9*(a + ad)", ["1e-4*a"]),
    "none": (0 * a, [], "0", []),
    "degree 8": (qutip.num(N) ** 4, [], "(ad*a)**4", []),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("h", [1.0, 0.25])
def test_the_polynomial_is_found(name, h):
    H, jumps, text, texts = CASES[name]
    if h != 1 and "x" in text:
        return  # QuTiP's x is that of h = 1
    ours = system_from_qutip(H, jumps, h=h)
    theirs = System.from_operators(f"h*({text})", [f"sqrt(h)*({one})" for one in texts], h=h)
    for f, g in zip((ours.hamiltonian, *ours.jumps), (theirs.hamiltonian, *theirs.jumps), strict=True):
        at = [{ours.x[0]: u, ours.xi[0]: v} for u, v in [(0.3, 0.7), (-1.1, 0.4), (2, 3)]]
        values = [[complex(e.subs(point)) for point in at] for e in (f, g)]
        np.testing.assert_allclose(values[0], values[1], rtol=1e-11, atol=1e-11 * np.abs(values[1]).max())
    assert ours.gamma == theirs.gamma


def test_separable_hamiltonians_stay_separable():
    found = system_from_qutip(xi**2 / 2 + x**4 - 0.3 * x**3, [])
    assert str(found.hamiltonian.expand()) == "x**4 - 3*x**3/10 + xi**2/2"


def test_tensor_products():
    b1, b2 = qutip.tensor(qutip.destroy(8), qutip.qeye(10)), qutip.tensor(qutip.qeye(8), qutip.destroy(10))
    H = b1.dag() * b1 + 0.3 * b1.dag() * b1 * (b2 + b2.dag()) + 0.2 * (b1 * b2.dag() + b1.dag() * b2)
    ours = system_from_qutip(H, [0.1 * b1 * b2, 0.2 * b2])
    text = "ad1*a1 + 0.3*ad1*a1*(a2 + ad2) + 0.2*(a1*ad2 + ad1*a2)"
    theirs = System.from_operators(text, ["0.1*a1*a2", "0.2*a2"], h=1)
    assert (ours.hamiltonian - theirs.hamiltonian).expand() == 0
    assert [(f - g).expand() for f, g in zip(ours.jumps, theirs.jumps, strict=True)] == [0, 0]


def test_the_last_mode_has_dynamics():
    one, eye = qutip.num(8), qutip.qeye(8)
    assert system_from_qutip(qutip.tensor(eye, one)).n == 2
    assert system_from_qutip(qutip.tensor(one, eye), [qutip.tensor(eye, qutip.destroy(8))]).n == 2
    with pytest.raises(InputError, match="must act on the last mode"):
        system_from_qutip(qutip.tensor(one, eye))


@pytest.mark.parametrize("seed", range(6))
def test_random_polynomials_of_two_modes(seed):
    rng = np.random.default_rng(seed)
    b = [qutip.tensor(qutip.destroy(9), qutip.qeye(11)), qutip.tensor(qutip.qeye(9), qutip.destroy(11))]
    factors = [*b, *(one.dag() for one in b)]
    given, truth = 0, 0
    big = [qutip.tensor(qutip.destroy(15), qutip.qeye(17)), qutip.tensor(qutip.qeye(15), qutip.destroy(17))]
    big_factors = [*big, *(one.dag() for one in big)]
    for _ in range(5):
        c, word = complex(*rng.normal(size=2)), rng.integers(4, size=rng.integers(1, 5))
        term, big_term = c, c
        for k in word:
            term, big_term = term * factors[k], big_term * big_factors[k]
        given, truth = given + term, truth + big_term
    found = fitted(given.full(), [9, 11], "jumps")
    again = sum(
        c * big[0].dag() ** p * big[0] ** q * big[1].dag() ** r * big[1] ** s for ((p, q), (r, s)), c in found.items()
    )
    levels = np.arange(15 * 17).reshape(15, 17)[:9, :11].ravel()  # below any truncation of the larger matrices
    difference = (again - truth).full()[np.ix_(levels, levels)]
    assert np.abs(difference).max() < 1e-11 * np.abs(truth.full()).max()


def test_evolution_is_that_of_mesolve():
    H, jumps = 0.5 * ad**2 * a**2 + 0.3 * (a + ad), [0.4 * a]
    times = [0.0, 0.5, 1.0]
    wide = qutip.destroy(40)
    wide_H = 0.5 * wide.dag() ** 2 * wide**2 + 0.3 * (wide + wide.dag())
    options = {"rtol": 1e-10, "atol": 1e-12}
    start = qutip.coherent(40, 1.0)
    theirs = qutip.mesolve(wide_H, start, times, [0.4 * wide], e_ops=[wide.dag() * wide], options=options).expect[0]
    ours = evolve(system_from_qutip(H, jumps), coherent(alpha=1.0), times, tol=1e-6).expect("ad*a")
    assert np.all(np.abs(ours.value - theirs) <= ours.error + 1e-8)


def test_text_is_short_where_numbers_are():
    assert text_of(hermitian(fitted((ad * a - 0.1 * (a + ad)).full(), [N], "jumps"))) == "(-0.1)*a + (-0.1)*ad + ad*a"
    assert text_of({}) == "0"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: system_from_qutip(qutip.displace(N, 0.3) + qutip.displace(N, -0.3)),
            "degree 8 at most, but is another",
        ),
        (lambda: system_from_qutip((1j * np.pi * qutip.num(N)).expm()), "degree 8 at most"),
        (lambda: system_from_qutip(qutip.num(N) ** 5), "degree 8 at most"),
        (
            lambda: system_from_qutip(qutip.num(N), [qutip.basis(N, 0) * qutip.basis(N, 1).dag()]),
            "`jumps` must be a pol",
        ),
        (lambda: system_from_qutip(a), "`hamiltonian` must be Hermitian, but is off by"),
        (lambda: system_from_qutip(qutip.sigmax()), "have more levels, but is another matrix, of 2 levels"),
        (lambda: system_from_qutip(qutip.num(6) ** 2), "of degree 3 at most, or have more levels"),
        (lambda: system_from_qutip(qutip.num(N), [qutip.destroy(N - 1)]), r"dimensions \[16\] of the Hamiltonian"),
        (lambda: system_from_qutip("ad*a"), "must be an operator of QuTiP, a Qobj, but is str"),
        (lambda: system_from_qutip(qutip.basis(N, 0)), "a Qobj, but is ket. States go to from_qutip"),
        (lambda: system_from_qutip(qutip.QobjEvo([ad * a, [a + ad, lambda t: 0.3 * np.cos(t)]])), "written as text"),
        (lambda: system_from_qutip(qutip.num(N), a), "`jumps` must be a list of operators"),
        (lambda: system_from_qutip(qutip.num(N) * np.nan), "must be finite"),
        (lambda: system_from_qutip(qutip.num(N), h=-1), "`h` must be > 0"),
        (lambda: system_from_qutip(qutip.to_super(a)), "must be an operator of QuTiP"),
        (lambda: system_from_qutip(qutip.Qobj(np.ones((3, 4)))), "map a space to itself"),
    ],
)
def test_what_is_no_polynomial_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_a_level_that_differs_is_seen():
    for level in range(N - 3):
        H = qutip.num(N) + 1e-6 * qutip.basis(N, level).proj()
        with pytest.raises(InputError, match="must be a polynomial"):
            system_from_qutip(H)
