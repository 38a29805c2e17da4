"""Quantum and classical evolution of open systems on phase space, and their distance in trace norm.

Source: Z. Li, Long time quantum-classical correspondence for open systems in trace norm, arXiv:2408.16953.

Names are loaded at their first use: `import openweyl` takes no time, and what a program does not use costs it none.
"""

import importlib as _importlib
import sys as _sys
import typing as _typing

if _typing.TYPE_CHECKING:  # for type checkers and editors; a test compares this list with that below
    from . import plot as plot
    from ._core.arguments import InputError as InputError
    from ._core.arguments import ResourceError as ResourceError
    from ._core.estimates import Enclosure as Enclosure
    from ._core.estimates import Estimate as Estimate
    from .analysis.certificate import Certificate as Certificate
    from .analysis.certificate import Expectation as Expectation
    from .analysis.certify import certify as certify
    from .analysis.compare import compare as compare
    from .analysis.comparison import Comparison as Comparison
    from .analysis.difference import Difference as Difference
    from .evolution.evolve import evolve as evolve
    from .evolution.numerics import Numerics as Numerics
    from .evolution.observing import Observation as Observation
    from .evolution.solution import Solution as Solution
    from .interchange.fock import from_fock as from_fock
    from .interchange.qutip import from_qutip as from_qutip
    from .interchange.qutip import system_from_qutip as system_from_qutip
    from .interchange.units import Units as Units
    from .interchange.wavefunction import from_wavefunction as from_wavefunction
    from .model.code_states import binomial as binomial
    from .model.code_states import gkp as gkp
    from .model.displaced import displaced as displaced
    from .model.drives import interp as interp
    from .model.fock_states import fock as fock
    from .model.fock_states import superposition as superposition
    from .model.gaussian_states import cat as cat
    from .model.gaussian_states import coherent as coherent
    from .model.gaussian_states import gaussian as gaussian
    from .model.gaussian_states import mixture as mixture
    from .model.gaussian_states import squeezed as squeezed
    from .model.gaussian_states import thermal as thermal
    from .model.products import tensor as tensor
    from .model.states import State as State
    from .model.system import System as System
    from .norms.trace_norm import trace_norm as trace_norm
    from .observables.observable import Observable as Observable
    from .phase_space.grid import Axis as Axis
    from .phase_space.grid import PhaseGrid as PhaseGrid
    from .phase_space.kernels import Kernel as Kernel
    from .phase_space.kernels import quantize as quantize
    from .phase_space.moments import Moments as Moments
    from .phase_space.star_product import moyal_bracket as moyal_bracket
    from .phase_space.star_product import star as star
    from .problems.problem import Problem as Problem
    from .report.folder import save as save
    from .report.movie import movie as movie
    from .sampling.ensemble import Ensemble as Ensemble
    from .sampling.readout import Readout as Readout
    from .sampling.sample import sample as sample
    from .spectra.coherence import g2 as g2
    from .spectra.correlation import correlation as correlation
    from .spectra.result import Correlation as Correlation
    from .spectra.spectrum import spectrum as spectrum
    from .spectra.spectrum_result import Spectrum as Spectrum
    from .steady.result import SteadyState as SteadyState
    from .steady.steady_state import steady_state as steady_state
    from .sweeps import load as load
    from .sweeps import sweep as sweep
    from .symbolic.brackets import hamiltonian_field as hamiltonian_field
    from .symbolic.brackets import poisson_bracket as poisson_bracket
    from .theory.assumptions import Assumptions as Assumptions
    from .theory.check import check_assumptions as check_assumptions
    from .trajectories.langevin import langevin as langevin
    from .trajectories.monitor import monitor as monitor
    from .trajectories.records import Records as Records
    from .trajectories.trajectories import Trajectories as Trajectories
    from .weyl.quantization import dequantize as dequantize
    from .weyl.symbol import Symbol as Symbol

__version__ = "0.1.0"

_MODULES = {
    "Assumptions": "theory.assumptions",
    "Axis": "phase_space.grid",
    "Certificate": "analysis.certificate",
    "Comparison": "analysis.comparison",
    "Correlation": "spectra.result",
    "Difference": "analysis.difference",
    "Enclosure": "_core.estimates",
    "Ensemble": "sampling.ensemble",
    "Estimate": "_core.estimates",
    "Expectation": "analysis.certificate",
    "InputError": "_core.arguments",
    "Kernel": "phase_space.kernels",
    "Moments": "phase_space.moments",
    "Numerics": "evolution.numerics",
    "Observable": "observables.observable",
    "Observation": "evolution.observing",
    "PhaseGrid": "phase_space.grid",
    "Problem": "problems.problem",
    "Readout": "sampling.readout",
    "ResourceError": "_core.arguments",
    "Records": "trajectories.records",
    "Solution": "evolution.solution",
    "Spectrum": "spectra.spectrum_result",
    "State": "model.states",
    "SteadyState": "steady.result",
    "Symbol": "weyl.symbol",
    "System": "model.system",
    "Trajectories": "trajectories.trajectories",
    "Units": "interchange.units",
    "binomial": "model.code_states",
    "cat": "model.gaussian_states",
    "certify": "analysis.certify",
    "check_assumptions": "theory.check",
    "coherent": "model.gaussian_states",
    "compare": "analysis.compare",
    "correlation": "spectra.correlation",
    "dequantize": "weyl.quantization",
    "evolve": "evolution.evolve",
    "fock": "model.fock_states",
    "from_fock": "interchange.fock",
    "from_qutip": "interchange.qutip",
    "system_from_qutip": "interchange.qutip",
    "from_wavefunction": "interchange.wavefunction",
    "gaussian": "model.gaussian_states",
    "g2": "spectra.coherence",
    "gkp": "model.code_states",
    "hamiltonian_field": "symbolic.brackets",
    "displaced": "model.displaced",
    "interp": "model.drives",
    "langevin": "trajectories.langevin",
    "load": "sweeps",
    "mixture": "model.gaussian_states",
    "monitor": "trajectories.monitor",
    "movie": "report.movie",
    "moyal_bracket": "phase_space.star_product",
    "poisson_bracket": "symbolic.brackets",
    "quantize": "phase_space.kernels",
    "sample": "sampling.sample",
    "save": "report.folder",
    "spectrum": "spectra.spectrum",
    "squeezed": "model.gaussian_states",
    "star": "phase_space.star_product",
    "steady_state": "steady.steady_state",
    "superposition": "model.fock_states",
    "sweep": "sweeps",
    "tensor": "model.products",
    "thermal": "model.gaussian_states",
    "trace_norm": "norms.trace_norm",
}
"""Where each public name is defined."""

__all__ = ["__version__", "plot", *_MODULES]  # noqa: PLE0604 - all are text


if not _typing.TYPE_CHECKING:  # else any name would be one of the package's

    def __getattr__(name: str) -> object:
        if name == "plot":
            return _importlib.import_module(".plot", __name__)
        if name not in _MODULES:
            # with these two, Python adds "Did you mean ...?"
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=_sys.modules[__name__])
        value = getattr(_importlib.import_module(f".{_MODULES[name]}", __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
