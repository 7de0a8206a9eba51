"""Files of pictures in motion, decoded back and measured by other libraries than the one that wrote them."""

import re
import subprocess
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from aigc_kit.core.errors import BadInput, CannotWrite, NoSpace
from aigc_kit.media import encode


def gradient(count, height=48, width=64):
    """A clip without sharp edges in colour: yuv420p keeps it nearly as it is."""
    y, x, t = np.meshgrid(np.arange(height), np.arange(width), np.arange(count), indexing="ij")
    red = 255 * x / width
    green = 255 * y / height
    blue = 255 * (0.5 + 0.5 * np.sin(2 * np.pi * t / max(count, 2)))
    return np.stack([red, green, blue], -1).transpose(2, 0, 1, 3).round().astype(np.uint8)


def by_ffmpeg(path):
    """What ffmpeg prints of a file: an opinion of its own."""
    from imageio_ffmpeg import get_ffmpeg_exe

    command = [get_ffmpeg_exe(), "-hide_banner", "-i", str(path)]
    words = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    return " ".join(words.split())


def psnr(one, other):
    return 10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2))


def test_an_mp4_decodes_to_the_frames_that_went_in(tmp_path):
    clip = gradient(17)
    facts = encode.mp4(tmp_path / "clip.mp4", clip, fps=16)
    back = np.stack(list(encode.read_frames(tmp_path / "clip.mp4")))
    assert back.shape == clip.shape and psnr(back, clip) > 36
    assert (facts.codec, facts.pixel_format, facts.width, facts.height) == ("h264", "yuv420p", 64, 48)
    assert (facts.fps, facts.frames, facts.seconds) == (16, 17, 17 / 16)
    assert facts.faststart is True and facts.sound_seconds is None
    words = by_ffmpeg(tmp_path / "clip.mp4")
    assert "h264" in words and "yuv420p(tv, bt709" in words and "64x48" in words and "16 fps" in words
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


@settings(deadline=None, max_examples=12)
@given(
    st.sampled_from([1, 5, "24000/1001", 8, 12.5, 16, 24, 25, "30000/1001", 60, Fraction(7, 3)]),
    st.integers(1, 30),
    st.integers(8, 40).map(lambda n: 2 * n),
    st.integers(8, 40).map(lambda n: 2 * n),
)
def test_rate_length_and_size_are_exact(fps, count, height, width):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        facts = encode.mp4(Path(folder) / "a.mp4", gradient(count, height, width), fps)
        assert facts.fps == Fraction(fps) and facts.frames == count
        assert facts.seconds == pytest.approx(count / Fraction(fps), abs=1e-9)
        assert (facts.height, facts.width) == (height, width)
        words = by_ffmpeg(Path(folder) / "a.mp4")
        assert f"{width}x{height}" in words
        hours, minutes, seconds = re.search(r"Duration: (\d+):(\d+):([\d.]+)", words).groups()
        assert float(hours) * 3600 + float(minutes) * 60 + float(seconds) == pytest.approx(facts.seconds, abs=0.02)


@pytest.mark.parametrize("fps", [7, 16, 24, 30, 50])
@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_delays_add_up_to_the_true_length(tmp_path, kind, fps):
    """24 frames a second are 4.17 hundredths: rounding each alone would be 4 % too fast."""
    path = tmp_path / f"a.{kind}"
    clip = np.stack([np.roll(gradient(1)[0], 2 * step, axis=0) for step in range(24)])
    facts = getattr(encode, kind)(path, clip, fps)
    unit = 0.01 if kind == "gif" else 0.001
    assert facts.frames == 24 and (facts.width, facts.height) == (64, 48)
    assert facts.seconds == pytest.approx(24 / fps, abs=2 * unit)
    with Image.open(path) as image:
        assert image.info.get("loop") == 0
        image.seek(11)
        assert psnr(np.asarray(image.convert("RGB")), clip[11]) > 24


