"""How functions that users write are applied: wengert.autograd.Function, behind its surface."""
