"""Few quanta, h = 1: openweyl's runs in Fock space against QuTiP at the same error of the state.

    python benchmarks/few_quanta.py            # all cases; some minutes
    python benchmarks/few_quanta.py --only kerr

What is compared is the state at the last time, in trace norm, against openweyl at a hundredth of the tolerance. QuTiP
gets the matrix of the initial state, and the fewest levels (of four numbers around those that openweyl found) and the
fastest of several methods whose error is at most the tolerance; its matrices are sparse, by superoperators or by
products. Medians of alternating warm calls. openweyl's time includes the choice of levels and the symbol at the end.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices: QuTiP is faster with one thread

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from math import ceil, pi, prod

import click
import numpy as np
import qutip

from openweyl import State, System, coherent, evolve, fock, superposition, tensor

METHODS = [("vern7", True), ("tsit5", True), ("vern9", True), ("adams", False), ("bdf", False), ("diag", False)]
"""QuTiP's integrators, and whether they go by products of matrices."""
Run = Callable[[], np.ndarray]
QUTIP_SECONDS = 20.0
"""A setting of QuTiP that took longer in its first call is not tried again."""


@dataclass(frozen=True)
class Case:
    """A Hamiltonian and jumps in the operators a1, ad1, a2, ...; the state, the last time, the tolerance."""

    hamiltonian: str
    jumps: tuple[str, ...]
    state: State
    t: float
    tol: float

    def system(self) -> System:
        return System.from_operators(self.hamiltonian, list(self.jumps), h=1)


CAT = superposition([(1, coherent(alpha=2)), (1, coherent(alpha=-2))])
CASES = {
    "kerr, alpha = 2, t = pi/2": Case("(ad*a)**2", (), coherent(alpha=2), pi / 2, 1e-4),
    "kerr to its revival, 2 pi": Case("(ad*a)**2", (), coherent(alpha=2), 2 * pi, 1e-6),
    "L = a^2 - 2, from vacuum, 0.5": Case("0*a", ("a**2 - 2",), coherent(alpha=0), 0.5, 1e-6),
    "van der Pol, loss 0.5, t = 5": Case("ad*a", ("ad", "sqrt(0.5)*a**2"), coherent(alpha=1), 5.0, 1e-6),
    "van der Pol, loss 5, t = 5": Case("ad*a", ("ad", "sqrt(5)*a**2"), coherent(alpha=1), 5.0, 1e-6),
    "dephasing of a cat, t = 1": Case("0*a", ("ad*a",), CAT, 1.0, 1e-5),
    "Kerr cat, t = 2": Case("-ad**2*a**2 + 4*(a**2 + ad**2)", ("sqrt(0.1)*a",), coherent(alpha=0), 2.0, 1e-6),
    "driven Kerr, t = 20": Case("ad**2*a**2/2 - ad*a + 1.5*(a + ad)", ("a",), coherent(alpha=0), 20.0, 1e-6),
    "optomechanics, t = 1": Case(
        "-ad1*a1 + ad2*a2 - 0.3*ad1*a1*(a2 + ad2)", ("0.3*a1", "0.1*a2"), tensor(fock(1), coherent(alpha=1)), 1.0, 1e-5
    ),
    "cross-Kerr with loss, t = 1": Case(
        "ad1*a1*ad2*a2", ("0.3*a1", "0.3*a2"), tensor(coherent(alpha=1), coherent(alpha=1)), 1.0, 1e-4
    ),
    "two-mode loss, t = 1": Case("0*a1*a2", ("a1*a2",), tensor(coherent(alpha=1), coherent(alpha=1)), 1.0, 1e-4),
    "weak Kerr with loss, t = 1000": Case("0.001*ad**2*a**2", ("0.03*a",), coherent(alpha=3), 1000.0, 1e-6),
}


def lowering(sizes: list[int]) -> dict[str, qutip.Qobj]:
    """The operators by their names, of these levels."""
    names = {}
    for j in range(len(sizes)):
        parts = [qutip.destroy(n) if i == j else qutip.qeye(n) for i, n in enumerate(sizes)]
        a = qutip.tensor(parts)
        tail = str(j + 1) if len(sizes) > 1 else ""
        names |= {"a" + tail: a, "ad" + tail: a.dag()}
    return names


OPERATORS: dict[str, Callable[[dict[str, qutip.Qobj]], tuple[qutip.Qobj, list[qutip.Qobj]]]] = {
    "kerr, alpha = 2, t = pi/2": lambda o: (power(o["ad"] * o["a"], 2), []),
    "kerr to its revival, 2 pi": lambda o: (power(o["ad"] * o["a"], 2), []),
    "L = a^2 - 2, from vacuum, 0.5": lambda o: (0 * o["a"], [o["a"] ** 2 - 2]),
    "van der Pol, loss 0.5, t = 5": lambda o: (o["ad"] * o["a"], [o["ad"], 0.5**0.5 * o["a"] ** 2]),
    "van der Pol, loss 5, t = 5": lambda o: (o["ad"] * o["a"], [o["ad"], 5**0.5 * o["a"] ** 2]),
    "dephasing of a cat, t = 1": lambda o: (0 * o["a"], [o["ad"] * o["a"]]),
    "Kerr cat, t = 2": lambda o: (
        -o["ad"] ** 2 * o["a"] ** 2 + 4 * (o["a"] ** 2 + o["ad"] ** 2), [0.1**0.5 * o["a"]],
    ),
    "driven Kerr, t = 20": lambda o: (
        o["ad"] ** 2 * o["a"] ** 2 / 2 - o["ad"] * o["a"] + 1.5 * (o["a"] + o["ad"]), [o["a"]],
    ),
    "optomechanics, t = 1": lambda o: (
        -o["ad1"] * o["a1"] + o["ad2"] * o["a2"] - 0.3 * o["ad1"] * o["a1"] * (o["a2"] + o["ad2"]),
        [0.3 * o["a1"], 0.1 * o["a2"]],
    ),
    "cross-Kerr with loss, t = 1": lambda o: (
        o["ad1"] * o["a1"] * o["ad2"] * o["a2"], [0.3 * o["a1"], 0.3 * o["a2"]],
    ),
    "two-mode loss, t = 1": lambda o: (0 * o["a1"], [o["a1"] * o["a2"]]),
    "weak Kerr with loss, t = 1000": lambda o: (0.001 * o["ad"] ** 2 * o["a"] ** 2, [0.03 * o["a"]]),
}  # fmt: skip


