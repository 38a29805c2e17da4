"""`openweyl sample`: what it prints, writes and refuses, and that it goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import xarray

from common import invoke

QUICK = ("sample", "well-chain", "--n", "2", "--times", "0.02", "--particles", "20")


def test_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    done = invoke(monkeypatch, capsys, *QUICK, "--json", "--observable", "tanh(x1)", "--observable", "x1**2")
    data = json.loads(done.out)
    keys = "times n particles bound bound_standard_error classical_bound mean_x mean_xi mean_standard_error observables"
    assert {*keys.split(), "seconds"} <= data.keys()
    assert (done.status, data["n"], data["particles"]) == (0, 2, 20)
    assert [reading["name"] for reading in data["observables"]] == ["tanh(x1)", "x1**2"]
    assert data["observables"][1]["bound"] == [None]
    assert 0 < data["bound"][0] < 0.1


@pytest.mark.slow
def test_files(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    first = invoke(monkeypatch, capsys, *QUICK, "--observable", "tanh(x1)", "--out", str(tmp_path / "out"))
    assert first.status == 0
    assert "bound" in first.out
    names = {"ensemble.nc", "ensemble.png", "reduced.png", "blocks"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    with xarray.open_dataset(tmp_path / "out" / "ensemble.nc") as dataset:
        assert dataset.sizes["particle"] == 20
        assert float(dataset["observable_value"].sel(observable="tanh(x1)")[-1]) == pytest.approx(0.76, abs=0.05)
    block = next((tmp_path / "out" / "blocks").glob("block-*.npz"))
    stamp = block.stat().st_mtime_ns
    assert invoke(monkeypatch, capsys, *QUICK, "--out", str(tmp_path / "out")).status == 0
    assert block.stat().st_mtime_ns == stamp
    other = invoke(monkeypatch, capsys, *QUICK, "--seed", "1", "--out", str(tmp_path / "out"))
    assert other.status == 2
    assert "hold blocks of the same call" in other.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--particles", "-3"), "`particles` must be a whole number"),
        (("--n", "0"), "`n` must be a whole number from 1 to 100"),
        (("--n", "101"), "`n` must be a whole number from 1 to 100"),
        (("--target", "1e-9"), "It asks for"),
        (("--target", "0"), "`target` must be > 0"),
        (("--workers", "2", "--scheduler", "x"), "not be given together with `scheduler`"),
        (("--observable", "foo("), "`observable` must"),
        (("--observable", "x9"), "`observable` must"),
    ],
)
def test_refusals(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], words: str
) -> None:
    given = [*QUICK[:-2], *args] if "--target" in args else [*QUICK, *args]
    done = invoke(monkeypatch, capsys, *given, "--json")
    assert (done.status, done.out) == (2, "")
    assert words in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("command", ["compare", "certify"])
def test_grids_name_sample(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str) -> None:
    done = invoke(monkeypatch, capsys, command, "well-chain", "--json")
    assert done.status == 2
    assert "`sample`" in done.err
