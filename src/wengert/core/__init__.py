"""The graph and nothing else: dtypes, operations, nodes, tensors, recording."""
