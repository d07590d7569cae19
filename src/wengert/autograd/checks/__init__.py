"""How gradcheck works: finite differences, both modes, laws, and who is to blame."""
