"""Compute the next token's scores.

Transformers gives all of them, llama.cpp the top N, a server text only.
"""

from aigc_kit.make.text.engines.base import Beams, Candidates, Engine, Session

__all__ = ["Beams", "Candidates", "Engine", "Session"]
