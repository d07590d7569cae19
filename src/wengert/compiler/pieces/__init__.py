"""Pieces: what native code is written in. Each computes some nodes from buffers to buffers."""