def power(operator: qutip.Qobj, k: int) -> qutip.Qobj:
    return reduce(lambda f, g: f * g, [operator] * k)


def timed(run: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    begun = time.perf_counter()
    found = run()
    return time.perf_counter() - begun, found


def distance(matrix: np.ndarray, truth: np.ndarray, sizes: list[int], wide: list[int]) -> float:
    """The trace norm of the difference of two matrices on different levels."""
    array = np.zeros((*wide, *wide), dtype=complex)
    array[tuple(slice(n) for n in sizes * 2)] = matrix.reshape(sizes * 2)
    return float(np.linalg.svd(array.reshape(truth.shape) - truth, compute_uv=False).sum())


def qutip_run(
    name: str, case: Case, sizes: list[int], method: str, products: bool, rtol: float
) -> Callable[[], np.ndarray]:
    H, jumps = OPERATORS[name](lowering(sizes))
    layout = "Dia" if products else "CSR"
    H, jumps = H.to(layout), [jump.to(layout) for jump in jumps]
    symbol = case.state.at(1.0)
    rho = qutip.Qobj(symbol.symbol(symbol.grid(1.0, 1e-10)).fock(sizes).matrix, dims=[sizes, sizes])
    options = {"method": method, "store_states": False, "store_final_state": True, "progress_bar": ""}
    if method != "diag":
        options |= {"rtol": rtol, "atol": rtol / 10, "nsteps": 10**7}
    if products:
        options["matrix_form"] = True
    return lambda: np.asarray(qutip.mesolve(H, rho, [0.0, case.t], c_ops=jumps, options=options).final_state.full())


def best_of_qutip(
    name: str, case: Case, levels: list[int], truth: np.ndarray, wide: list[int]
) -> tuple[Callable[[], np.ndarray], str, float]:
    """The fastest setting whose error is at most the tolerance."""
    best: tuple[float, Run, str, float] | None = None
    for scale in (0.8, 0.9, 1.0, 1.2):
        sizes = [min(ceil(scale * n), w) for n, w in zip(levels, wide, strict=True)]
        for method, products in METHODS:
            if method == "diag" and prod(sizes) > 45:
                continue
            for rtol in (case.tol, case.tol / 10, case.tol / 100):
                run = qutip_run(name, case, sizes, method, products, rtol)
                try:
                    seconds, matrix = timed(run)
                except Exception:
                    break
                error = distance(matrix, truth, sizes, wide)
                if error <= case.tol:
                    seconds, _ = timed(run)
                    words = (
                        f"{'x'.join(map(str, sizes))} levels, {method}{', products' if products else ''}, rtol {rtol:g}"
                    )
                    if best is None or seconds < best[0]:
                        best = seconds, run, words, error
                    break
                if seconds > QUTIP_SECONDS:
                    break
    if best is None:
        raise RuntimeError(f"no setting of QuTiP reaches {case.tol:g} in {name}")
    return best[1:]


@click.command()
@click.option("--only", default="", help="Cases that have this in their name.")
@click.option("--repeats", default=5)
def main(only: str, repeats: int) -> None:
    """The table."""
    print(
        "| case | tol | openweyl | levels | error of it | QuTiP's best | its error | settings | ratio |\n"
        + "|---" * 9
        + "|"
    )
    for name, case in CASES.items():
        if only not in name:
            continue
        system = case.system()
        fine = evolve(system, case.state, [case.t], tol=case.tol / 100)
        found = evolve(system, case.state, [case.t], tol=case.tol)
        levels = [int(n) for n in found.numerics.scheme.split(", ")[1].removesuffix(" levels").split(" x ")]
        wide = [ceil(1.3 * n) + 4 for n in levels]
        truth = fine.final.fock(wide).matrix
        error = distance(found.final.fock(wide).matrix, truth, wide, wide)
        run, words, theirs = best_of_qutip(name, case, levels, truth, wide)
        pairs = []
        for _ in range(repeats):
            ours, _ = timed(lambda case=case, system=system: evolve(system, case.state, [case.t], tol=case.tol))
            pairs.append((ours, timed(run)[0]))
        ours, qutips = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(b / a for a, b in pairs)
        sizes = "x".join(map(str, levels))
        cells = (
            name,
            f"{case.tol:g}",
            f"{ours:.3f} s",
            sizes,
            f"{error:.1e}",
            f"{qutips:.3f} s",
            f"{theirs:.1e}",
            words,
        )
        print(f"| {' | '.join(cells)} | {ratio:.2g} |", flush=True)


if __name__ == "__main__":
    main()