def test_sound_is_mixed_in_and_nothing_is_cut(tmp_path):
    seconds, rate = 1.7, 24000
    tone = (0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)).astype(np.float32)
    facts = encode.mp4(tmp_path / "a.mp4", gradient(16), 16, sound=(tone, rate))
    assert facts.sound_seconds == pytest.approx(seconds, abs=0.1) and facts.frames == 16
    assert "Audio: aac" in by_ffmpeg(tmp_path / "a.mp4")
    samples = _sound_of(tmp_path / "a.mp4", rate)
    spectrum = np.abs(np.fft.rfft(samples[rate // 2 : rate // 2 + rate // 2]))
    assert np.argmax(spectrum) * 2 == pytest.approx(440, abs=4)
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.05)
    with wave.open(str(tmp_path / "tone.wav"), "wb") as out:
        out.setparams((1, 2, rate, 0, "NONE", ""))
        out.writeframes((tone * 32767).astype("<i2").tobytes())
    again = encode.mp4(tmp_path / "b.mp4", gradient(16), 16, sound=tmp_path / "tone.wav")
    assert again.sound_seconds == facts.sound_seconds
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "b.mp4", "tone.wav"]


def _sound_of(path, rate):
    from imageio_ffmpeg import get_ffmpeg_exe

    command = [
        get_ffmpeg_exe(),
        "-loglevel",
        "error",
        "-i",
        str(path),
        "-f",
        "f32le",
        "-ac",
        "1",
        "-ar",
        str(rate),
        "-",
    ]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.float32)


def test_odd_sizes_are_refused_cropped_or_padded_but_never_rescaled(tmp_path):
    clip = gradient(5, 33, 47)
    with pytest.raises(BadInput, match="an odd side"):
        encode.mp4(tmp_path / "a.mp4", clip, 16)
    assert list(tmp_path.iterdir()) == []
    facts = encode.mp4(tmp_path / "crop.mp4", clip, 16, odd="crop")
    assert (facts.height, facts.width) == (32, 46)
    facts = encode.mp4(tmp_path / "pad.mp4", clip, 16, odd="pad")
    assert (facts.height, facts.width) == (34, 48)
    back = np.stack(list(encode.read_frames(tmp_path / "pad.mp4")))
    assert psnr(back[:, :33, :47], clip) > 34
    assert encode.gif(tmp_path / "odd.gif", clip, 16).width == 47


def test_an_interrupted_run_leaves_the_old_file_and_nothing_half_made(tmp_path):
    path = tmp_path / "a.mp4"
    encode.mp4(path, gradient(5), 16)
    before = path.read_bytes()

    def broken():
        yield from gradient(9)[:4]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode.mp4(path, broken(), 16)
    with pytest.raises(BadInput, match="frame 1 of size 64x50"):
        encode.mp4(path, [gradient(1)[0], gradient(1, 50, 64)[0]], 16)
    with pytest.raises(BadInput, match="no frame was added"):
        encode.mp4(path, [], 16)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_ffmpeg_that_gives_up_is_quoted(tmp_path, monkeypatch):
    """A real ffmpeg with an encoder it does not have."""
    from aigc_kit.media.encode import writer

    monkeypatch.setitem(writer.FORMATS, ".mp4", ("-c:v", "no_such_codec", "-f", "mp4"))
    with pytest.raises(CannotWrite, match="no_such_codec"):
        encode.mp4(tmp_path / "a.mp4", gradient(64, 480, 832), 16)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    from aigc_kit.media.encode import writer

    full = ("-c:v", "rawvideo", "-f", "rawvideo", "/dev/full")
    monkeypatch.setitem(writer.FORMATS, ".mp4", (*full, "-c:v", "libx264", "-f", "mp4"))
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(NoSpace, match="the disk is full"):
        encode.mp4(tmp_path / "a.mp4", gradient(64, 480, 832), 16)


