"""Problems: a system, a state, times and a tolerance, from a TOML file or from the catalogue."""
