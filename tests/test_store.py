"""Files are there whole or not at all, come back as they were, and are told from those of others."""

from __future__ import annotations

import errno
import gc
import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr

from openweyl import InputError, System, coherent, evolve
from openweyl.files.atomic import output_folder, writing
from openweyl.files.netcdf import load, save

GRAMMAR = re.compile(r"Argument `(path|out)` must .+, but is .+\.")


@pytest.fixture(scope="module")
def dataset() -> xr.Dataset:
    system = System("xi**2/2 + x**2/2", ["x", "xi"], h=0.5, gamma=1.0)
    return evolve(system, coherent(0.5, 0), [0.0, 0.25], kind="quantum", tol=1e-3).to_xarray()


def refused(function: Callable[..., Any], *args: Any) -> str:
    """The message of the InputError that the call raises, checked for the grammar."""
    with pytest.raises(InputError) as caught:
        function(*args)
    message = str(caught.value)
    assert message.isprintable() and GRAMMAR.fullmatch(message) and len(message) < 400, message
    return message


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_saved_comes_back(dataset: xr.Dataset, tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    assert save(dataset, path) == path
    xr.testing.assert_identical(load(path), dataset)
    xr.testing.assert_identical(load(str(path)), dataset)
    assert names(tmp_path) == ["run.nc"]


@pytest.mark.slow
def test_damage_is_found_before_anything_is_read(
    dataset: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the checksum some of these come back with other numbers, and one in a few hundred never comes back."""
    unheard: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", unheard.append)
    whole = save(dataset, tmp_path / "whole.nc").read_bytes()
    path, random = tmp_path / "run.nc", np.random.default_rng(0)
    for j in range(8):
        content = bytearray(whole)
        for place in random.integers(len(content), size=1 + j % 4):
            content[place] ^= 1 << int(random.integers(8))
        path.write_bytes(content)
        refused(load, path)
        path.write_bytes(whole[: random.integers(len(whole))])  # the checksum is gone, and HDF5 has a look
        refused(load, path)
    assert not unheard  # no traceback beside the line
    path.write_bytes(whole)
    xr.testing.assert_identical(load(path), dataset)


def test_files_that_others_made_of_ours_are_read(dataset: xr.Dataset, tmp_path: Path) -> None:
    load(save(dataset, tmp_path / "run.nc")).isel(time=[0]).to_netcdf(tmp_path / "part.nc", engine="h5netcdf")
    xr.testing.assert_identical(load(tmp_path / "part.nc"), dataset.isel(time=[0]))


def test_the_file_is_netcdf_that_others_can_read(dataset: xr.Dataset, tmp_path: Path) -> None:
    with h5py.File(save(dataset, tmp_path / "run.nc")) as file:
        assert np.array_equal(file["quantum"][()], dataset["quantum"].values)
        assert file.attrs["h"] == 0.5 and "Weyl" in str(file.attrs["conventions"])
        assert "DIMENSION_LIST" in file["quantum"].attrs
    assert (tmp_path / "run.nc").stat().st_mode & 0o777 == 0o644


def test_the_folder_is_made_and_an_older_file_replaced(dataset: xr.Dataset, tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "run.nc"
    save(dataset.isel(time=[0]), path)
    save(dataset, path)
    assert load(path).sizes["time"] == 2
    assert names(path.parent) == ["run.nc"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    dataset: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(dataset.isel(time=[0]), tmp_path / "run.nc")
    before = path.read_bytes()

    def full(self: Path, target: Path) -> None:
        assert self.stat().st_size > 1000  # the content was there, under another name
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        save(dataset, path)
    assert path.read_bytes() == before
    assert names(tmp_path) == ["run.nc"]


def test_an_interrupt_leaves_nothing(dataset: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save(dataset, tmp_path / "run.nc")
    assert names(tmp_path) == []


FULL_DISK = """
import resource, sys, numpy, xarray
from openweyl.files.netcdf import save
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    save(xarray.Dataset({"a": ("x", numpy.arange(1e5))}), "run.nc")
except OSError as error:
    sys.exit(error.errno)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for a limit on the size of files")
def test_a_full_disk_is_an_error_and_no_crash(tmp_path: Path) -> None:
    # HDF5 would crash as the interpreter ends: its file could not be closed.
    done = subprocess.run([sys.executable, "-c", FULL_DISK], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (errno.EFBIG, b"")
    assert names(tmp_path) == []


# --- files of others ---


def _hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["a"] = np.ones((3, 3))


def _odd_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["a"] = h5py.Empty("f")


def _odd_times(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["time"] = np.arange(3)
        file["time"].attrs["units"] = "days since never"


def _netcdf(path: Path) -> None:
    xr.Dataset({"a": ("x", [1.0, 2.0])}, attrs={"h": 0.5}).to_netcdf(path, engine="h5netcdf")


def _truncated(path: Path) -> None:
    _netcdf(path)
    path.write_bytes(path.read_bytes()[:3000])


@pytest.mark.parametrize(
    "make",
    [
        lambda path: None,
        lambda path: path.mkdir(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"h = 1\n"),
        lambda path: path.write_bytes(bytes(range(256)) * 100),
        lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 50),
        lambda path: path.symlink_to(path),
        _hdf5,
        _odd_hdf5,
        _odd_times,
        _netcdf,
        _truncated,
    ],
    ids=["none", "folder", "empty", "text", "binary", "header", "loop", "hdf5", "odd", "times", "netcdf", "cut"],
)
def test_files_that_are_not_ours(make: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make(Path("theirs.nc"))
    assert "be a netCDF file written by openweyl, but is theirs.nc. " in refused(load, "theirs.nc")


@pytest.mark.parametrize("path", ["a\0.nc", "q" * 5000, "two\nlines.nc"])
def test_paths_that_cannot_be(path: str) -> None:
    refused(load, path)


# --- the folder for results ---


def test_a_folder_is_tried_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for folder in (tmp_path / "new" / "er", tmp_path / "there", tmp_path / "there" / "new"):
        assert output_folder(folder) == output_folder(str(folder)) == folder
    assert [p.name for p in tmp_path.rglob("*")] == ["there"]


def test_folders_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "file" / "gone")
    for bad, why in (
        (tmp_path / "file", "File exists."),
        (tmp_path / "file" / "deeper" / "still", "Not a directory."),
        (tmp_path / "new" / ("q" * 300), "File name too long."),
        (tmp_path / "link", ""),
    ):
        assert refused(output_folder, bad).endswith(why)
    assert names(tmp_path) == ["file", "link"]
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert refused(output_folder, tmp_path / "new").endswith("Permission denied.")
    finally:
        tmp_path.chmod(0o700)


def damaged(content: bytes, way: str, random: np.random.Generator) -> bytes:
    """`content` with one kind of damage at a place by chance."""
    at, length = int(random.integers(len(content))), int(random.integers(1, 4096))
    if way == "cut":
        return content[:at]
    if way == "bit":
        return content[:at] + bytes([content[at] ^ 1 << int(random.integers(8))]) + content[at + 1 :]
    if way == "zeros":
        at = min(at, len(content) - length - 100)  # not in the seal alone
        return content[:at] + bytes(length) + content[at + length :]
    if way == "noise":
        return content[:at] + random.bytes(length) + content[at + length :]
    return content[:at] + bytes(length) + content[at:]


@pytest.mark.parametrize("way", ["cut", "bit", "zeros", "noise", "longer"])
def test_damage_is_told_in_one_line_and_nothing_else(
    dataset: xr.Dataset, tmp_path: Path, way: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """HDF5 alone reads wrong numbers from many of these, complains by a traceback of others, and hangs on some."""
    path = save(dataset, tmp_path / "run.nc")
    content, random = path.read_bytes(), np.random.default_rng(5)
    tried = 0
    while tried < 6:
        path.write_bytes(damaged(content, way, random))
        if path.read_bytes() != content:  # zeros may be what was there
            refused(load, path)
            tried += 1
    gc.collect()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "content", [b"", b"hello", bytes(5000), b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + bytes(5000)]
)
def test_other_files_are_told_in_one_line_and_nothing_else(
    tmp_path: Path, content: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run.nc").write_bytes(content)
    refused(load, tmp_path / "run.nc")
    gc.collect()
    assert capfd.readouterr() == ("", "")


def test_what_another_program_changed_is_read_as_it_is(dataset: xr.Dataset, tmp_path: Path) -> None:
    """Programs that write drop the seal: the end of the file is theirs."""
    path = save(dataset, tmp_path / "run.nc")
    with h5py.File(path, "a") as file:
        file.attrs["note"] = "mine"
        file["extra"] = np.arange(1000.0)
    assert load(path).attrs["note"] == "mine"
    load(path).to_netcdf(path, engine="h5netcdf")
    assert load(path).attrs["note"] == "mine"


HOLD = """
import sys, time
from pathlib import Path
from openweyl.files.atomic import unfinished, unfinished_folder
held = unfinished_folder if sys.argv[1] == "folder" else unfinished
with held(Path("run.nc")) as path:
    (path / "part" if path.is_dir() else path).write_text("half")
    print(path, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_call_leaves_goes_with_the_next(tmp_path: Path, kind: str) -> None:
    """And what a living one is writing stays, whatever its name says of the process."""
    command = [sys.executable, "-c", HOLD, kind]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        left = tmp_path / process.stdout.readline().strip()
        (tmp_path / ".unfinished-1-run.nc").write_text("left by a process whose number is another's now")
        (tmp_path / ".unfinished-mine").write_text("not ours")
        with writing(tmp_path / "run.nc") as path:
            assert names(tmp_path) == sorted([path.name, left.name, ".unfinished-mine"])
            path.write_text("whole")
        process.kill()
    assert left.exists()
    with writing(tmp_path / "run.nc") as path:
        assert not left.exists()
        path.write_text("again")
    assert names(tmp_path) == [".unfinished-mine", "run.nc"] and (tmp_path / "run.nc").read_text() == "again"


def test_an_error_while_writing_names_the_file(tmp_path: Path) -> None:
    target = tmp_path / "run.nc"
    for error in (
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.ENOTDIR, "x", str(tmp_path / "other")),
    ):
        with pytest.raises(OSError, match=re.escape(str(error.strerror))) as caught, writing(target):
            raise error
        assert caught.value.filename == (error.filename or str(target))
    with pytest.raises(FileNotFoundError) as missing, writing(tmp_path / "no" / "run.nc"):
        pass
    assert missing.value.filename == str(tmp_path / "no" / "run.nc") and names(tmp_path) == []


def test_two_threads_that_write_one_file_write_one_after_the_other(tmp_path: Path) -> None:
    def write(text: str) -> None:
        with writing(tmp_path / "a") as path:
            path.write_text(text * 10_000)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, "abcdefghijklmnop"))
    assert names(tmp_path) == ["a"] and len(set((tmp_path / "a").read_text())) == 1
