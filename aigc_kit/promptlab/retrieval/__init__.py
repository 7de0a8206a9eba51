"""Find pictures by words, and measure how often rightly.

index = ClipIndex(towers("miniclip"))
index.add(["cat-1", "cat-2"], pictures)          # ids are kept, vectors have length 1
index.search(["一只红色的小猫"], k=5)              # [[Match("cat-2", .81), Match("cat-1", .80)]]
gallery = Gallery.drawn(seed=0)                  # pictures of the closed world: which are right is known
queries = ask_for(gallery, language="zh")        # some attributes of each, in words by chance
texts = texts_of(STRATEGIES[0], queries, embed)  # what is said: keywords, a template, an expander, other words ...
hits(embed(texts), index.vectors, gallery.right(queries))   # R@1 and R@5 with intervals
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "fooling": ("Fooled", "fool"),
        "queries": ("Gallery", "Query", "ask_for"),
        "index": ("ClipIndex", "Match"),
        "recall": ("Quantile", "hits", "quantile", "timed"),
        "one_attribute": ("Pair", "draw_pairs", "frozen_pairs", "pairs_right"),
        "strategies": ("STRATEGIES", "PromptExpander", "Strategy", "pool", "texts_of"),
        "two_towers": ("HubTowers", "TinyTowers", "Towers", "towers"),
    },
)
