"""Benchmarks of wengert against its peers: `make bench`; the method: docs/benchmarks.md."""
