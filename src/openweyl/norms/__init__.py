"""Norms of symbols and of their operators, the trace norm above all, between proven bounds."""
