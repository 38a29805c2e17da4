"""Pictures: functions that draw results into axes that they are given."""
