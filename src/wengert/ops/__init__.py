"""The operations, each defined in one place. The modules imported here define no names of ours:
they enter methods, and NumPy's names.
"""

from wengert.ops import numpy_methods as numpy_methods
from wengert.ops import numpy_shapes as numpy_shapes
from wengert.ops import rooms as rooms
from wengert.ops import storage as storage
from wengert.ops import turns as turns
from wengert.ops import write as write
