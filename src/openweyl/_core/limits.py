"""The memory that the machine, and the limits of this process, leave free."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

CGROUPS = Path("/sys/fs/cgroup")
"""The folder in which Linux shows the limits of containers and batch systems."""


def free_memory() -> float:
    """The free memory in bytes: the least of the machine's, of this process's limit, and of its container's.

    A process that exceeds its container's limit is killed without an error, and the machine's memory does not show
    that limit.
    """
    free = [float(psutil.virtual_memory().available)]
    if resource is not None:
        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            free.append(limit - psutil.Process().memory_info().vms)
    free += _group_memory(Path("/proc/self/cgroup"), CGROUPS)
    return max(min(free), 0.0)


def _group_memory(membership: Path, root: Path) -> Iterator[float]:
    """The free memory of each control group, of version 1 or 2, that this process belongs to; caches count as free."""
    lines: list[list[str]] = []
    with suppress(OSError):
        lines = [line.split(":", 2) for line in membership.read_text().splitlines() if line.count(":") >= 2]
    for _, kinds, name in lines:
        if kinds == "":
            base, names = root, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in kinds.split(","):
            base, names = root / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        folder = base / name.strip("/")
        for group in (folder, *folder.parents):
            if not group.is_relative_to(base):
                break
            with suppress(OSError, ValueError):  # no such file, or "max" for no limit
                limit, used = (int((group / file).read_text()) for file in names[:2])
                yield limit - used + _cached(group, names[2])


def _cached(group: Path, name: str) -> int:
    """Bytes of cached files, which the kernel releases when memory is needed."""
    with suppress(OSError, ValueError):
        for line in (group / "memory.stat").read_text().splitlines():
            key, _, value = line.partition(" ")
            if key == name:
                return int(value)
    return 0
