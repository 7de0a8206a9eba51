"""Write frames as clips that every browser plays, or back.

MP4 (H.264), GIF, WebP and contact sheets, written as the frames come.

facts = mp4("clip.mp4", frames, fps=16)         # frames: uint8 (T, H, W, 3), or any iterable of (H, W, 3)
with Writer("long.mp4", fps=24) as writer:      # memory does not grow with the length
    writer.add(frame)
probe("clip.mp4")                               # codec, pixel format, size, exact fps, frames, seconds of the file
"""

from aigc_kit.media.encode.probe import Probe, probe, read_frames
from aigc_kit.media.encode.sheet import contact_sheet, gif, mp4, webp
from aigc_kit.media.encode.writer import Writer, check_fps

__all__ = ["Probe", "Writer", "check_fps", "contact_sheet", "gif", "mp4", "probe", "read_frames", "webp"]
