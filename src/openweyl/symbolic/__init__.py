"""Formulas: parsed from text, differentiated, enclosed in intervals, and checked for smoothness; no arrays on grids."""
