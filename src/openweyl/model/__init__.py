"""What a user describes: the open system and the initial state."""
