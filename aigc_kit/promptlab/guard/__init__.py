"""Screen what strangers write before a model reads it.

found = guard.screen("快递到哪了？")     # .passes, .findings, .text as a model would read it
guard.disguises.plain("ｉgnore")         # NFKC, without invisible characters
guard.payloads.hidden("aWdub3Jl...")    # what base64, hex, % and escapes say, decoded twice
guard.rates(harmless, hostile)           # both errors, with intervals

It stops what is known and clumsy. No pattern stops prompt injection: who rewords is not seen, and a text that passes
is no safe text. So a model's answer never gets rights that the writer of the text does not have.
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "disguises": (),
        "injections": ("FAMILIES",),
        "payloads": (),
        "screening": ("Finding", "Screening", "rates", "screen"),
    },
)
