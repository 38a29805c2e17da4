"""An ensemble as an xarray Dataset: particles, bounds and means over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from openweyl._core.arguments import ResourceError
from openweyl._core.memory import spare_memory
from openweyl.evolution.dataset import attributes

from .mixture import GaussianMixture

if TYPE_CHECKING:
    import xarray

MEANINGS = {
    "mean": "means of x and xi in the mixture",
    "mean_standard_error": "their standard errors",
    "bound": "|| A(t) - E tau ||_tr is at most this",
    "bound_standard_error": "its standard error",
    "classical_bound": "the Fokker-Planck density is at most this far from the mixture's Wigner function, in L1",
    "classical_bound_standard_error": "its standard error",
    "discretization": "the part of the bound that steps, splits and integrals over time have",
}
"""What is over time alone."""


def ensemble_dataset(mixture: GaussianMixture, *, covariances: bool) -> xarray.Dataset:
    """Dims (time, particle, coordinate), and a second coordinate for covariances."""
    import xarray as xr

    names = [str(v) for v in (*mixture.system.x, *mixture.system.xi)]
    coordinates = {"time": list(mixture.times), "coordinate": names}
    data: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, str]]] = {
        "center": (("time", "particle", "coordinate"), mixture.centers, {"long_name": "centres of the particles"}),
        "weight": (("particle",), mixture.weights, {"long_name": "weights of the particles"}),
    }
    if covariances:
        _check_memory(mixture)
        full = np.stack([mixture.covariances(index) for index in range(len(mixture))])
        about = {"long_name": "covariances of the particles"}
        data["covariance"] = (("time", "particle", "coordinate", "other_coordinate"), full, about)
        coordinates["other_coordinate"] = names
    for name, meaning in MEANINGS.items():
        values = getattr(mixture, name)
        dims = ("time", "coordinate")[: values.ndim]
        data[name] = (dims, values, {"long_name": meaning})
    dataset = xr.Dataset(data, coordinates)
    dataset["time"].attrs["units"] = "the unit of time of the Hamiltonian"
    return dataset.assign_attrs(
        **attributes(mixture.system), state=str(mixture.state), seed=mixture.seed, sampled=int(not mixture.exact)
    )


def _check_memory(mixture: GaussianMixture) -> None:
    needed, limit = 16.0 * len(mixture) * mixture.particles * (2 * mixture.n) ** 2, spare_memory()
    if needed > limit:
        raise ResourceError(
            f"The covariances of all particles take {needed / 2**30:.3g} GiB, but {limit / 2**30:.3g} GiB are free: "
            "leave them out with covariances=False, or take ensemble.covariances(index) one by one.",
            kind="memory",
        )
