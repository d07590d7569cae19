"""compile: a function as one program of native code and NumPy's functions.

    arguments -> tracing -> rewrite/ -> plan/ -> pieces/, loops/ -> backend/ -> one native call

interface.py is what users see, programs.py what one compiled function has become for each kind of
call, program.py and course.py one of these. recorded.py and partition.py are for eager autograd,
of_graph.py for graphs, donated.py for `out=`, noticing.py for what a function does besides,
verify.py and tolerance.py for `verify=True`, report.py for questions.
"""

from wengert.compiler.interface import Compiled, compile

__all__ = ["Compiled", "compile"]
