"""Find which way of running fits, for any modality."""

from aigc_kit.memory.plan.options import MARGIN

__all__ = ["MARGIN"]
