"""compile: a function as one program of native code and NumPy's functions.

arguments -> tracing -> rewrite -> schedule -> parts, of which the native ones are written by
kernel.py and code.py and built by native.py. program.py runs them; interface.py is what users see.
"""

from wengert.compiler.interface import Compiled, compile

__all__ = ["Compiled", "compile"]
