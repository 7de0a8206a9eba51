"""The floor plan of the kit in numbers: `python -m tests.structure [--json]`."""
