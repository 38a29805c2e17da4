"""Whether Li's theorems speak of the systems on a page: decides what the page may compare with them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from openweyl._core.arguments import InputError, ResourceError
from openweyl.problems.problem import Problem
from openweyl.theory.assumptions import Assumptions
from openweyl.theory.check import check_assumptions

from .study import Study


@dataclass(frozen=True)
class Verdict:
    """The assumptions at `point`, or why they could not be checked; neither if the problem is not known."""

    point: dict[str, float] = field(default_factory=dict)
    assumptions: Assumptions | None = None
    trouble: str = ""

    @staticmethod
    def of(study: Study, problem: Problem | None) -> Verdict:
        """At the least h, the gamma nearest to 1, and the parameters that the charts keep."""
        if problem is None:
            return Verdict()
        gamma = study.values("gamma")
        near = float(gamma[np.argmin(np.abs(np.log(np.maximum(gamma, 1e-300))))])
        chosen = problem.replace(h=float(study.values("h").min()), gamma=near)
        point = {"h": chosen.system.h, "gamma": near}
        point |= {axis: float(study.values(axis)[index]) for axis, index in study.base.items()}
        try:
            return Verdict(point, check_assumptions(chosen.system, chosen.state, study.times.tolist()))
        except (InputError, ResourceError) as error:
            return Verdict(point, trouble=str(error))

    @property
    def applies(self) -> bool:
        """Whether Theorem 1 does, whose bound (1.10) distances are compared with."""
        return self.assumptions is not None and self.assumptions.applies["theorem_1"]

    @property
    def why(self) -> str:
        """Why nothing on the page is compared with (1.10), in the words that end a sentence."""
        if self.assumptions is not None:
            return "does not apply here"
        return (
            "could not be checked"
            if self.trouble
            else "cannot be checked: the store does not say of which system it is"
        )
