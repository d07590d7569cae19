"""The operations, each defined in one place. The modules imported here define no names of ours:
they enter methods, and NumPy's names.
"""

from wengert.ops import numpy_elements as numpy_elements
from wengert.ops import numpy_methods as numpy_methods
from wengert.ops import numpy_rooms as numpy_rooms
from wengert.ops import numpy_shapes as numpy_shapes
from wengert.ops import skewed as skewed
from wengert.ops import storage as storage
from wengert.ops import turns as turns
