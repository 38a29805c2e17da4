"""The number that presentation MathML stands for, found from its tree alone, as a reader would."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import erf, pi
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np

FUNCTIONS: dict[str, Any] = {
    "sin": np.sin, "cos": np.cos, "log": np.log, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "arctan": np.arctan, "erf": erf,
}  # fmt: skip
LETTERS = {"ξ": "xi", "μ": "mu", "ω": "omega"}
TIMES, APPLY = "\u2062", "\u2061"


def value(markup: str, names: Mapping[str, complex]) -> complex:
    """The value of `markup` with these values of the names."""
    return _Reader(names).element(_parsed(markup))


def tree(markup: str) -> Any:
    """The elements as nested tuples (tag, text or children)."""
    return _nested(_parsed(markup))


def _parsed(markup: str) -> ET.Element:
    return ET.fromstring(markup)  # noqa: S314, our own markup


def _nested(node: ET.Element) -> Any:
    return (node.tag, tuple(map(_nested, node)) or (node.text or ""))


class _Reader:
    """Rows are read as they are seen, one sign after the other: what groups is brackets, bars, scripts and roots."""

    def __init__(self, names: Mapping[str, complex]) -> None:
        self.names = names

    def element(self, node: ET.Element) -> complex:
        children = list(node)
        match node.tag:
            case "mrow" | "math":
                signs = _flat(node)
                total = self.sum(signs)
                assert not signs, [sign.text for sign in signs]
                return total
            case "mn":
                assert re.fullmatch(r"\d+(\.\d+)?", node.text or ""), node.text
                return float(node.text or "")
            case "mi" if node.get("mathvariant") == "normal":
                return {"i": 1j, "e": np.e, "π": pi}[node.text or ""]
            case "mi":
                return self.names[_name(node)]
            case "mfrac":
                return self.element(children[0]) / self.element(children[1])
            case "msqrt":
                return complex(self.element(children[0])) ** 0.5
            case "mroot":
                return complex(self.element(children[0])) ** (1 / self.element(children[1]))
            case "msup":
                base = _flat(children[0])
                assert len(base) == 1 or (base[0].text, base[-1].text) == ("(", ")")
                return complex(self.element(children[0])) ** self.element(children[1])
            case "msub":
                return self.names[_name(children[0]) + _name(children[1])]
        raise AssertionError(f"no value of {node.tag}")

    def sum(self, signs: list[ET.Element]) -> complex:
        first = signs.pop(0).text if _text(signs) == "−" else "+"
        total = self.product(signs) * (1 if first == "+" else -1)
        while _text(signs) in ("+", "−"):
            factor = 1 if signs.pop(0).text == "+" else -1
            total += factor * self.product(signs)
        return total

    def product(self, signs: list[ET.Element]) -> complex:
        """Factors, with a sign between any two."""
        result = self.factor(signs)
        while _text(signs) in (TIMES, "⋅", "×", "/"):
            divide = signs.pop(0).text == "/"
            factor = self.factor(signs)
            result = result / factor if divide else result * factor
        return result

    def factor(self, signs: list[ET.Element]) -> complex:
        first = signs.pop(0)
        if first.tag == "mo":
            assert first.text in "(|", first.text
            inside = self.sum(signs)
            assert signs.pop(0).text == {"(": ")", "|": "|"}[first.text or ""]
            return inside if first.text == "(" else abs(inside)
        if _text(signs) != APPLY:
            return self.element(first)
        signs.pop(0)
        function, power = first, 1.0
        if first.tag == "msup":
            function, power = first[0], self.element(first[1]).real
        assert _text(signs) == "("
        return complex(FUNCTIONS[function.text or ""](self.factor(signs).real)) ** power


def _flat(node: ET.Element) -> list[ET.Element]:
    if node.tag not in ("mrow", "math"):
        return [] if node.tag == "mspace" else [node]
    return [sign for child in node for sign in _flat(child)]


def _text(signs: list[ET.Element]) -> str | None:
    return signs[0].text if signs and signs[0].tag == "mo" else None


def _name(node: ET.Element) -> str:
    return LETTERS.get(node.text or "", node.text or "")
