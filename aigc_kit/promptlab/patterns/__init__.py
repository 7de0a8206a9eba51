"""Hold prompts as templates with slots and versions.

pattern("feynman").fill(concept=..., audience=..., ...).text     # the five patterns of the course
registry = Registry(folder / "prompts.sqlite"); registry.save(pattern("feynman"))
choose(reader.confidence(request), last)                         # which of three tasks a request asks for
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "templates": ("Filled", "Slot", "Template", "open_slots"),
        "registry": ("Entry", "Registry"),
        "course": ("EXAMPLES", "PATTERNS", "pattern"),
        "multitask": ("TASKS", "Choice", "Reader", "choose", "errors", "requests"),
    },
)
