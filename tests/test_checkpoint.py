"""A run that was killed and goes on gives, bit for bit, what it would have given."""

import subprocess
import sys

import numpy as np
import pytest

from openweyl import InputError, System, coherent, compare, evolve
from openweyl.evolution import checkpoint, snapshot

WELL = "System('xi**2 + (x**2 - 1/2)**2', ['x', 'xi'], h=2**-4, gamma=0.3), coherent(1.0, 0.0), [0.3, 1.1, 2.0]"
WELL_SYSTEM, STATE = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2**-4, gamma=0.3), coherent(1.0, 0.0)
CASES = {
    "quantum": f"evolve({WELL}, tol=1e-5, checkpoint=file)",
    "bumps": "evolve(System('xi**2/2 - 0.3*cos(5*x)', ['x'], h=0.05, gamma=0.1), coherent(0.5, 0.0), [0.2, 2.5],"
    " tol=1e-5, checkpoint=file)",
    "pieces": "evolve(System('xi**2/2 + cos(x) + x*heaviside(sin(3*t))', ['x'], h=0.1, gamma=0.2), coherent(1.0, 0.0),"
    " [0.5, 2.0, 3.0], tol=1e-5, checkpoint=file)",
    "moving": "evolve(System('xi**2/2 + 0.3*sin(x)*sin(2*t)', ['x'], h=2**-7, gamma=0.1), coherent(0.0, 3.0),"
    " [1.0, 4.0], tol=1e-5, checkpoint=file)",
    "corrections": f"evolve({WELL}, tol=1e-4, kind='classical', order=2, checkpoint=file)",
    "mixed": "evolve(System('xi**2/2 + cos(x)*cos(xi)/4', ['x'], h=0.1, gamma=0.2), coherent(0.5, 0.2), [1.0, 4.0],"
    " tol=1e-5, checkpoint=file)",
    "observables": f"evolve({WELL}, tol=1e-5, observables=['x**2', 'tanh(x)'], kind='classical', checkpoint=file)",
    "fock": "evolve(System.from_operators('ad**2*a**2 + 0.5*(a + ad)', ['0.3*a'], h=1), coherent(2.0, 0.5), [0.5,"
    " 1.0, 6.0], tol=1e-7, observables=['ad*a'], checkpoint=file)",
}
"""Calls, whose file is `file`."""
DRIVER = """
import os, signal, sys
from openweyl import *
from openweyl.evolution import checkpoint, in_fock_space, snapshot
checkpoint.SAVE_EVERY = 0.0
checkpoint.RENEW_EVERY = snapshot.RENEW_EVERY = in_fock_space.RENEW_EVERY = 0.0
file, fatal, written = sys.argv[2], int(sys.argv[3]), 0
write = checkpoint.Checkpoint.write
def then_die(self):
    global written
    write(self)
    written += 1
    if written == fatal:
        os.kill(os.getpid(), signal.SIGKILL)
checkpoint.Checkpoint.write = then_die
result = eval(sys.argv[1])
import numpy as np
solutions = [result] if isinstance(result, Solution) else [result.quantum, result.classical]
arrays = {f"{i}-{j}": s.values for i, one in enumerate(solutions) for j, s in enumerate(one)}
for i, one in enumerate(solutions):
    arrays[f"{i}-errors"] = np.array([one.numerics.step_error, one.numerics.grid_error])
arrays |= {f"{i}-steps": [one.numerics.steps, one.numerics.rollbacks] for i, one in enumerate(solutions)}
for i, one in enumerate(solutions):
    for observation in one.observations:
        arrays[f"{i}-{observation.observable}"] = np.array([observation.times, observation.value, observation.error])
np.savez(sys.argv[4], **{key.replace("*", "x"): value for key, value in arrays.items()})
print(written)
"""


def driven(call, file, fatal, out):
    args = [sys.executable, "-c", DRIVER, call, str(file), str(fatal), str(out)]
    return subprocess.run(args, capture_output=True, text=True, timeout=300, check=False)


def check_resumed(call, folder, parts):
    """Kill a call at its writes, one process after another, and compare with one that was not killed."""
    whole, again = folder / "whole.npz", folder / "again.npz"
    done = driven(call, folder / "a", 0, whole)
    assert done.returncode == 0, done.stderr
    writes = int(done.stdout)
    assert writes >= parts
    assert not (folder / "a").exists()
    for part in range(parts):
        killed = driven(call, folder / "b", max(writes // (parts + 1), 1), again)
        assert killed.returncode == -9, (part, killed.stderr)
        assert (folder / "b").exists()
    rest = driven(call, folder / "b", 0, again)
    assert rest.returncode == 0, rest.stderr
    assert int(rest.stdout) < writes
    assert not (folder / "b").exists()
    with np.load(whole) as one, np.load(again) as other:
        assert set(one.files) == set(other.files)
        for name in one.files:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_killed_run_goes_on_bit_for_bit(name, tmp_path):
    check_resumed(CASES[name], tmp_path, parts=2)


@pytest.mark.slow
def test_both_evolutions_go_on_from_one_file(tmp_path):
    check_resumed(f"compare({WELL}, tol=1e-4, observables=['x'], checkpoint=file)", tmp_path, parts=3)


def test_checkpoints_change_results_by_round_off_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshot, "RENEW_EVERY", 0.0)
    monkeypatch.setattr(checkpoint, "SAVE_EVERY", 0.0)
    plain, kept = (evolve(WELL_SYSTEM, STATE, [0.5], tol=1e-3, checkpoint=file) for file in (None, tmp_path / "a"))
    assert kept.numerics.steps == plain.numerics.steps
    np.testing.assert_allclose(kept.final.values, plain.final.values, atol=1e-10)
    assert not list(tmp_path.iterdir())


def test_short_runs_write_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint.Checkpoint, "write", None)
    compare(WELL_SYSTEM, STATE, [0.2], tol=1e-3, checkpoint=tmp_path / "a")
    assert not list(tmp_path.iterdir())


