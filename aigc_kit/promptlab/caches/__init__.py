"""Answer again without asking again, and know what that risks.

cache = caches.ExactCache(1024)
key = caches.key(prompt, template=filled.version, model=asker.backend.identity, temperature=0)
cache.fetch(key, lambda: asker([prompt])[0])       # asks once, whoever else waits for the same
caches.SemanticCache(caches.bigrams, 0.85)         # also what merely looks alike: count its false hits
caches.TensorCache(64 * 10**6)                     # what text encoders computed, by bytes
async with caches.Batcher(asker) as desk: ...      # requests that come close together share one batch
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "batching": ("Batcher", "Latency", "poisson"),
        "cross_attention": (),
        "exact": ("ExactCache", "Tally", "key", "normal"),
        "semantic": ("SemanticCache", "bigrams", "similarity", "slots"),
        "streams": ("Question", "false_hits", "questions", "zipf"),
        "tensors": ("TensorCache",),
    },
)
