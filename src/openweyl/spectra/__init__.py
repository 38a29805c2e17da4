"""Correlation functions of two times, and what follows from them: spectra, coherence."""
