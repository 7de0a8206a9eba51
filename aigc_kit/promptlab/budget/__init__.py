"""Say more with fewer tokens, and count what it costs.

terms = budget.Dictionary.read(budget.SHOP_TERMS)      # terms, aliases, patterns; refused if they clash
budget.anchor(terms, tiny, prompts, rewrite="program") # answers, uses of aliases, answers with the right terms, calls
budget.density("提取单号，只输出 JSON", tokens=9)         # a number that is defined, on words of the known world
budget.keep(engine, *budget.information(engine, before, text), 0.5)  # what surprises the model stays
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "compression": ("by_chance", "by_rules", "count", "information", "keep"),
        "counted_words": ("Density", "density", "kept", "risen"),
        "terms": ("COURSE_TERMS", "SHOP_TERMS", "Anchored", "Dictionary", "Term", "anchor"),
    },
)
