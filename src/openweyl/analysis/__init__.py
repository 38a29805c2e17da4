"""What is made of evolutions: comparisons, certificates."""
