"""Measure what models make, and what each measure sees.

METERS["fd-reader"].needs, METERS["si-sdr"](wave, reference)   # each says whether it needs a reference
spoilt = CORRUPTIONS["blur"](pictures, 0.5)                    # damage whose strength is known
rows = reactions("image")                                      # every measure on every damage, five strengths
NOT_RUN                                                        # FID, LPIPS, FAD, PESQ, MOS: what each would need
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "corruptions": ("CORRUPTIONS", "STRENGTHS"),
        "meters": ("METERS", "NOT_RUN", "Meter", "character_error", "fd_reader", "flow", "perceptual", "si_sdr"),
        "responses": ("Reaction", "by_size", "reactions"),
    },
)
