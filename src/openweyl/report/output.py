"""Files of ours: there whole or not at all, and refused before the work starts if they cannot be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openweyl._check import fail, must

_WHAT = "be a file that can be written"


def writable(path: str | Path) -> Path:
    """`path` as one that a file can be written to; what is on disk stays as it was."""
    with _refusing(target := Path(path)):
        must(target.name != "" and not target.is_dir(), "out", "be a file, not a folder", str(path))
        unfinished = _unfinished(target)
        unfinished.touch()
        unfinished.unlink()
    return target


@contextmanager
def writing(target: Path) -> Iterator[Path]:
    """The name under which to write what becomes `target`, if nothing is raised."""
    unfinished = _unfinished(target)
    with _refusing(target):
        try:
            yield unfinished
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)


def _unfinished(target: Path) -> Path:
    return target.with_name(f".unfinished-{target.name}")


@contextmanager
def _refusing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise fail("out", _WHAT, str(target), f"{error.strerror or error}.") from None
    except ValueError as error:  # a name with a null character; InputError is one too
        if "null" not in str(error):
            raise
        raise fail("out", _WHAT, str(target)) from None
