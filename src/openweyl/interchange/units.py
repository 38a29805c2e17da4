"""Physical units: from masses, lengths and times to h, gamma and dimensionless symbols, and back.

With a mass m, a length x0 and a time t0, every mechanical quantity is a number times m^a x0^b t0^c. So X = x0 x,
T = t0 t, P = (m x0/t0) xi, energies are multiples of m x0^2/t0^2, and

    h = hbar t0/(m x0^2),        H = P^2/2m + V(X)  ->  p = xi^2/2 + V.

Localization, dA/dt = -Lambda [X, [X, A]] with Lambda in 1/(length^2 time) (Joos and Zeh, Z. Phys. B 59, 223 (1985)), is
the jump l = x with gamma = 2 h Lambda x0^2 t0. The library pint reads the units.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any, TypeAlias

import numpy as np
import sympy

from openweyl._core.arguments import InputError, fail, is_list, moderate, must, needs, real, shown
from openweyl._core.calls import public
from openweyl._core.text import table
from openweyl.model.system import System
from openweyl.phase_space.arrays import as_array
from openweyl.symbolic.expressions import evaluate, variables
from openweyl.symbolic.parsing import parse

Quantity: TypeAlias = Any
"""A quantity of pint, or text such as "2.8 fg", "2*pi*305 kHz" or "0.5*k_B*300 K". Hz is 1/s: write the 2*pi."""

MAX_QUANTITY_CHARACTERS = 200
"""The number of characters of a quantity."""
POWER_TOWER = re.compile(r"(\*\*|\^)[^*/+]*(\*\*|\^)|(\*\*|\^)\s*\(?\s*[+-]?\s*\d{3}")
"""Powers of powers, and of hundreds: their digits would have no end."""
DIMENSIONS = ("[mass]", "[length]", "[time]")


@public
@dataclass(frozen=True)
class Units:
    """The units m of mass, x0 of length and t0 of time in which a system is written. Quantities of pint, or text.

    >>> trap = Units(mass="1 fg", length="1 nm", time="1 us")
    >>> print(trap)
     unit of                  is
        mass            1e-18 kg
      length             1e-09 m
        time             1e-06 s
    momentum        1e-21 kg*m/s
      energy  1e-24 kg*m**2/s**2
      action     1e-30 kg*m**2/s
           h         0.000105457
    >>> round(trap.number("2*pi*100 kHz"), 6), f"{trap.quantity(0.5, 'mm/s'):.3g~}"
    (0.628319, '0.5 mm / s')
    >>> print(trap.system("m*omega**2*x**2/2", {"omega": "2*pi*100 kHz"}, localization="1e27/m**2/s"))
    p = 0.197392088021787*x**2 + xi**2/2, jumps x; h = 0.0001054571818, gamma = 0.2109143635

    Raises InputError for what is not a quantity of the dimension asked for, ImportError if pint is not installed.
    """

    mass: Quantity
    length: Quantity
    time: Quantity

    def __post_init__(self) -> None:
        for name, dimension in zip(("mass", "length", "time"), DIMENSIONS, strict=True):
            value = _quantity(getattr(self, name), name)
            right = dict(value.dimensionality) == {dimension: 1} and value.magnitude > 0
            must(right, name, f"be a positive {name}", f"{value:~}")
            object.__setattr__(self, name, value.to_base_units())

    @property
    def h(self) -> float:
        """hbar in units of m x0^2/t0."""
        return self.number("hbar")

    @public
    def unit(self, dimensionality: Mapping[str, float]) -> Quantity:
        """m^a x0^b t0^c with the exponents that `dimensionality` has of [mass], [length] and [time]."""
        what = 'be a table of dimensions and powers, such as {"[length]": 1}'
        must(isinstance(dimensionality, Mapping), "dimensionality", what, dimensionality)
        powers = {name: real("dimensionality", dimensionality.get(name, 0)) for name in DIMENSIONS}
        other = sorted(map(shown, set(dimensionality) - set(DIMENSIONS)))
        must(not other, "quantity", "be made of mass, length and time", ", ".join(other), "Temperatures: k_B * T.")
        return self.mass ** powers["[mass]"] * self.length ** powers["[length]"] * self.time ** powers["[time]"]

    @public
    def number(self, quantity: Quantity) -> float:
        """The dimensionless number that `quantity` is here."""
        value = _quantity(quantity, "quantity")
        return float((value / self.unit(value.dimensionality)).to("dimensionless").magnitude)

    @public
    def quantity(self, number: Any, unit: str) -> Quantity:
        """What a dimensionless number, or an array of them, is in `unit`: the inverse of `number`."""
        one = _quantity(unit, "unit")
        numbers = as_array(number, "number") if is_list(number) else real("number", number)
        return (numbers * self.unit(one.dimensionality)).to(one.units)

    @public
    def gamma(self, localization: Quantity) -> float:
        """2 h Lambda x0^2 t0, which gives the jump l = x the rate dA/dt = -Lambda [X, [X, A]]."""
        value = _quantity(localization, "localization")
        rate = dict(value.dimensionality) == {"[length]": -2, "[time]": -1}
        must(rate, "localization", "be a rate per squared length", f"{value:~}")
        return real("localization", 2 * self.h * self.number(value), low=0.0)

    @public
    def system(
        self,
        potential: str,
        parameters: Mapping[str, Quantity] | None = None,
        *,
        localization: Quantity | None = None,
        damping: Quantity | None = None,
        temperature: Quantity | None = None,
    ) -> System:
        """The system H = P^2/2m + V(X) with localization Lambda, and in a bath with friction, in these units.

        `potential`: V as text in the position x (x1, x2, ... for n > 1), the mass m and the names of `parameters`, an
        energy. `damping`: the rate Gamma of d<P>/dt = -<V'> - Gamma <P>, with the `temperature` T of the bath: Caldeira
        and Leggett's equation at high temperature, with their gamma = Gamma/2,

            -(i/hbar) (Gamma/2) [X, {P, A}] - (m Gamma k_B T/hbar^2) [X, [X, A]] - (Gamma/(16 m k_B T)) [P, [P, A]],

        the last term added to make it Lindblad's: the jump x + i xi h/(4 theta), theta = k_B T, and (Gamma/2) x xi in p
        (docs/interchange.md derives it). It asks for k_B T >> hbar times the frequencies.
        """
        expression, n = self._potential(potential, {} if parameters is None else parameters)
        x, xi = variables(n)
        position = 0.0 if localization is None else self.gamma(localization)
        rate, theta, bath = 0.0, 1.0, 0.0
        must(
            (damping is None) == (temperature is None),
            "damping",
            "come with a temperature, and it with damping",
            damping,
        )
        if damping is not None:
            rate = self._per_time(damping, "damping")
            theta = real(
                "temperature", self.number(_quantity(temperature, "temperature") * _quantity("k_B", "")), above=0.0
            )
            bath = 2 * theta * rate / self.h
        jumps: list[sympy.Expr] = []
        for a, b in zip(x, xi, strict=True):
            expression += b**2 / 2 + sympy.Float(rate / 2) * a * b if rate else b**2 / 2
            if position > 0:
                jumps.append(sqrt(position / (position + bath)) * a if bath else a)
            if bath > 0:
                jumps.append(sqrt(bath / (position + bath)) * (a + sympy.I * self.h / (4 * theta) * b))
        return System(expression, jumps or list(x), h=self.h, gamma=position + bath)

    @public
    def thermal_jumps(
        self, frequency: Quantity, damping: Quantity, occupation: float
    ) -> tuple[list[sympy.Expr], float]:
        """(jumps, gamma) of an oscillator of angular `frequency` omega that loses energy to a thermal bath, n = 1.

        l = sqrt(h (N + 1)) a and sqrt(h N) a*, a = sqrt(m omega/(2 hbar)) (X + i P/(m omega)), N the `occupation` of
        the bath, gamma = `damping` times t0: d<a* a>/dt = -damping (<a* a> - N).

        >>> jumps, gamma = Units("1 fg", "1 nm", "1 us").thermal_jumps("1e6/s", "1e3/s", 0.0)
        >>> print(*jumps, round(gamma, 9))
        0.5*sqrt(2)*x + 0.5*sqrt(2)*I*xi 0.001
        """
        x, xi = (v[0] for v in variables(1))
        c = sqrt(real("frequency", self._per_time(frequency, "frequency"), above=0.0))
        rate, mean = self._per_time(damping, "damping"), moderate("occupation", occupation, low=0.0)
        a = (c * x + sympy.I * xi / c) / sympy.sqrt(2)
        jumps = [sqrt(mean + 1) * a] + ([sqrt(mean) * sympy.conjugate(a)] if mean else [])
        return [sympy.expand(jump) for jump in jumps], rate

    def _per_time(self, quantity: Quantity, name: str) -> float:
        """A rate in units of 1/t0."""
        value = _quantity(quantity, name)
        must(dict(value.dimensionality) == {"[time]": -1}, name, "be a rate, such as '1/s'", f"{value:~}")
        return real(name, self.number(value), low=0.0)

    def _potential(self, text: str, parameters: Mapping[str, Quantity]) -> tuple[sympy.Expr, int]:
        """V in units of m x0^2/t0^2, and n; V must be an energy."""
        must(isinstance(text, str), "potential", "be text", text)
        named = isinstance(parameters, Mapping) and all(isinstance(name, str) for name in parameters)
        must(named, "parameters", "be a table of names and quantities", parameters)
        n = max((int(index) for index in re.findall(r"\bx([1-9])\b", text)), default=1)
        names = {str(v): v for v in variables(n)[0]}
        clash = sorted(({"m"} | names.keys()) & parameters.keys())
        must(not clash, "parameters", "have names of their own", ", ".join(clash))
        values = {name: _quantity(value, name) for name, value in {"m": self.mass, **parameters}.items()}
        symbols = {name: sympy.Symbol(name, real=True) for name in values}
        f = parse(text, names | symbols, "potential")
        at = dict.fromkeys(names.values(), self.length) | {symbols[name]: value for name, value in values.items()}
        try:  # pint knows whether sums make sense
            value = evaluate(f, at, np) * _quantity("1", "")
        except Exception as error:
            raise InputError(f"Argument `potential` must be an energy, but {shown(str(error))}.") from None
        energy = f == 0 or dict(value.dimensionality) == dict(_quantity("J", "").dimensionality)
        must(energy, "potential", "be an energy", f"of dimension {value.dimensionality}")
        return f.xreplace({symbols[name]: sympy.Float(self.number(value)) for name, value in values.items()}), n

    def __repr__(self) -> str:
        mass, length, time = (f"{unit:.10g}" for unit in (self.mass, self.length, self.time))
        return f"Units(mass={mass!r}, length={length!r}, time={time!r})"

    def __str__(self) -> str:
        speed = self.length / self.time
        rows = [
            (name, f"{value.to_base_units():.6g~C}")
            for name, value in (
                ("mass", self.mass),
                ("length", self.length),
                ("time", self.time),
                ("momentum", self.mass * speed),
                ("energy", self.mass * speed**2),
                ("action", self.mass * speed * self.length),
            )
        ]
        return table(("unit of", "is"), [*rows, ("h", f"{self.h:.6g}")])


def _quantity(value: Quantity, name: str) -> Quantity:
    """`value` as a quantity of one registry."""
    registry, what = needs("pint", "units").get_application_registry(), "be a quantity such as '2.8 fg'"
    try:
        if isinstance(value, str):
            must(0 < len(value.strip()) <= MAX_QUANTITY_CHARACTERS and not POWER_TOWER.search(value), name, what, value)
            return registry.Quantity(1.0 * registry.parse_expression(value))
        return registry.Quantity(value.magnitude, str(value.units))
    except Exception:  # the many ways in which text is no quantity
        raise fail(name, what, value) from None
