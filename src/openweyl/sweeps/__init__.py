"""Many runs of one problem: resumable, on any executor, in one dataset."""

from openweyl.symbolic.ranges import parse_values as parse_values

from .entry import load as load
from .entry import sweep as sweep
