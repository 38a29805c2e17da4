"""The texts of problems: the built-in catalogue, and files."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import resources
from pathlib import Path

from openweyl._core.arguments import fail, must

MAX_PROBLEM_BYTES = 20_000
"""The largest size of a problem's text, which is a page: no larger file is read into memory."""
MAX_SAMPLED_BYTES = 6_000_000
"""The same with samples in it, as many as a drive may have, 25 characters each."""
CATALOGUE = resources.files("openweyl.problems") / "catalogue"


def problems() -> tuple[str, ...]:
    """The names of the built-in problems."""
    return tuple(sorted(entry.name[:-5] for entry in CATALOGUE.iterdir() if entry.name.endswith(".toml")))


def text_of(name_or_path: str) -> tuple[str, str]:
    """The name and the text of a problem: of the catalogue, or of the file at this path.

    Raises InputError if there is neither, or a file that is no text of a page.
    """
    close = get_close_matches(str(name_or_path), problems(), 1, 0.8)
    known = f"{f'Perhaps {close[0]} is meant. ' if close else ''}Built in: {', '.join(problems())}."
    must(name_or_path.strip() != "", "problem", "be a built-in name or a TOML file", "", known)
    if name_or_path in problems():
        return name_or_path, (CATALOGUE / f"{name_or_path}.toml").read_text(encoding="utf-8")
    path = Path(name_or_path)
    try:
        if not path.is_file():  # nothing there, a folder, or a device that might never end
            raise fail("problem", "be a built-in name or a TOML file", name_or_path, known)
        with path.open("rb") as file:
            content = file.read(MAX_PROBLEM_BYTES + 1)
    except OSError as error:
        raise fail("problem", "be a file that can be read", name_or_path, f"{error.strerror}.") from None
    must(len(content) <= MAX_PROBLEM_BYTES, "problem", f"be a file of at most {MAX_PROBLEM_BYTES} bytes", name_or_path)
    try:
        return path.stem, content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise fail("problem", "be a text file in UTF-8", name_or_path) from None
