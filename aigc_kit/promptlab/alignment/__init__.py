"""Score how well answers fit their prompts.

consistency    three terms of a loss, bounded and in one direction
chat_formats   a conversation as tokens, marks told from text
syntax         overlap of syntax trees, verbs of the prompt
exercises      programs judged by running them in a limited process
mutants        wrong programs, made by a program
balance        weights of rare classes
likelihood     nats and bits of an answer, its prompt masked; paired differences
fulfilment     share of the asks that an answer meets
"""

from aigc_kit.core.lazy import lazily

_PARTS = ("balance", "chat_formats", "consistency", "exercises", "fulfilment", "likelihood", "mutants", "syntax")
__getattr__, __dir__ = lazily(__name__, dict.fromkeys(_PARTS, ()))
