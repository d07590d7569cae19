"""Walks over recorded nodes that compute derivatives."""
