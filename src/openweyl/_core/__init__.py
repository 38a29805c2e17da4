"""What every room stands on: arguments, errors, Fourier transforms, memory, threads; no physics."""
