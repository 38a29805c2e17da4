"""Single trajectories: paths of the Fokker-Planck equation, and records of continuous measurements."""
