"""The state in which an open system comes to rest."""
