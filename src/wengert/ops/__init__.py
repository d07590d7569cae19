"""The operations, each defined in one place. The modules imported here define no names of ours:
they enter methods, and NumPy's names.
"""

from wengert.ops import numpy_picks as numpy_picks
from wengert.ops import numpy_products as numpy_products
from wengert.ops import numpy_shapes as numpy_shapes
from wengert.ops import skewed as skewed
from wengert.ops import storage as storage
from wengert.ops import turns as turns
