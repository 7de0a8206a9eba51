"""Measure the floor plan: `python -m tests.structure [--json]`."""
