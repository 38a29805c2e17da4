"""Files that are written completely or not at all, and whose names are checked before the work starts."""

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
except ImportError:  # Windows has no such locks: files of killed calls stay
    fcntl = None  # type: ignore[assignment]

UNFINISHED = ".unfinished-"
"""The beginning of the names of files that are being written."""
_LEFT = re.compile(rf"{re.escape(UNFINISHED)}\d+-.+")


def output_folder(path: str | Path) -> Path:
    """The folder `path`, after a test that it can be made and written; nothing on disk is changed.

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


def output_file(path: str | Path, name: str = "out") -> Path:
    """The file `path`, the argument `name`, after a test that it can be written; nothing on disk is changed.

    Raises InputError if that is not possible.
    """
    target = Path(path)
    must(target.name != "" and not _is_folder(target), name, "be a file, not a folder", str(path))
    try:
        tried = _unfinished(target)
        tried.touch()
        tried.unlink()
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        reason = f"{error.strerror}." if isinstance(error, OSError) else ""
        raise fail(name, "be a file that can be written", str(target), reason) from None
    return target


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long, which no file has either
        return False


@contextmanager
def writing(target: Path) -> Iterator[Path]:
    """The path of a file to write, which becomes `target` if nothing is raised: no reader sees half a file.

    Unfinished files of killed calls for the same target are removed first. An OSError names `target`.
    """
    tidy(target.parent, target.name)
    with unfinished(target) as path:
        yield path
        path.replace(target)


@contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """A new file beside `target`, locked as long as the block lasts, and removed at its end unless it was renamed."""
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
            if handle is None or os.path.samestat(
                os.fstat(handle), path.stat()
            ):  # else the name is another thread's by now
                path.unlink(missing_ok=True)
        if handle is not None:
            os.close(handle)


@contextmanager
def unfinished_folder(target: Path) -> Iterator[Path]:
    """A new folder beside `target`, locked as long as the block lasts, and removed at its end unless it was renamed."""
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
    """Remove the unfinished files, and folders, of `name` (or all) in `folder` whose processes have ended.

    Each holds a lock of the operating system, which ends with its process; times and process numbers are not used.
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
        except FileNotFoundError:  # `tidy` of another process removed it before it was locked
            pass
        os.close(handle)
        if not flags & os.O_CREAT:
            return None


def _unfinished(target: Path) -> Path:
    return target.with_name(f"{UNFINISHED}{os.getpid()}-{target.name}")
