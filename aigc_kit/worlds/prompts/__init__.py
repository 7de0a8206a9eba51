"""Compose prompts, weigh their words, translate them, count their tokens.

compose({"subject": "一只猫", "style": "油画"}).text     # six parts -> prompt; decompose() sorts it back
parse("a ((red)) [cat]")                                # weights -> tree; flatten() multiplies, write() prints
translate("一只可爱的小狗").en                            # by a word list, visible; not a translator
budget("一张可爱小狗在花丛中玩耍的照片").used              # tokens of CLIP, counted; .cut is what 75 tokens lose
"""

from aigc_kit.worlds.prompts.bpe import Token
from aigc_kit.worlds.prompts.budget import LIMIT, TokenBudget, budget
from aigc_kit.worlds.prompts.compose import Prompt, compose, decompose, negative
from aigc_kit.worlds.prompts.grammar import Condition, Group, Piece, Text, Weighted, flatten, parse, plain, write
from aigc_kit.worlds.prompts.library import (
    PARTS,
    CoursePrompt,
    Word,
    cookbook,
    course_prompt,
    course_prompts,
    good_words,
    idea,
    keywords,
    negative_names,
    negatives,
    part_names,
)
from aigc_kit.worlds.prompts.translate import Translation, translate

__all__ = ["LIMIT", "PARTS", "Condition", "CoursePrompt", "Group", "Piece", "Prompt", "Text", "Token", "TokenBudget"]
__all__ += ["Translation", "Weighted", "Word", "budget", "compose", "cookbook", "course_prompt", "course_prompts"]
__all__ += ["decompose", "flatten", "good_words", "idea", "keywords", "negative", "negative_names", "negatives"]
__all__ += ["parse", "part_names", "plain", "translate", "write"]