class KilledError(Exception):
    """In place of a kill."""


@pytest.fixture
def left(tmp_path, monkeypatch):
    """A checkpoint that a call has left."""
    monkeypatch.setattr(snapshot, "RENEW_EVERY", 0.0)
    monkeypatch.setattr(checkpoint, "SAVE_EVERY", 0.0)
    write = checkpoint.Checkpoint.write

    def then_die(self):
        write(self)
        raise KilledError

    monkeypatch.setattr(checkpoint.Checkpoint, "write", then_die)
    with pytest.raises(KilledError):
        evolve(WELL_SYSTEM, STATE, [0.5], tol=1e-3, checkpoint=tmp_path / "a")
    monkeypatch.setattr(checkpoint.Checkpoint, "write", write)
    return tmp_path / "a"


def test_the_same_call_goes_on(left):
    seen = []
    evolve(WELL_SYSTEM, STATE, [0.5], tol=1e-3, checkpoint=left, progress=lambda t, *_: seen.append(t))
    whole = []
    evolve(WELL_SYSTEM, STATE, [0.5], tol=1e-3, progress=lambda t, *_: whole.append(t))
    assert len(seen) < len(whole)
    assert not left.exists()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"times": [0.6]}, "times"),
        ({"tol": 2e-3}, "tol"),
        ({"state": coherent(1.0, 0.1)}, "state"),
        ({"kind": "classical"}, "kind"),
        ({"observables": ["x"]}, "observables"),
        ({"watch_every": 0.1}, "watch_every"),
        ({"system": System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2**-4, gamma=0.31)}, "system"),
    ],
)
def test_checkpoints_of_other_calls_are_refused(change, word, left):
    before = left.read_bytes()
    with pytest.raises(InputError, match=f"`checkpoint` must be that of the same call.*Its {word} differs: delete it"):
        evolve(**{"system": WELL_SYSTEM, "state": STATE, "times": [0.5], "tol": 1e-3, "checkpoint": left} | change)
    assert left.read_bytes() == before


def test_checkpoints_of_another_version_are_refused(left, monkeypatch):
    monkeypatch.setattr(checkpoint, "version", lambda _: "0.0.9")
    with pytest.raises(InputError, match="Its openweyl differs"):
        evolve(WELL_SYSTEM, STATE, [0.5], tol=1e-3, checkpoint=left)


def test_damaged_checkpoints_are_refused(left):
    whole, rng = left.read_bytes(), np.random.default_rng(1)
    damaged = [whole[: len(whole) // 2], whole[:30], whole[:-1], whole + b"x"]
    damaged += [
        whole[:place] + bytes([whole[place] ^ (1 << int(rng.integers(8)))]) + whole[place + 1 :]
        for place in rng.integers(len(checkpoint.NAME), len(whole), 40)
    ]
    for content in damaged:
        left.write_bytes(content)
        with pytest.raises(InputError, match=r"must be a file as it was written.*damaged: delete it"):
            evolve(WELL_SYSTEM, STATE, [0.5], tol=1e-3, checkpoint=left)
        assert left.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"my notes", b"PK\x03\x04"])
def test_other_files_are_left_alone(content, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_bytes(content)
    with pytest.raises(InputError, match="something else, and stays as it is"):
        evolve(WELL_SYSTEM, STATE, [0.5], tol=1e-3, checkpoint=file)
    assert file.read_bytes() == content


@pytest.mark.parametrize("place", ["", " ", "missing/a", "/proc/none/a", 3, True, b"a", "a\0b"])
def test_places_that_cannot_be_written_are_refused(place, tmp_path):
    given = str(tmp_path / place) if place == "missing/a" else place
    with pytest.raises(InputError, match="Argument `checkpoint` must"):
        evolve(WELL_SYSTEM, STATE, [0.5], tol=1e-3, checkpoint=given)
    with pytest.raises(InputError, match="Argument `checkpoint` must"):
        compare(WELL_SYSTEM, STATE, [0.5], tol=1e-3, checkpoint=given)


def test_what_a_user_watches_cannot_go_on(tmp_path):
    with pytest.raises(InputError, match="together with `watch`"):
        evolve(WELL_SYSTEM, STATE, [0.5], checkpoint=tmp_path / "a", watch=lambda t, w: None)


def test_the_command_refuses_in_one_line(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("my notes")
    args = [sys.executable, "-m", "openweyl", "compare", "double-well", "--checkpoint", str(file), "--json"]
    done = subprocess.run(args, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("openweyl: Argument `checkpoint` must be a new file, or a checkpoint, but is")
    assert file.read_text() == "my notes"
