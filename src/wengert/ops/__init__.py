"""The operations, each defined in one place. The modules imported here define no names of ours:
they enter NumPy's names for them.
"""

from wengert.ops import numpy_picks as numpy_picks
from wengert.ops import numpy_products as numpy_products
from wengert.ops import numpy_shapes as numpy_shapes
