"""Ask for output that a program can trust.

form = schema.Schema(schema.TICKET)                       # refused here, before any call, if it promises nothing
results = schema.ask(form, tiny, prompts, retries=1)      # asked, checked, asked again with what was wrong
results[0].valid, results[0].how                          # "asked", "retried" or "lenient", which says what it mended
schema.masked("tinychat", form)(prompts)                  # an asker that can write nothing else
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "mask_engines": ("ENGINES", "TWELVE", "compare", "here", "shipped"),
        "masks": ("masked", "random_texts"),
        "parsing": ("read",),
        "requests": ("Result", "ask", "in_full"),
        "schemas": ("TICKET", "Schema", "order"),
    },
)
