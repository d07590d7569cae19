"""Questions to a graph: derivatives on edges, paths, explanations, checks, causes."""
