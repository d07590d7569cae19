"""The graph and nothing else: dtypes, operations, nodes, tensors, recording."""

# Tensor's methods call fast, record and handles, which make Tensors: these begin, from the top
# down, and the last of them imports Tensor.
from wengert.core import fast as fast  # isort: skip
from wengert.core import cut as cut
from wengert.core import write as write
