"""The exponent of a power law through a few numbers, with an interval: y ~ c x^q.

    log y = log c + q log x                     over the range of x that there is, or
    log y = log c + q log x + b x^s             for x -> 0 (s > 0) or x -> infinity (s < 0),

by least squares. The second is the model of a limit: b x^s stands for the next order of an expansion
y = c x^q (1 + b x^s + ...), and without it the slope is that of no limit. The first claims no limit: it describes a
range, as does the slope of a bound over the same points, which it is compared with, and serves on four points.

Points have equal weights. Their errors are bounds of what a computation lacks, not standard deviations: what is left
beside the curve is the next order, which weights by errors would only hide, as the most exact points are seldom those
next to the limit. So errors enter the interval by the most that they can move q, beside Student's interval at 95 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CONFIDENCE_LEVEL = 0.95
"""Of Student's interval, two-sided."""


@dataclass(frozen=True)
class PowerLaw:
    """q within +- `half_width`. `weights`: the q of other numbers z at the same x is weights @ log z."""

    exponent: float
    half_width: float
    weights: np.ndarray


def power_law(
    x: np.ndarray, y: np.ndarray, error: np.ndarray | None = None, *, next_order: float | None = None
) -> PowerLaw:
    """The exponent q of y > 0 over x > 0, arrays of one length, each y known to its `error`.

    `next_order`: s, of the model with a next order. There must be more points than parameters, two or three.

    >>> x = np.array([1.0, 2.0, 4.0, 8.0])
    >>> law = power_law(x, 3 * x**0.5, error=0.01 * x**0.5)
    >>> round(law.exponent, 12), round(law.half_width, 4)
    (0.5, 0.0038)
    """
    from scipy.special import stdtrit

    model = _model(x, next_order)
    inverse = np.linalg.pinv(model)
    weights, target = inverse[1], np.log(y)
    residual = target - model @ (inverse @ target)
    freedom = len(x) - model.shape[1]
    spread = np.sqrt(residual @ residual / freedom * (weights @ weights))
    relative = np.zeros_like(target) if error is None else error / y
    half = float(stdtrit(freedom, (1 + CONFIDENCE_LEVEL) / 2)) * spread + np.abs(weights) @ relative
    return PowerLaw(float(weights @ target), float(half), weights)


def slope_weights(x: np.ndarray) -> np.ndarray:
    """The weights whose sum with log y is the slope of the least-squares line over log x, of two points or more."""
    return np.asarray(np.linalg.pinv(_model(x, None))[1])


def _model(x: np.ndarray, next_order: float | None) -> np.ndarray:
    """The columns 1, log x and, if it is asked for, x^s in units of the x nearest the limit."""
    columns = [np.ones_like(x), np.log(x)]
    if next_order is not None:
        columns.append((x / (x.min() if next_order > 0 else x.max())) ** next_order)
    return np.stack(columns, axis=1)
