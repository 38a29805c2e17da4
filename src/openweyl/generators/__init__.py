"""The generators of both evolutions on a grid, the Lindblad and the Fokker-Planck one, side by side."""
