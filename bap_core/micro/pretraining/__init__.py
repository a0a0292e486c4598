"""How the encoders that ship with the package are made, and what they score untouched."""