@pytest.mark.parametrize("fps", [0, -1, 241, float("nan"), float("inf"), "fast", None, True, "1/0"])
def test_a_wrong_rate_is_refused(tmp_path, fps):
    with pytest.raises(BadInput, match="fps="):
        encode.mp4(tmp_path / "a.mp4", gradient(3), fps)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda path: encode.gif(path / "a.gif", gradient(3), 60), "hundredths of a second"),
        (lambda path: encode.Writer(path / "a.avi", 16), "no such format"),
        (lambda path: encode.Writer(path / "a.gif", 16, sound=("x", 1)), "pictures only"),
        (lambda path: encode.mp4(path / "a", gradient(3) / 255.0, 16), r"not uint8 \(H, W, 3\)"),
        (lambda path: encode.mp4(path / "a", gradient(3), 16, crf=99), "crf=99"),
        (lambda path: encode.mp4(path / "a", gradient(3), 16, odd="scale"), "odd='scale'"),
        (lambda path: encode.mp4(path / "a", gradient(3), 16, sound=path / "none.wav"), "no such file"),
        (lambda path: encode.mp4(path / "a", gradient(3), 16, sound=3), "not a sound"),
        (lambda path: encode.mp4(path / "a", gradient(3), 16, sound=(np.zeros(9, np.int16), 24000)), "float32"),
        (lambda path: encode.mp4(path / "a", gradient(3), 16, sound=(np.zeros(9, np.float32), 24)), "sampling rate"),
        (lambda path: encode.probe(path / "none.mp4"), "no such file"),
        (lambda path: encode.contact_sheet(gradient(3)[0], 16), "contact sheet"),
        (lambda path: encode.contact_sheet(gradient(3), 16, most=0), "most=0"),
    ],
)
def test_bad_input_is_named_and_leaves_nothing(tmp_path, call, message):
    with pytest.raises(BadInput, match=message):
        call(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.97])
def test_a_file_that_is_not_whole_is_refused(tmp_path, keep):
    for name in ("a.mp4", "a.gif"):
        (encode.mp4 if name.endswith("mp4") else encode.gif)(tmp_path / name, gradient(9), 16)
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[: int(keep * len(data))])
    with pytest.raises(CannotWrite, match="not a whole MP4"):
        encode.probe(tmp_path / "a.mp4")
    if keep < 0.9:
        with pytest.raises(CannotWrite, match="not whole"):
            encode.probe(tmp_path / "a.gif")


def test_metadata_is_in_the_file(tmp_path):
    encode.mp4(tmp_path / "a.mp4", gradient(3), 16, metadata={"title": "甜甜圈", "comment": "AI 生成"})
    words = by_ffmpeg(tmp_path / "a.mp4")
    assert "title : 甜甜圈" in words and "comment : AI 生成" in words


def test_a_contact_sheet_shows_first_and_last_frame():
    clip = gradient(17)
    sheet = np.asarray(encode.contact_sheet(clip, 16, most=5, columns=5, width=64))
    assert (sheet[4 : 4 + 48, 4 : 4 + 64] == clip[0]).all()
    assert (sheet[4 : 4 + 48, 4 + 4 * 68 : 4 + 4 * 68 + 64] == clip[16]).all()


def test_memory_does_not_grow_with_the_length(tmp_path):
    """600 frames of 832x480 are 719 MB raw; the process that feeds them stays within 100 MB of where it began."""
    script = f"""
import numpy as np, psutil, threading, time
from aigc_kit import encode
process, peak, done = psutil.Process(), [0], []
tile = np.random.default_rng(0).integers(0, 255, (480, 832, 3), dtype=np.uint8)
def watch():
    while not done:
        peak[0] = max(peak[0], process.memory_info().rss)
        time.sleep(0.01)
with encode.Writer(r'{tmp_path / "w.mp4"}', 24) as warm:
    warm.add(tile)
start = process.memory_info().rss
threading.Thread(target=watch, daemon=True).start()
small = np.zeros((480, 832, 3), np.uint8)
frames = (small + i % 255 for i in range(600))
facts = encode.mp4(r'{tmp_path / "a.mp4"}', frames, 24, preset="ultrafast")
done.append(1)
assert facts.frames == 600, facts
print((peak[0] - start) / 1e6)
"""
    import sys

    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert float(out) < 100


@pytest.mark.parametrize("given", [np.zeros((2, 8, 8, 3), np.uint8), None, 7])
def test_what_is_no_path_is_refused_with_the_right_order(given):
    with pytest.raises(BadInput, match=r"(?s)no path.*name the file first"):
        encode.mp4(given, "a.mp4", 8)
