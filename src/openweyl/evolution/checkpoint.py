"""Checkpoints: files from which a call that was killed goes on, with the numbers that it would have had.

A file holds a line that says what it is, the SHA-256 of the rest, and an archive of arrays (npz, without pickles), one
of which is a text, JSON, for all that is no array. It is replaced as a whole, so that a kill leaves the one before.

What a run is made of anew when it goes on (factors of steps, scales of formulas) differs from what it has kept by
round-off. So a run that writes checkpoints makes it anew at set places, which its work decides and not the clock, and
writes only there: it is the same run with a kill and without.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import IO, Any
from zipfile import BadZipFile

import numpy as np

from openweyl._core.arguments import InputError, fail, must
from openweyl.files.atomic import output_file, writing
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.phase_space.grid_function import GridFunction

FORMAT = 1
"""Raised whenever what is written changes."""
NAME = b"openweyl checkpoint\n"
"""The first bytes of a file."""
SAVE_EVERY = 60.0
"""Seconds between two checkpoints: a kill costs little more than a minute, and writing takes a small part of one."""
RENEW_EVERY = 10.0
"""Seconds, by counted work, between two places where a run may be written: making anew takes a fraction of one."""
DONE = "done"
"""In place of the method, of a run that is."""
TEXT, ARRAY = "text", "array"
"""The name of the text in the archive; the key that stands in it for an array."""
CHUNK = 2**20
"""Bytes that are read at once for the hash."""


class Checkpoint:
    """The file of one call, known by its `key`; `parts`: what is written of each of its runs, by their names."""

    def __init__(self, path: Path, key: dict[str, Any], parts: dict[str, Any]) -> None:
        self.path, self.key, self.parts = path, key, parts
        self.saved = monotonic()

    @staticmethod
    def open(path: str | Path, key: dict[str, Any]) -> Checkpoint:
        """That of the file `path`, which is read if it is there. Raises InputError for any that is of no use."""
        must(isinstance(path, (str, Path)) and str(path).strip() != "", "checkpoint", "name a file", path)
        file = output_file(path, "checkpoint")
        key = json.loads(json.dumps({"format": FORMAT, "openweyl": version("openweyl")} | key))
        if not file.exists():
            return Checkpoint(file, key, {})
        must(file.is_file(), "checkpoint", "be a file", path)  # a pipe would never answer
        known, parts = _read(file)
        if known != key:
            names = [name for name in key if known.get(name) != key[name]]
            advice = f"Its {', '.join(names)} {'differs' if len(names) == 1 else 'differ'}: delete it, or name another."
            raise fail("checkpoint", "be that of the same call", str(path), advice)
        return Checkpoint(file, key, parts)

    @property
    def due(self) -> bool:
        """Whether it is time to write."""
        return monotonic() - self.saved >= SAVE_EVERY

    def write(self) -> None:
        """Write all parts."""
        arrays: list[np.ndarray] = []

        def plain(value: Any) -> Any:
            if isinstance(value, np.ndarray):
                arrays.append(value)
                return {ARRAY: len(arrays) - 1}
            if isinstance(value, np.generic):
                return value.item()
            raise TypeError(type(value))

        text = json.dumps({"key": self.key, "parts": self.parts}, default=plain).encode()
        with writing(self.path) as path, path.open("wb+") as file:
            file.write(NAME + bytes(sha256().digest_size))
            named = {f"{ARRAY}{j}": array for j, array in enumerate(arrays)}
            np.savez(file, **{TEXT: np.frombuffer(text, np.uint8)}, **named)  # type: ignore[arg-type]
            digest = _digest_of_rest(file)
            file.seek(len(NAME))
            file.write(digest)
        self.saved = monotonic()

    def remove(self) -> None:
        """Remove the file: the call is done."""
        self.path.unlink(missing_ok=True)


class Part:
    """One run's part of a checkpoint. alone: it is the only one, and the file goes when the run is done."""

    def __init__(self, checkpoint: Checkpoint, name: str, *, alone: bool = False) -> None:
        self.checkpoint, self.name, self.alone = checkpoint, name, alone
        self.found: dict[str, Any] | None = checkpoint.parts.get(name)
        self.watched: list[Any] = self.found["watched"] if self.found and "watched" in self.found else []
        """What was read off the run so far: its observer's own list."""
        self.started, self.earlier = monotonic(), float(self.found["seconds"]) if self.found else 0.0

    @property
    def method(self) -> str | None:
        """The method of the run to go on with, DONE if it is; None if there is none."""
        return self.found["method"] if self.found else None

    @property
    def result(self) -> dict[str, Any]:
        """The facts of a run that is done."""
        return self.found["result"] if self.found else {}

    @property
    def due(self) -> bool:
        """Whether it is time to write."""
        return self.checkpoint.due

    @property
    def seconds(self) -> float:
        """What the run has taken, in all calls."""
        return self.earlier + monotonic() - self.started

    def take(self, method: str) -> dict[str, Any] | None:
        """What is known of a run by this method, once: a run that begins again begins at time 0."""
        if self.found is None or self.method != method:
            return None
        found, self.found = self.found, None
        return found

    def keep(self, method: str, state: dict[str, Any]) -> None:
        """Write this state of a run, and what was read off it so far."""
        known = {"method": method, "seconds": self.seconds, "watched": self.watched}
        self.checkpoint.parts[self.name] = known | state
        self.checkpoint.write()

    def finish(self, state: dict[str, Any]) -> None:
        """The run is done: remove the file, or keep `state`, its result, if others follow and it took its time."""
        if self.alone:
            self.checkpoint.remove()
        elif self.method != DONE and (self.checkpoint.path.exists() or self.seconds >= SAVE_EVERY):
            self.keep(DONE, {"result": state})


