"""The statements of Li, arXiv:2408.16953, as measurements that can come out against them: see `battery`."""

from .battery import GROUPS as GROUPS
from .battery import run as run
from .row import Row as Row
