"""One thread for each test process, and the same examples of hypothesis in each run.

The suite runs on all cores (pytest-xdist): more threads would only collide.
"""

from __future__ import annotations

import os

from hypothesis import settings
from threadpoolctl import threadpool_limits

for name in ("DUCC0_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
threadpool_limits(1, "blas")  # plugins may have loaded NumPy before: it reads the environment no more
settings.register_profile("suite", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("suite")
