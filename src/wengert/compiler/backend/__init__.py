"""From a written Module to native code that runs: LLVM, threads, OpenBLAS, the cache on disk."""
