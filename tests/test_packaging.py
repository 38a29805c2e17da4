"""What the package asks of its surroundings: floors that are tried, and pins that fit them."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import openweyl

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins(name: str) -> dict[str, str]:
    """The versions in a file of constraints, which holds names and versions only."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    found = [re.fullmatch(r"([A-Za-z0-9_.-]+)==([0-9a-z.]+)", line) for line in lines if not line.startswith("#")]
    assert all(found), name
    return {re.sub("[-_.]+", "-", match[1]).lower(): match[2] for match in found if match}


def floors() -> dict[str, str]:
    """The lowest versions that are allowed, of what runs the package and its tests."""
    extras = PROJECT["project"]["optional-dependencies"]
    needed = [extra for extra in extras if extra not in ("dev", "bench")]
    asked = [*PROJECT["build-system"]["requires"], *PROJECT["project"]["dependencies"]]
    asked += [one for extra in needed for one in extras[extra] if not one.startswith("openweyl[")]
    matches = [re.fullmatch(r"([a-z0-9-]+)>=([0-9.]+)", one) for one in asked]
    assert all(matches), asked
    return {match[1]: match[2] for match in matches if match}


def test_the_lowest_versions_are_the_floors() -> None:
    lowest, least = pins("constraints-lowest.txt"), floors()
    assert len(least) >= 20
    assert {name: lowest.get(name) for name in least} == least


def test_the_newest_versions_are_above_the_floors() -> None:
    newest = pins("constraints.txt")
    for name, version in floors().items():
        new, low = (tuple(map(int, re.findall(r"\d+", v))) for v in (newest[name], version))
        assert new >= low, name


def test_both_are_in_the_source_distribution() -> None:
    included = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert {"/constraints.txt", "/constraints-lowest.txt"} <= set(included)


def test_commands_do_not_pay_for_the_measurements() -> None:
    """`openweyl theory` alone loads them, and SciPy's statistics with them."""
    script = (
        "import sys\n"
        "from openweyl.cli import application\n"
        "application(['compare', 'harmonic', '--times', '0', '--json'], standalone_mode=False)\n"
        "loaded = [name for name in sys.modules if name.startswith(('openweyl.measurements', 'scipy.stats'))]\n"
        "sys.exit(str(loaded) if loaded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_design_page_lists_every_file() -> None:
    package = ROOT / "src" / "openweyl"
    there = {path.relative_to(package).as_posix() for path in package.rglob("*.py") if not path.name.startswith("__")}
    page = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([\w/]+\.py)` \|", page, flags=re.MULTILINE))
    assert listed == there, f"missing: {sorted(there - listed)}, gone: {sorted(listed - there)}"


def test_no_room_has_the_name_of_a_function() -> None:
    """Once it is imported a subpackage is an attribute of the package, in place of what was there."""
    rooms = {path.name for path in (ROOT / "src" / "openweyl").iterdir() if path.is_dir()} - {"plot"}
    assert not rooms & set(openweyl.__all__)


def test_the_design_page_has_the_order_of_the_rooms() -> None:
    layers = next(c["layers"] for c in PROJECT["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    page = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    shown = re.findall(r"^    (\w+(?: \| \w+)*)  ", page, flags=re.MULTILINE)
    assert [line for line in shown if line in layers] == layers


def test_pages_name_files_that_are_there() -> None:
    pages = [*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md"), ROOT / "benchmarks" / "README.md"]
    for page in pages:
        for name in re.findall(r"`((?:[\w-]+/)+[\w-]+\.(?:py|json|toml|md))`", page.read_text(encoding="utf-8")):
            places = (ROOT / name, ROOT / "src" / "openweyl" / name)
            assert any(path.exists() for path in places), f"{page.name}: {name}"
