"""Blocks of particles: seeded one by one, run wherever there is a worker, kept as soon as they are finished.

A block's random numbers come from the seed and the block's number alone, so a result does not depend on how many
workers there were, and a call that was killed goes on where it stopped.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from openweyl._core.arguments import ResourceError, fail
from openweyl._core.progress import Progress
from openweyl._core.workers import MAX_DEATHS, Pool
from openweyl.evolution.pace import in_words
from openweyl.files.atomic import output_folder, writing
from openweyl.model.states import State
from openweyl.model.system import System

from .forecast import Forecast
from .initial import Start
from .motion import Motion
from .particles import Block, run_block
from .streams import Stream

BLOCK_BYTES = 2**19
"""Bytes of one matrix for each particle of a block: a few of them fit into the cache of a core."""
SMALLEST_BLOCK, LARGEST_BLOCK = 8, 256
"""Particles of a block: fewer are slow, as each step has some hundred calls; of more, workers could not share."""
ARRAYS = ("z", "C", "quantum", "classical", "missed", "uneven")
"""What a file of a block holds, beside its number of steps."""


@dataclass(frozen=True)
class Plan:
    """What all blocks share."""

    motion: Motion
    start: Start
    times: tuple[float, ...]
    seed: int
    lag: float
    tol: float

    @cached_property
    def block_size(self) -> int:
        """Particles of a whole block."""
        return int(np.clip(BLOCK_BYTES // (32 * self.motion.hamiltonian.n**2), SMALLEST_BLOCK, LARGEST_BLOCK))

    def counts(self, particles: int) -> list[int]:
        """The particles of each block."""
        whole, rest = divmod(particles, self.block_size)
        return [self.block_size] * whole + [rest] * (rest > 0)

    def key(self, system: System, state: State) -> dict[str, Any]:
        """What a store of blocks is known by: all that their numbers depend on."""
        parts = (self.start.weights, self.start.z, self.start.C)
        start = sha256(b"".join(part.tobytes() for part in parts)).hexdigest()
        return {
            "openweyl": version("openweyl"),
            "system": system.as_dict(),
            "state": str(state),
            "start": start,
            "times": list(self.times),
            "seed": self.seed,
            "tol": self.tol,
            "lag": self.lag,
            "library": self.motion.library,
        }


class BlockStore:
    """A folder with one file for each finished block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @staticmethod
    def open(path: str | Path, key: dict[str, Any]) -> BlockStore:
        """The store at `path`, made if there is none. Raises InputError if it is that of another call."""
        folder = output_folder(path)
        folder.mkdir(parents=True, exist_ok=True)
        about = folder / "ensemble.json"
        if about.exists():
            try:
                found = json.loads(about.read_text())
            except (OSError, ValueError):
                found = None
            wanted = json.loads(json.dumps(key))
            if found != wanted:
                known = found if isinstance(found, dict) else {}
                names = [name for name in wanted if known.get(name) != wanted[name]]
                verb = "differs" if len(names) == 1 else "differ"
                advice = f"Its {', '.join(names)} {verb}: take another folder (on the command line, another --out)."
                raise fail("store", "hold blocks of the same call", str(path), advice)
        elif any(folder.iterdir()):
            raise fail("store", "be a new or empty folder, or one that `sample` made", str(path))
        else:
            with writing(about) as file:
                file.write_text(json.dumps(key))
        return BlockStore(folder)

    def load(self, number: int, count: int) -> Block | None:
        """The block of this number and size, or None if it is not there, or damaged."""
        try:
            with self._file(number, count).open("rb") as whole, np.load(whole, allow_pickle=False) as file:
                arrays = {name: file[name] for name in ARRAYS}
                return Block(**arrays, steps=int(file["steps"]))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error):
            return None

    def save(self, number: int, count: int, block: Block) -> None:
        """Keep the block: it is there whole, or not at all."""
        with writing(self._file(number, count)) as path, path.open("wb") as file:
            np.savez(file, steps=block.steps, **{name: getattr(block, name) for name in ARRAYS})

    def _file(self, number: int, count: int) -> Path:
        return self.folder / f"block-{number:06d}-of-{count}.npz"


def run_blocks(
    plan: Plan, particles: int, pool: Pool, store: BlockStore | None, *, time_limit: float, progress: Progress | None
) -> list[Block]:
    """All blocks of `particles` particles in their order; those in `store` are not run again."""
    counts = plan.counts(particles)
    found: dict[int, Block] = {}
    for number, count in enumerate(counts):
        kept = None if store is None else store.load(number, count)
        if kept is not None:
            found[number] = kept
    waiting = [number for number in range(len(counts)) if number not in found]
    began, total = time.monotonic(), len(waiting)
    running: dict[Future[Block], int] = {}
    deaths: dict[int, int] = {}
    while waiting or running:
        while waiting and len(running) < pool.slots():
            number = waiting.pop(0)
            share = time_limit * pool.slots() / max(total, pool.slots())
            tell = _teller(len(found), len(counts), progress) if pool.at_once else None
            running[pool.executor.submit(_run, plan, number, counts[number], share, tell)] = number
        for future in wait(running, 1.0, FIRST_COMPLETED).done:
            number = running.pop(future)
            try:
                block = future.result()
            except BrokenExecutor:
                deaths[number] = deaths.get(number, 0) + 1
                if not pool.replaces or deaths[number] >= MAX_DEATHS:
                    raise ResourceError(
                        "A worker process died: killed, out of memory, or started by a script whose calls do not stand "
                        'below `if __name__ == "__main__":`, which new processes need.'
                    ) from None
                waiting.insert(0, number)
                continue
            found[number] = block
            if store is not None:
                store.save(number, counts[number], block)
        if (error := pool.trouble()) is not None:
            raise error
        if progress is not None and not pool.at_once:
            progress(len(found) / len(counts), 1.0, f"{sum(counts[k] for k in found)} of {particles} particles")
        if time.monotonic() - began > time_limit:
            raise ResourceError(
                f"`time_limit`, {in_words(time_limit)}, is over. Finished blocks are kept in `store`.", kind="time"
            )
    return [found[number] for number in range(len(counts))]


def _teller(done: int, of: int, progress: Progress | None) -> Callable[[float], None] | None:
    """A function of the part of a block that is done, which tells of all blocks."""
    if progress is None:
        return None
    return lambda part: progress((done + part) / of, 1.0, f"block {done + 1} of {of}")


def _run(plan: Plan, number: int, count: int, seconds: float, tell: Callable[[float], None] | None) -> Block:
    """One block, on a worker; refused if by forecast it takes longer than `seconds`."""
    forecast = Forecast(plan.times[-1], seconds, f"A block of {count} particles", "take fewer particles, ")

    def reached(t: float) -> None:
        forecast.reached(t)
        if tell is not None:
            tell(t / plan.times[-1])

    seed = Stream.BLOCK.of(plan.seed, number)
    return run_block(plan.motion, plan.start, plan.times, count, seed, lag=plan.lag, tol=plan.tol, tell=reached)
