"""Compile the kit's word lists for a page's script.

The page settles words as `worlds.tinyworld.vocab` does, by rules written once more in JavaScript; every list that those
rules read is taken from here, so that a word is written in one place only.
"""

import re
from typing import Any

from aigc_kit.worlds.tinyworld import captions, clip_vocab, motion, negation, scan, spec, synonyms, vocab, words


def lexicon_of(lexicon: scan.Lexicon) -> dict[str, Any]:
    """Turn a lexicon into lists of words and patterns.

    Returns:
        words: [word, attribute, value], the longest first, in the order in which `scan` tries them.
        rules: [pattern of JavaScript, attribute, value, only suggested].
    """
    ordered = sorted(lexicon.meanings, key=len, reverse=True)
    rules = [[of_javascript(rule.pattern), rule.attribute, rule.value, rule.hint] for rule in lexicon.rules]
    return {"words": [[word, *lexicon.meanings[word]] for word in ordered], "rules": rules}


def of_javascript(pattern: re.Pattern[str]) -> str:
    r"""Write a pattern of Python for JavaScript's flags "uy".

    What differs between the two and is used here: a word character of Python is any letter.

    >>> of_javascript(re.compile(r"a \w+"))
    'a [\\p{L}\\p{N}_]+'
    """
    return pattern.pattern.replace(r"\w", r"[\p{L}\p{N}_]")


def word_lists() -> dict[str, Any]:
    """Gather all lists that the page's rules read, as JSON."""
    return {
        "picture": lexicon_of(scan.pictures()),
        "clip": lexicon_of(clip_vocab.lexicon()),
        "terms": {**words.TERMS, "motion": captions.MOTION_TERMS},
        "measure": words.MEASURE,
        "where": {"zh": words.WHERE_ZH, "en": words.WHERE_EN},
        "quality": clip_vocab.QUALITY_TERMS,
        "motions": motion.MOTIONS,
        "morphing": motion.MORPHING,
        "round": motion.ROUND,
        "named": motion.NAMED,
        "faces": spec.FACES,
        "silent": vocab.SILENT,
        "beside": synonyms.BESIDE,
        "leads": synonyms.LEADS,
        "endings": scan.ENDINGS,
        "nounPhrase": scan.NOUN_PHRASE,
        "shapes": sorted(vocab.SHAPES),
        "acts": vocab.ACTS,
        "measures": sorted(vocab.MEASURES),
        "behind": sorted(vocab.BEHIND),
        "onTheWay": clip_vocab.ON_THE_WAY,
        **_of_negation(),
    }


def _of_negation() -> dict[str, Any]:
    sets = {
        "without": negation.WITHOUT,
        "nouns": negation.NOUNS,
        "stopsEn": negation.STOPS_EN,
        "prepositions": negation.PREPOSITIONS,
        "articles": negation.ARTICLES,
        "last": negation.LAST,
        "empty": negation.EMPTY,
    }
    lists: dict[str, Any] = {name: sorted(members) for name, members in sets.items()}
    return {**lists, "stopsZh": negation.STOPS_ZH, "listWords": negation.LIST_WORDS}
