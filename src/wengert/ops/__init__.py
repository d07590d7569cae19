"""The operations, each defined in one place. The modules imported here define no names of ours:
they enter methods, and NumPy's names.
"""

from wengert.ops import numpy_calculus as numpy_calculus
from wengert.ops import numpy_editing as numpy_editing
from wengert.ops import numpy_elements as numpy_elements
from wengert.ops import numpy_linalg as numpy_linalg
from wengert.ops import numpy_methods as numpy_methods
from wengert.ops import numpy_picks as numpy_picks
from wengert.ops import numpy_polynomials as numpy_polynomials
from wengert.ops import numpy_products as numpy_products
from wengert.ops import numpy_quantiles as numpy_quantiles
from wengert.ops import numpy_questions as numpy_questions
from wengert.ops import numpy_reductions as numpy_reductions
from wengert.ops import numpy_refused as numpy_refused
from wengert.ops import numpy_sets as numpy_sets
from wengert.ops import numpy_shapes as numpy_shapes
from wengert.ops import numpy_ufuncs as numpy_ufuncs
from wengert.ops import skewed as skewed
from wengert.ops import storage as storage
from wengert.ops import turns as turns
