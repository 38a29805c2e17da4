"""Quantum and classical evolution of open systems on phase space, and their distance in trace norm.

Source: Z. Li, Long time quantum-classical correspondence for open systems in trace norm, arXiv:2408.16953.
"""

from ._check import InputError as InputError
from ._check import ResourceError as ResourceError
from .certify import Certificate as Certificate
from .certify import Expectation as Expectation
from .certify import certify as certify
from .compare import Comparison as Comparison
from .compare import compare as compare
from .evolve import evolve as evolve
from .grid import Axis as Axis
from .grid import PhaseGrid as PhaseGrid
from .grid import resample as resample
from .localize import trace_norm as trace_norm
from .norms import dense_trace_norm as dense_trace_norm
from .norms import hilbert_schmidt as hilbert_schmidt
from .norms import l1_norm as l1_norm
from .norms import moments as moments
from .norms import purity as purity
from .norms import trace as trace
from .observable import Observable as Observable
from .solution import Numerics as Numerics
from .solution import Solution as Solution
from .states import State as State
from .states import cat as cat
from .states import coherent as coherent
from .states import gaussian as gaussian
from .states import mixture as mixture
from .states import squeezed as squeezed
from .system import System as System
from .weyl import Kernel as Kernel
from .weyl import dequantize as dequantize
from .weyl import quantize as quantize

__version__ = "0.1.0"
