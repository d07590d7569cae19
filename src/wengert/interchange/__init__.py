"""Graphs as files: JSON that reads back, and Graphviz's language."""
