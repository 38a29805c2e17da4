"""Each example is a page, a figure and a test with one asserted number."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(name: str, folder: Path, **options: Any) -> Any:
    """What the example's `main` returns; its figure is in `folder` then."""
    path = EXAMPLES / f"{name}.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    found = example.main(folder, **options)
    assert (folder / f"{name}.png").stat().st_size > 10_000
    return found


@pytest.mark.slow
def test_noise_restores_agreement(tmp_path: Path) -> None:
    found = run("noise_restores_agreement", tmp_path)
    assert found[0.03][-1] / found[1.0][-1] == pytest.approx(36, rel=0.02)


@pytest.mark.slow
def test_levitated_nanoparticle(tmp_path: Path) -> None:
    assert run("levitated_nanoparticle", tmp_path)[8.0] == pytest.approx(0.31, rel=0.02)


@pytest.mark.slow
def test_warm_dust(tmp_path: Path) -> None:
    found = run("warm_dust", tmp_path)
    assert found[150][-1] / found[300][-1] == pytest.approx(53, rel=0.02)


@pytest.mark.slow
def test_driven_duffing(tmp_path: Path) -> None:
    times = np.arange(1, 33) / 10
    found = run("driven_duffing", tmp_path, times=times)
    closed, opened = (np.abs(quantum - classical) for quantum, classical in (found["closed"], found["open"]))
    assert closed[times < 2.51].max() < 2e-3 and opened[times < 2.51].max() < 2e-3
    assert closed[times > 2.99].mean() / opened[times > 2.99].mean() == pytest.approx(3.8, rel=0.1)
