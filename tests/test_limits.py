"""The memory that is spare: of the machine, of a process with a limit, of a container."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from openweyl._core.limits import _group_memory

MIB = 2**20


def group(folder: Path, names: tuple[str, str], limit: str, used: int, stat: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in zip((*names, "memory.stat"), (limit, str(used), stat), strict=True):
        (folder / name).write_text(content + "\n")


@pytest.mark.parametrize(
    ("line", "base", "names", "cache"),
    [
        ("0::/batch/job", ".", ("memory.max", "memory.current"), "inactive_file"),
        (
            "4:cpu,memory:/batch/job",
            "memory",
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
            "total_inactive_file",
        ),
    ],
)
def test_a_container_leaves_what_its_groups_leave(
    tmp_path: Path, line: str, base: str, names: tuple[str, str], cache: str
) -> None:
    """The process's own group and those above it; the kernel gives up caches of files."""
    member, root = tmp_path / "cgroup", tmp_path / "fs"
    member.write_text(f"9:name=systemd:/\n{line}\n")
    group(root / base / "batch" / "job", names, str(900 * MIB), 300 * MIB, f"anon 7\n{cache} {50 * MIB}")
    group(root / base / "batch", names, str(2000 * MIB), 1500 * MIB, "anon 7")
    group(root / base, names, "max", 5000 * MIB, "")
    assert list(_group_memory(member, root)) == [650 * MIB, 500 * MIB]


def test_without_groups_there_are_no_limits(tmp_path: Path) -> None:
    assert list(_group_memory(tmp_path / "nothing", tmp_path)) == []
    (tmp_path / "cgroup").write_text("0::/\nnonsense\n")
    assert list(_group_memory(tmp_path / "cgroup", tmp_path)) == []


LIMITED = """
import resource
from openweyl._core.memory import spare_memory
import openweyl, psutil
held = psutil.Process().memory_info().vms
resource.setrlimit(resource.RLIMIT_AS, (held + 400 * 2**20, -1))
print(spare_memory() / 2**20)
from openweyl import System, coherent, evolve
try:
    kerr = System("xi1**2 + x1**4 + xi2**2 + x2**4 + x1**2*x2**2", ["x1", "x2"], h=0.05, gamma=0.1)
    evolve(kerr, coherent([1, 1], [0, 0]), [1.0], kind="quantum", tol=1e-6)
except openweyl.ResourceError as error:
    print(error)
"""


def test_a_limit_of_the_process_is_known_before_an_array_does_not_fit() -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=False, timeout=60)
    spare, *lines = done.stdout.splitlines()
    assert done.stderr == "" and 150 < float(spare) <= 200 and len(lines) == 1 and "GiB" in lines[0], done
