"""Files of ours: there whole or not at all, and refused before the work starts if they cannot be written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ._check import fail, must


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
        unfinished = _unfinished(target)
        unfinished.touch()
        unfinished.unlink()
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        reason = f"{error.strerror}." if isinstance(error, OSError) else ""
        raise fail("out", "be a file that can be written", str(target), reason) from None
    return target


@contextmanager
def writing(target: Path) -> Iterator[Path]:
    """The name under which to write what becomes `target` if nothing is raised: no reader sees half a file."""
    unfinished = _unfinished(target)
    try:
        yield unfinished
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _unfinished(target: Path) -> Path:
    return target.with_name(f".unfinished-{os.getpid()}-{target.name}")
