"""Turn whatever shows frames into uint8 (T, H, W, 3).

What was guessed is said.

taken = to_frames(pipe(...).frames)     # list of lists of PIL, arrays, tensors: all the same
taken.data                              # uint8 (T, H, W, 3)
taken.notes                             # "layout B T H W C, guessed from shape (1, 17, 64, 64, 3)", "values in [0, 1]"
"""

from aigc_kit.media.frames.convert import Frames, to_frames

__all__ = ["Frames", "to_frames"]
