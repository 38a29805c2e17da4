"""The statements of Li's theorems: their assumptions, symbol classes and bounds."""
