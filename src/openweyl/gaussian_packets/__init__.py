"""Quadratic Hamiltonians with linear jumps: the closed form of both evolutions for Gaussian packets."""