def digest(state: State) -> str:
    """What a state is known by: a hash of all that it is made of."""
    hashed = sha256()

    def add(value: Any) -> None:
        hashed.update(type(value).__name__.encode())
        if isinstance(value, np.ndarray):
            hashed.update(f"{value.dtype}{value.shape}".encode() + np.ascontiguousarray(value).tobytes())
        elif isinstance(value, GridFunction):
            add((np.asarray(value.values), value.grid))
        elif is_dataclass(value) and not isinstance(value, type):
            add(tuple(getattr(value, field.name) for field in fields(value)))
        elif isinstance(value, (tuple, list)):
            hashed.update(str(len(value)).encode())
            for one in value:
                add(one)
        else:
            hashed.update(repr(value).encode())

    add(state)
    return hashed.hexdigest()


def key_of(
    system: System, state: State, times: tuple[float, ...], tol: float, observables: list[str], **more: Any
) -> dict[str, Any]:
    """All that the numbers of a run depend on."""
    own = {"system": system.as_dict(), "state": digest(state), "times": list(times), "tol": tol}
    return own | {"observables": observables} | more


def _digest_of_rest(file: IO[bytes]) -> bytes:
    """The hash of what follows the place for it."""
    file.seek(len(NAME) + sha256().digest_size)
    hashed = sha256()
    while chunk := file.read(CHUNK):
        hashed.update(chunk)
    return hashed.digest()


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The key and the parts of a file. Raises InputError if it is no checkpoint, or damaged."""
    try:
        with path.open("rb") as file:
            if file.read(len(NAME)) != NAME:
                advice = "This one is something else, and stays as it is: name another."
                raise fail("checkpoint", "be a new file, or a checkpoint", str(path), advice)
            wanted = file.read(sha256().digest_size)
            if _digest_of_rest(file) != wanted:
                raise ValueError(path)
            file.seek(len(NAME) + len(wanted))
            with np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
        text = arrays.pop(TEXT).tobytes()
        whole = json.loads(text, object_hook=lambda d: arrays[f"{ARRAY}{d[ARRAY]}"] if set(d) == {ARRAY} else d)
        return whole["key"], whole["parts"]
    except OSError as error:
        raise fail("checkpoint", "be a file that can be read", str(path), f"{error.strerror}.") from None
    except InputError:
        raise
    except (KeyError, TypeError, EOFError, BadZipFile, ValueError):
        advice = "It is damaged: delete it to begin again."
        raise fail("checkpoint", "be a file as it was written", str(path), advice) from None
