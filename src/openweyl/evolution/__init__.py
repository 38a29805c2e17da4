"""Evolution in time: splitting schemes, the control of step and grid, and what they return."""
