"""The plan of a program: which operations are fused, in which order, and where values lie."""
