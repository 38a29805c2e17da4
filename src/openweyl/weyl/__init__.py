"""Weyl symbols as users meet them: `Symbol`, quantization, and the star product."""
