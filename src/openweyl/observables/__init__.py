"""Bounded observables: expectation values read off a symbol, with the error they leave."""
