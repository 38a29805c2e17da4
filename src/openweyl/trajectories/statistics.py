"""Means and covariances of paths, with the errors of chance and of the steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .steps import Pair

STANDARD_ERRORS = 2.0
"""How many standard errors of what the steps cost are added to it."""


@dataclass(frozen=True)
class Statistics:
    """Over time: `mean` (times, 2n) and `covariance` (times, 2n, 2n) of paths (paths, times, 2n), standard errors."""

    mean: np.ndarray
    mean_error: np.ndarray
    covariance: np.ndarray
    covariance_error: np.ndarray

    @staticmethod
    @np.errstate(all="ignore")
    def of(paths: np.ndarray) -> Statistics:
        count = len(paths)
        mean = paths.mean(axis=0)
        z = _by_time(paths - mean)
        c = z @ z.swapaxes(1, 2) / (count - 1)
        fourth = (z**2) @ (z**2).swapaxes(1, 2) / count - (c * (count - 1) / count) ** 2
        deviation = np.sqrt(np.diagonal(c, axis1=1, axis2=2))
        return Statistics(mean, deviation / np.sqrt(count), c, np.sqrt(np.maximum(fourth, 0.0) / (count - 1)))


@dataclass(frozen=True)
class StepErrors:
    """What fine steps cost, estimated: by how much coarse ones, of the same noise, change means and covariances."""

    mean: np.ndarray
    covariance: np.ndarray
    relative: float
    """The largest, in units of standard deviations and of their products."""
    least: float
    """What is left of it for so many paths as were hoped for, if chance made these few look worse than they are."""

    @staticmethod
    @np.errstate(all="ignore")  # what overflows is not small, nor is what is no number
    def of(pair: Pair, hoped: int = 0) -> StepErrors:
        """`hoped`: of how many paths these are a sample."""
        count = len(pair.fine)
        moved = pair.fine - pair.coarse
        mean, own = np.abs(moved.mean(axis=0)), STANDARD_ERRORS * moved.std(axis=0, ddof=1) / np.sqrt(count)
        z, y = (_by_time(paths - paths.mean(axis=0)) for paths in (pair.fine, pair.coarse))
        zt, yt = z.swapaxes(1, 2), y.swapaxes(1, 2)
        change = (z @ zt - y @ yt) / count
        square = ((z**2) @ (zt**2) + (y**2) @ (yt**2) - 2 * (z * y) @ (zt * yt)) / count - change**2
        change, others = np.abs(change), STANDARD_ERRORS * np.sqrt(np.maximum(square, 0.0) / (count - 1))
        deviation = np.maximum(pair.fine.std(axis=0), np.finfo(float).tiny ** 0.25)
        products = deviation[:, :, None] * deviation[:, None, :]

        def largest(one: np.ndarray, two: np.ndarray) -> float:
            return float(np.maximum((one / deviation).max(), (two / products).max()))

        part = np.sqrt(min(count / max(hoped, count), 1.0))
        least = largest(np.maximum(mean - own, 0.0) + part * own, np.maximum(change - others, 0.0) + part * others)
        mean, change = mean + own, change + others
        return StepErrors(mean, change, largest(mean, change), least)


def _by_time(paths: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(paths.transpose(1, 2, 0))
