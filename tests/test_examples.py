"""Each example is a page, a figure and a test with one asserted number."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.slow
def test_noise_restores_agreement(tmp_path: Path) -> None:
    path = EXAMPLES / "noise_restores_agreement.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    found = example.main(tmp_path)
    assert found[0.03][-1] / found[1.0][-1] == pytest.approx(36, rel=0.02)
    assert (tmp_path / "noise_restores_agreement.png").stat().st_size > 10_000
