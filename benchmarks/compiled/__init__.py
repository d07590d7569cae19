"""Compiled functions against jax.jit, torch and torch.compile: `-m benchmarks.compiled`."""
