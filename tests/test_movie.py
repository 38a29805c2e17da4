"""Movies: what is in the file, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from common import refused
from openweyl import Comparison, PhaseGrid, System, certify, cli, coherent, compare, evolve, load, save
from openweyl.plot import new_figure
from openweyl.problems.problem import Problem
from openweyl.report import movie
from openweyl.report.movie import Pictures, mathtext
from openweyl.report.portraits import BANDS, Snapshot, drawn, palette, square_box_around

FAST = ("--h", "0.25", "--tol", "1e-2")


def run(monkeypatch: pytest.MonkeyPatch, *args: str) -> int:
    monkeypatch.setattr(sys, "argv", ["openweyl", "movie", *args])
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_gif_moves(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "double-well", *FAST, "--frames", "4", "--out", "m.gif") == 0
    out, err = capsys.readouterr()
    assert out.startswith("wrote m.gif (4 frames, ") and err == ""
    with Image.open("m.gif") as film:
        assert film.n_frames == 4
        frames = []
        for index in range(4):
            film.seek(index)
            frames.append(np.asarray(film.convert("RGB"), dtype=float))
    assert frames[0].std() > 10
    assert all(np.abs(a - b).mean() > 0.5 for a, b in pairwise(frames))
    assert [path.name for path in Path().iterdir()] == ["m.gif"]


@pytest.mark.slow
def test_an_mp4_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    assert run(monkeypatch, "double-well", *FAST, "--times", "0:1:5", "--out", "m.mp4") == 0
    frames, seconds = ffmpeg.count_frames_and_secs("m.mp4")
    assert frames == 5 and seconds == pytest.approx(5 / 12, abs=0.1)
    assert [path.name for path in Path().iterdir()] == ["m.mp4"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["pendulum", "--out", "m.avi"], "`out` must end in .mp4 or .gif, but is m.avi"),
        (["pendulum", "--out", "m"], "`out` must end in .mp4 or .gif"),
        (["pendulum", "--out", "no/m.gif"], "`out` must be a file that can be written"),
        (["pendulum", "--out", "m.gif", "--frames", "1"], "`frames` must lie between 2 and"),
        (["pendulum", "--out", "m.gif", "--frames", "1e6"], "`frames` must lie between 2 and"),
        (["pendulum", "--out", "m.gif", "--frames", "3", "--times", "0,1"], "not be given together with `times`"),
        (["pendulum", "--out", "m.gif", "--times", "1"], "`times` must be 2 to"),
        (["pendulum", "--out", "m.gif", "--times", "1,0"], "`times` must increase"),
        (["henon-heiles", "--out", "m.gif"], "`problem` must have one degree of freedom to be drawn"),
        (["nothing", "--out", "m.gif"], "`problem` must be a built-in name or a TOML file"),
    ],
)
def test_what_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], args: list[str], message: str
) -> None:
    assert run(monkeypatch, *args) == 2
    out, err = capsys.readouterr()
    assert out == "" and message in err and err.count("\n") == 1
    assert list(Path().iterdir()) == []


@pytest.mark.slow
def test_one_bar_runs_once_from_start_to_end() -> None:
    seen: list[tuple[float, str]] = []
    problem = Problem.load("double-well").replace(h=0.25, tol=1e-2)
    movie(problem, "m.gif", times=[0.0, 0.25, 0.5], progress=lambda at, end, words: seen.append((at / end, words)))
    places = [place for place, _ in seen]
    assert places == sorted(places) and places[0] < 0.25 and places[-1] == 1.0
    evolving = [place for place, words in seen if "grid" in words or "levels" in words]
    assert min(evolving) < 0.25 < max(evolving) == 0.5  # both evolutions
    assert len(seen) - len(evolving) == 3  # one for each frame


def test_the_scale_of_a_frame_is_written_whole() -> None:
    """Every label lies in the picture, however small the difference; zero has no scale."""
    grid = PhaseGrid.box(h=0.5, x=(-3.0, 3.0), xi=(-3.0, 3.0), size=(32, 32))
    w = coherent(0, 0).symbol(grid)
    snapshots = [Snapshot(w, w * factor) for factor in (1.0, 1 - 4.4e-5, 0.5)]
    pictures = Pictures(snapshots)
    for snapshot, gap in zip(snapshots, ("", "8.8 × 10⁻⁵", "1.0"), strict=True):
        pictures.draw(snapshot, "t")
        renderer = pictures.figure.canvas.get_renderer()
        pictures.figure.draw(renderer)
        for bar in pictures.bars:
            labels = bar.ax.yaxis.get_majorticklabels()
            assert all(label.get_window_extent(renderer).x1 <= pictures.figure.bbox.x1 for label in labels)
        assert [label.get_text() for label in labels] == [f"−{gap}" if gap else "", "0", gap]


def halves(*factors: float, error: float = 0.0) -> list[Snapshot]:
    """A coherent state, and itself times each of `factors`."""
    grid = PhaseGrid.box(h=0.5, x=(-3.0, 3.0), xi=(-3.0, 3.0), size=(32, 32))
    w = coherent(0, 0).symbol(grid)
    return [Snapshot(w, w * factor, error) for factor in factors]


def levels(image: Any) -> np.ndarray:
    """The places of the colours of a picture in the palette."""
    known, seen = (colours.astype(int) @ [2**16, 2**8, 1] for colours in (palette(), np.asarray(image.get_array())))
    assert np.isin(seen, known).all()
    order = np.argsort(known)
    return order[np.searchsorted(known, seen, sorter=order)]


def test_what_may_be_error_alone_is_blank() -> None:
    """The picture itself: of a difference of 2e-3, blank at an error of 1e-3, and blank below twice that of 4e-4."""
    for error, most in ((0.0, BANDS), (1.1e-3, 0), (4e-4, BANDS)):
        (snapshot,) = halves(1 - 1e-3, error=error)
        assert snapshot.gap == pytest.approx(2e-3)
        pictures = Pictures([snapshot])
        pictures.draw(snapshot, "t")
        found = levels(pictures.images[2])
        found = found[found <= 2 * BANDS] - BANDS
        assert found.max() == most and found.min() == 0
        least = np.unique(np.abs(found))[1] if most else 0  # of a scale of 2e-3 in bands
        assert least == {0.0: 1, 1.1e-3: 0, 4e-4: 4}[error]
        assert ("(below " in pictures.axes[2].get_title()) == (most == 0)
    (snapshot,) = halves(1.0)
    noise = snapshot.quantum.like(np.random.default_rng(1).normal(size=(32, 32)) * 3e-15)
    noisy = replace(snapshot, classical=snapshot.classical + noise)
    images, _, gap = drawn(noisy, square_box_around([noisy]))
    assert gap == 0 and (images[2] == BANDS).all()


def test_one_scale_for_all_frames() -> None:
    snapshots = [
        replace(m, quantum=m.quantum * k, classical=m.classical * k)
        for m, k in zip(halves(0.5, 0.9), (1, 0.5), strict=True)
    ]
    tops: dict[bool, list[list[int]]] = {}
    for one in (False, True):
        pictures = Pictures(snapshots, one_scale=one)
        tops[one] = []
        for snapshot in snapshots:
            pictures.draw(snapshot, "t")
            seen = [levels(image) for image in pictures.images]
            tops[one].append([int(s[s <= 2 * BANDS].max()) - BANDS for s in seen])
            ends = [bar.ax.yaxis.get_majorticklabels()[-1].get_text() for bar in pictures.bars]
            if one:
                assert ends == ["2.0", "2.0", "1.0"]
    assert tops[False] == [[10, 5, 10], [10, 9, 10]]
    assert tops[True] == [[10, 5, 10], [5, 5, 1]]  # half as high; a difference of a tenth of the first


@pytest.mark.slow
def test_the_command_has_one_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(
        sys.modules["openweyl.report.movie"],
        "_film",
        lambda pictures, _m, path, *_: seen.append(pictures) or path.touch(),
    )
    for flag in ([], ["--one-scale"]):
        assert run(monkeypatch, "harmonic", *FAST, "--times", "0,0.1", "--out", "m.gif", *flag) == 0
    assert seen[0].scales is None and seen[1].scales is not None


@pytest.mark.parametrize(
    ("axis", "text"),
    [
        ("h", "$h$"), ("gamma", "$γ$"), ("omega_c", r"$ω_{\mathrm{c}}$"), ("k4", r"$k_{\mathrm{4}}$"),
        ("depth", "depth"), ("a_b_c", r"$a_{\mathrm{b\_c}}$"), ("a_", "a_"), ("a__b", r"$a_{\mathrm{\_b}}$"),
    ],
)  # fmt: skip
def test_every_name_of_a_parameter_can_be_a_title(axis: str, text: str) -> None:
    assert mathtext(axis) == text
    figure, _ = new_figure(1, 1, (2, 2))
    figure.suptitle(f"{mathtext(axis)} = 1")
    figure.canvas.draw()  # an odd name would be no mathematics to Matplotlib


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"[out#0/mp4 @ 0x5] Error writing trailer: No space left on device\n[out#0/mp4 @ 0x5] more\n",
         "Error writing trailer: No space left on device."),
        (b"", "It ended with 228."), (None, "It ended with 228."),
    ],
)  # fmt: skip
def test_what_ffmpeg_complains_of_is_one_line(
    said: bytes | None, reason: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        raise subprocess.CalledProcessError(228, ["ffmpeg"], None, said)

    monkeypatch.setattr(sys.modules["openweyl.report.movie"], "_film", fails)
    assert run(monkeypatch, "harmonic", *FAST, "--times", "0,0.1", "--out", "m.gif") == 2
    line = f"openweyl: Argument `out` must be a file that ffmpeg can write, but is m.gif. {reason}\n"
    assert capsys.readouterr() == ("", line) and list(Path().iterdir()) == []


def test_without_ffmpeg(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    assert run(monkeypatch, "pendulum") == 2
    assert "pip install 'openweyl[movie]'. Or write a .gif." in capsys.readouterr().err


@pytest.mark.slow
def test_an_old_movie_stays_if_the_new_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    target = Path("m.gif")
    target.write_bytes(b"old")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matplotlib.animation.PillowWriter.finish", full)
    problem = Problem.load("harmonic").replace(h=0.5, tol=1e-2)
    with pytest.raises(OSError, match="No space left on device"):
        movie(problem, target, times=[0.0, 0.5])
    assert target.read_bytes() == b"old" and list(Path().iterdir()) == [target]


# --- from Python


@pytest.fixture(scope="module")
def compared() -> Comparison:
    well = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=0.25, gamma=1.0)
    return compare(well, coherent(1, 0), [0.0, 0.3, 0.6], tol=1e-2, observables=["x"])


def frames_of(path: Path) -> list[np.ndarray]:
    with Image.open(path) as film:
        found = []
        for index in range(film.n_frames):
            film.seek(index)
            found.append(np.asarray(film.convert("RGB"), dtype=float))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("one_scale", [False, True])
def test_movies_of_results(compared: Comparison, one_scale: bool) -> None:
    for shown in (compared, compared.quantum):
        frames = frames_of(movie(shown, "m.gif", one_scale=one_scale))
        assert len(frames) == 3 and frames[0].std() > 10
        assert all(np.abs(a - b).mean() > 0.3 for a, b in pairwise(frames))


def test_movies_that_are_refused(compared: Comparison) -> None:
    refused(lambda: movie(compared, "m.avi"), "Argument `out` must end in .mp4 or .gif")
    refused(lambda: movie(5, "m.gif"), "Argument `shown` must be a Comparison, a Solution or a Problem")  # type: ignore[arg-type]
    refused(lambda: movie(compared, "m.gif", times=[0.0, 0.1]), "Argument `times` must be left out")
    refused(lambda: movie(5, 7), "Argument `out` must be a path")  # type: ignore[arg-type]
    one = evolve(compared.system, coherent(1, 0), [0.1], tol=1e-2)
    refused(lambda: movie(one, "m.gif"), "Argument `times` must be 2 to 2000 for a movie, but is 1.")
    assert list(Path().iterdir()) == []


@pytest.mark.slow
def test_results_in_folders(compared: Comparison) -> None:
    """The files of the commands, by one call."""
    certificate = certify(compared.system, coherent(1, 0), [0.1], order=1, tol=1e-2, observables=["x"])
    for result, names in (
        (compared, ["comparison.nc", "distances.png", "observables.png", "symbols.png"]),
        (certificate, ["certificate.nc", "certificate.png"]),
        (compared.quantum, ["solution.nc", "symbols.png", "observables.png"]),
        (certificate.solution, ["solution.nc", "symbols.png"]),
    ):
        written = save(result, "here")
        assert [path.name for path in written] == names and all(path.stat().st_size > 1000 for path in written)
        assert "time" in load(written[0]).dims
    assert load("here/comparison.nc").sizes["observable"] == 1
    refused(lambda: save(5, "here"), "Argument `result` must be a Comparison, a Certificate or a Solution")  # type: ignore[arg-type]
    refused(lambda: save(compared, ""), "Argument `folder` must name a folder")


def test_datasets_without_symbols(compared: Comparison) -> None:
    data = compared.quantum.to_xarray(symbols=False)
    assert set(data.data_vars) == {"quantum_error", "quantum_observed", "quantum_observed_error"}
    assert data.attrs["h"] == 0.25
