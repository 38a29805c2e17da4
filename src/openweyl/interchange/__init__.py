"""To and from other programs: Fock matrices, QuTiP, wave functions, physical units."""
