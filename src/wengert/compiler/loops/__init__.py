"""Loops: how a nest of elementwise operations and reductions becomes native code."""
