"""Files on disk: there whole or not at all, and checked when they are read."""
