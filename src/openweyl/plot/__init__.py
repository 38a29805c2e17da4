"""Pictures of symbols, distances, certificates, sampled mixtures and correlation functions, with Matplotlib.

Functions called `draw_...` draw into axes that they are given; `..._figure`, `phase_portraits` and `figure_1` make a
whole figure, which `write` puts into a file. None of them needs a window, or `pyplot`.

>>> from openweyl import plot
>>> figure, axes = plot.new_figure(1, 1, (6.0, 4.0))
>>> plot.draw_distances(axes[0, 0], [0.0, 1.0], {"trace norm": [0.0, 0.02]})
>>> axes[0, 0].get_yscale()
'log'
"""

from .certificate import certificate_figure, draw_certificate
from .distances import distance_figure, draw_distances
from .ensemble import draw_bounds, draw_means, draw_readout
from .observables import draw_values, observables_figure
from .spectra import draw_over_delay
from .style import BOUND, CLASSICAL, DIVERGING, QUANTUM, new_figure, write
from .symbol import colour_bar, draw_symbol, figure_1, phase_portraits

__all__ = [
    "BOUND",
    "CLASSICAL",
    "DIVERGING",
    "QUANTUM",
    "certificate_figure",
    "colour_bar",
    "distance_figure",
    "draw_bounds",
    "draw_certificate",
    "draw_distances",
    "draw_means",
    "draw_over_delay",
    "draw_readout",
    "draw_symbol",
    "draw_values",
    "figure_1",
    "new_figure",
    "observables_figure",
    "phase_portraits",
    "write",
]
