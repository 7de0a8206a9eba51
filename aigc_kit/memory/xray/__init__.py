"""Trace real pipelines on the meta device: bytes and operations."""

from aigc_kit.memory.xray.trace import trace

__all__ = ["trace"]
