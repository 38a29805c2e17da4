"""The base of all rooms: arguments, errors, Fourier transforms, memory, threads; no physics."""
