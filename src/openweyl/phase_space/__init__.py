"""Functions on grids in phase space: their grids, supports, kernels and star products."""
