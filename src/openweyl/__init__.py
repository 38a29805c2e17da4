"""Quantum and classical evolution of open systems on phase space, and their distance in trace norm.

Source: Z. Li, Long time quantum-classical correspondence for open systems in trace norm, arXiv:2408.16953.
"""

from ._check import InputError as InputError
from ._check import ResourceError as ResourceError
from .assumptions import Assumptions as Assumptions
from .assumptions import check_assumptions as check_assumptions
from .certificate import Certificate as Certificate
from .certificate import Expectation as Expectation
from .certify import certify as certify
from .compare import Comparison as Comparison
from .compare import compare as compare
from .evolve import evolve as evolve
from .grid import Axis as Axis
from .grid import PhaseGrid as PhaseGrid
from .grid import resample as resample
from .interchange import from_fock as from_fock
from .interchange import from_qutip as from_qutip
from .interchange import from_wavefunction as from_wavefunction
from .interchange import to_fock as to_fock
from .interchange import to_qutip as to_qutip
from .localize import trace_norm as trace_norm
from .norms import dense_trace_norm as dense_trace_norm
from .norms import hilbert_schmidt as hilbert_schmidt
from .norms import l1_norm as l1_norm
from .norms import moments as moments
from .norms import purity as purity
from .norms import trace as trace
from .observable import Observable as Observable
from .physical import Scales as Scales
from .problem import Problem as Problem
from .solution import Numerics as Numerics
from .solution import Solution as Solution
from .star import hamiltonian_field as hamiltonian_field
from .star import moyal_bracket as moyal_bracket
from .star import poisson_bracket as poisson_bracket
from .star import star as star
from .states import State as State
from .states import cat as cat
from .states import coherent as coherent
from .states import gaussian as gaussian
from .states import mixture as mixture
from .states import squeezed as squeezed
from .sweep import load as load
from .sweep import sweep as sweep
from .system import System as System
from .weyl import Kernel as Kernel
from .weyl import dequantize as dequantize
from .weyl import quantize as quantize

__version__ = "0.1.0"
