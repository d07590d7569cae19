"""The graph and nothing else: dtypes, operations, nodes, tensors, recording."""

# Tensor's operators call record, and record makes Tensors: record begins, and imports Tensor.
from wengert.core import record as record  # isort: skip
from wengert.core import cut as cut
from wengert.core import write as write
