"""Traces a real pipeline on the meta device: exact weight bytes, live bytes and operations of every phase."""

from aigc_kit.memory.xray.trace import trace

__all__ = ["trace"]
