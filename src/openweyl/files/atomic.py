"""Files of ours: there whole or not at all, and refused before the work starts if they cannot be written."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from openweyl._core.arguments import fail, must

try:
    import fcntl
except ImportError:  # Windows: what killed calls leave stays
    fcntl = None  # type: ignore[assignment]

UNFINISHED = ".unfinished-"
"""What the names of files begin with that are being written."""
_LEFT = re.compile(rf"{re.escape(UNFINISHED)}\d+-.+")


def output_folder(path: str | Path) -> Path:
    """The folder `path`, found to be one that can be made and written; what is on disk stays as it was.

    Raises InputError if that is not possible.
    """
    folder = Path(path)
    missing: list[Path] = []
    try:
        missing += [p for p in (folder, *folder.parents) if not p.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise fail("out", "be a folder that can be written", str(folder), f"{error.strerror}.") from None
    finally:
        for made in missing:
            with suppress(OSError):
                made.rmdir()
    return folder


def output_file(path: str | Path) -> Path:
    """The file `path`, found to be one that can be written; what is on disk stays as it was.

    Raises InputError if that is not possible.
    """
    target = Path(path)
    must(target.name != "" and not target.is_dir(), "out", "be a file, not a folder", str(path))
    try:
        tried = _unfinished(target)
        tried.touch()
        tried.unlink()
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        reason = f"{error.strerror}." if isinstance(error, OSError) else ""
        raise fail("out", "be a file that can be written", str(target), reason) from None
    return target


@contextmanager
def writing(target: Path) -> Iterator[Path]:
    """The name under which to write what becomes `target` if nothing is raised: no reader sees half a file.

    What killed calls have left of the same file goes first. An OSError names `target`.
    """
    tidy(target.parent, target.name)
    with unfinished(target) as path:
        yield path
        path.replace(target)


@contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """A new file beside `target`, locked as long as the block lasts, and removed if it is still there then."""
    path = _unfinished(target)
    handle = None
    try:
        handle = _locked(path, os.O_RDWR | os.O_CREAT)
        yield path
    except OSError as error:
        if error.filename is None or error.filename == str(path):
            raise OSError(error.errno, error.strerror, str(target)) from None
        raise
    finally:
        with suppress(OSError):
            if handle is None or os.path.samestat(os.fstat(handle), path.stat()):  # else another thread's by now
                path.unlink(missing_ok=True)
        if handle is not None:
            os.close(handle)


@contextmanager
def unfinished_folder(target: Path) -> Iterator[Path]:
    """A new folder beside `target`, likewise."""
    made, handle = None, None
    try:
        while handle is None:
            made = Path(
                tempfile.mkdtemp(dir=target.parent, prefix=f"{UNFINISHED}{os.getpid()}-", suffix=f"-{target.name}")
            )
            if fcntl is None:
                break
            handle = _locked(made, os.O_RDONLY)
        assert made is not None  # noqa: S101
        yield made
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def tidy(folder: Path, name: str = "") -> None:
    """Remove the unfinished files, and folders, of `name` (or all) in `folder` whose writers are gone: the lock that
    each holds is the kernel's, and ends with the process. No clock and no process number is asked.
    """
    if fcntl is None:
        return
    try:
        left = [entry for entry in folder.iterdir() if _LEFT.fullmatch(entry.name) and entry.name.endswith(name)]
    except OSError:
        return
    for path in left:
        with suppress(OSError):
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
            finally:
                os.close(handle)


def _locked(path: Path, flags: int) -> int | None:
    """A handle of `path` that holds its lock; None if it is gone, or where there are no such locks."""
    if fcntl is None:
        return None
    while True:
        handle = os.open(path, flags, 0o666)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            if os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        except FileNotFoundError:  # somebody took it for what a killed call had left, before it was locked
            pass
        os.close(handle)
        if not flags & os.O_CREAT:
            return None


def _unfinished(target: Path) -> Path:
    return target.with_name(f"{UNFINISHED}{os.getpid()}-{target.name}")
