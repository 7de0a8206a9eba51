"""Which way of running fits: options of a request, ways of running, what each needs, the best that fits, and why.

Names no modality: `make/NAME/needs.py` calls this with its card and request.
"""

from aigc_kit.memory.plan.options import MARGIN

__all__ = ["MARGIN"]
