"""Calls in formulas that are for the time alone: abs(sin(t)), heaviside(t - 1), piecewise((1, t < 2), (0, True))."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

import sympy

from openweyl._core.arguments import fail, must

from .sampled import sampled
from .switches import cases, corner, largest, sign, smallest, step

Build: TypeAlias = Callable[[ast.expr], sympy.Expr]

TIMED = ("abs", "heaviside", "sign", "min", "max", "piecewise", "interp", "spline")
"""The functions, which may be written as SymPy writes them, too: Abs, Heaviside, ..."""
_COMPARISONS = {ast.Lt: sympy.StrictLessThan, ast.LtE: sympy.LessThan, ast.Gt: sympy.StrictGreaterThan,
                ast.GtE: sympy.GreaterThan}  # fmt: skip
_JOINTS = {ast.And: sympy.And, ast.Or: sympy.Or, ast.BitAnd: sympy.And, ast.BitOr: sympy.Or}


def timed_call(
    node: ast.Call, build: Build, names: Mapping[str, sympy.Expr], constants: Collection[sympy.Symbol], name: str
) -> sympy.Expr:
    """The expression of a call of one of `TIMED`; `build` makes its arguments.

    `names`: what formulas may call by name, `t` only where they may depend on the time; `constants`: symbols that stand
    for numbers. Raises InputError for arguments that depend on anything but the time.
    """
    function = ast.unparse(node.func).lower()
    given = {symbol for symbol in (names.get("t"), *constants) if symbol is not None}

    def timed(part: ast.expr) -> sympy.Expr:
        made = build(part)
        if made.free_symbols - given:
            raise corner(name, ast.unparse(node))
        return made

    def condition(part: ast.expr) -> Any:
        match part:
            case ast.Constant(value=bool() as always):
                return sympy.true if always else sympy.false
            case ast.BoolOp(op=op, values=parts):
                return _JOINTS[type(op)](*map(condition, parts), evaluate=False)
            case ast.BinOp(left=left, op=ast.BitAnd() | ast.BitOr() as op, right=right):
                return _JOINTS[type(op)](condition(left), condition(right), evaluate=False)
            case ast.Compare(left=left, ops=ops, comparators=rights) if all(type(op) in _COMPARISONS for op in ops):
                sides = [timed(side) for side in (left, *rights)]
                compared = [_COMPARISONS[type(op)](a, b) for op, a, b in zip(ops, sides, sides[1:], strict=False)]
                return sympy.And(*compared, evaluate=False) if len(compared) > 1 else compared[0]
        raise fail(name, "have conditions such as t < 2 or 1 <= t < 2", ast.unparse(part))

    if function == "piecewise":
        pairs = [part.elts for part in node.args if isinstance(part, ast.Tuple) and len(part.elts) == 2]
        what = "have pairs of a formula and a condition in piecewise((1, t < 2), (0, True))"
        must(len(pairs) == len(node.args) > 0, name, what, ast.unparse(node))
        return cases([(build(f), condition(when)) for f, when in pairs], name)
    if function in ("interp", "spline"):
        return _sampled(node, build, names, name)
    if function in ("min", "max"):
        must(len(node.args) > 1, name, f"give {function} at least two arguments", ast.unparse(node))
        return (smallest if function == "min" else largest)(*map(timed, node.args))
    count = (1, 2) if function == "heaviside" else (1,)  # SymPy and NumPy give its value at 0, too
    must(len(node.args) in count, name, f"give {function} one argument", ast.unparse(node))
    made = timed(node.args[0])
    return {"abs": sympy.Abs, "heaviside": step, "sign": sign}[function](made)


def _sampled(node: ast.Call, build: Build, names: Mapping[str, sympy.Expr], name: str) -> sympy.Expr:
    """That of interp(t, [0, 1], [0, 2]) or spline(...)."""
    function = ast.unparse(node.func).lower()
    lists = [[build(e) for e in part.elts] for part in node.args[1:] if isinstance(part, ast.List)]
    form = f"write {function}(t, [0, 1, 2], [0, 1, 0]), with the times and the values of samples"
    timed = len(node.args) == 3 and build(node.args[0]) == names.get("t")
    must(timed and len(lists) == 2, name, form, ast.unparse(node))
    numbers = all(e.is_number and e.is_real for part in lists for e in part)
    must(numbers, name, "have numbers for samples", ast.unparse(node))
    times, values = ([float(e) for e in part] for part in lists)
    return sampled(names["t"], times, values, "linear" if function == "interp" else "cubic", name=name)
