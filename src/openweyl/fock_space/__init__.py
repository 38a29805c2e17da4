"""The Lindblad equation in a Fock basis: for polynomial symbols, where states have few quanta."""
