"""Steps as chains of flows, in groups that multiply in one representation.

A step is the scheme's product of kicks and drifts, with linear diffusion beside the drifts. Flows of ridges, of
scalings and of operator terms stand on both sides of it for half a step each, in opposite order.

Time passes with the drifts: a kick is taken at the time at which it acts, a drift at the middle of its interval, so
that an explicit dependence on time keeps the order.

Source: Chin and Chen, J. Chem. Phys. 117, 1409 (2002), doi:10.1063/1.1485725, for the times.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

from .flows import (
    Drift,
    Flow,
    Kick,
    LinearDiffusion,
    Multiplication,
    OperatorAction,
    RidgeKick,
    Scaling,
    Shear,
    Structure,
)
from .schemes import Scheme

Group: TypeAlias = tuple[Multiplication, ...] | Flow
"""Neighbours that multiply in one representation, such as a drift between two shears, or another flow alone."""


@lru_cache(maxsize=256)
def grouped_flows(structure: Structure, scheme: Scheme, steps: int) -> tuple[tuple[Group, Group], ...]:
    """`steps` steps of `scheme` in a row, first flow first; neighbours in one representation multiply at once.

    Beside each group stands the first one that is equal to it but for the time at which it acts.
    """
    groups: list[Group] = []
    for flow in _chain(_flows(structure, scheme), steps):
        last = groups[-1] if groups else None
        if not isinstance(flow, Multiplication):
            groups.append(flow)
        elif isinstance(last, tuple) and last[0].axes(structure) == flow.axes(structure):
            groups[-1] = (*last, flow)
        else:
            groups.append((flow,))
    first: dict[Group, Group] = {}
    return tuple((group, first.setdefault(group, group)) for group in groups)


def _flows(structure: Structure, scheme: Scheme) -> list[Flow]:
    """One step of `scheme`, first flow first."""
    before: list[Flow] = [OperatorAction(a=0.5)] if structure.operator_terms else []
    before += [Scaling(a=0.5)] if structure.scaling else []
    ridges = [_ridge(sheared, j) for j, (sheared, _) in enumerate(structure.ridges)]
    inner: list[Flow] = [Kick(a=scheme.kicks[0][0], c=scheme.kicks[0][1])]
    time = 0.0
    for b, (a, c) in zip(scheme.drifts, scheme.kicks[1:], strict=True):
        inner += [*_drift(structure, b, time + b / 2), Kick(a=a, c=c, at=time + b)]
        time += b
    after = [*(flow for ridge in reversed(ridges) for flow in ridge), *reversed(before)]
    return [*before, *(flow for ridge in ridges for flow in ridge), *inner, *(replace(flow, at=1.0) for flow in after)]


def _drift(structure: Structure, b: float, at: float) -> list[Flow]:
    """The drift by b dt with its linear diffusion; `at`: the middle of its interval."""
    drift = Drift(a=b, at=at)
    if not structure.diffusion:
        return [drift]
    if structure.diffusion_beside:
        return [LinearDiffusion(a=b / 2), drift, LinearDiffusion(a=b / 2)]
    return [LinearDiffusion(a=b), drift]


def _ridge(sheared: bool, index: int) -> list[Flow]:
    ridge = RidgeKick(a=0.5, index=index)
    return [Shear(a=1.0, index=index), ridge, Shear(a=-1.0, index=index)] if sheared else [ridge]


def _chain(step: list[Flow], steps: int) -> list[Flow]:
    """`steps` steps in a row; neighbours that are flows of one part, as at the ends of steps, are one flow."""
    chained: list[Flow] = []
    for j in range(steps):
        for flow in step:
            if chained and chained[-1].part == flow.part:
                joined = chained.pop().joined(flow)
                chained += [joined] if joined else []
            else:
                chained.append(replace(flow, at=flow.at + j))
    return chained
