"""Losses are kept for a plot, and each holds its whole graph.

cause: losses
"""

import wengert as wg

wg.manual_seed(0)
w = wg.randn(1000, requires_grad=True)
losses = []
for _ in range(3):
    h = wg.exp(w)  # cause
    losses.append((h * h).sum())

answer = wg.graph(losses[-1]).memory()
