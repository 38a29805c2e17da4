"""One thread for each test process: the suite runs on all cores (pytest-xdist), and more threads would only collide."""

from __future__ import annotations

import os

for name in ("DUCC0_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
