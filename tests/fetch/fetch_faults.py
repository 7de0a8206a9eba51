# ruff: noqa: E501 - a row of the table is a line
"""The table of faults: what is done to a fetch, and what the learner sees. `python fetch_faults.py` prints it as Markdown.

Each fault is injected while a card of three files is fetched; an earlier card of the same hub is on disk already.
"""

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fetch_hub import REPOSITORY, REVISION, Hub
from fetch_making import card_of, mark_of_the_dead, sha256

from aigc_kit import fetch
from aigc_kit.core import paths
from aigc_kit.core.types import Card, RemoteFile, Source
from aigc_kit.models.fetch import costs, getting, hub, lock

WEIGHTS = bytes(range(251)) * 4000  # a megabyte
FILES = {"model.safetensors": WEIGHTS, "config.json": b'{"a": 1}', "sub/vocab.txt": b"one\ntwo\n", "before.json": b"{}"}
LISTED = ("model.safetensors", "config.json", "sub/vocab.txt")
SUCCEEDS = "succeeds"


def card_of_the_table(*files: RemoteFile) -> Card:
    files = files or tuple(RemoteFile(path) for path in LISTED)
    return card_of(Source("modelscope", REPOSITORY, REVISION, files), name="table")


def earlier_card() -> Card:
    return card_of(Source("modelscope", REPOSITORY, REVISION, (RemoteFile("before.json"),)), name="before")


@dataclass
class World:
    """What a fault can be done to: the hub, the machine, the card that is fetched."""

    hub: Hub
    patch: pytest.MonkeyPatch
    card: Card = field(default_factory=card_of_the_table)
    mend: Callable[[], Any] = lambda: None
    more: list[Any] = field(default_factory=list)

    def child(self, *arguments: str) -> subprocess.Popen:
        """Another process that fetches the same card."""
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "MODELSCOPE_DOWNLOAD_MAX_RETRIES": "0"}
        command = [sys.executable, str(Path(__file__).with_name("fetch_child.py")), *arguments]
        return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def get(world: World) -> None:
    fetch.get(world.card)


@dataclass(frozen=True)
class Fault:
    """One row.

    Args:
        name: short.
        injected: what is done, in words.
        first: class of the error that the first call raises, or "succeeds".
        says: a piece of that error's text (a regular expression).
        inject: does it.
        attempt: the first call.
    """

    name: str
    injected: str
    first: str
    says: str
    inject: Callable[[World], Any]
    attempt: Callable[[World], Any] = get


def on(what: str, *misdeeds: Any) -> Callable[[World], Any]:
    """Misdeeds of the hub for the next requests of a file or of the listing."""
    return lambda world: world.hub.faults.update({what: list(misdeeds)})


def refused(world: World) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    world.patch.setenv("MODELSCOPE_ENDPOINT", address)
    world.mend = lambda: world.patch.setenv("MODELSCOPE_ENDPOINT", world.hub.endpoint)


def no_name(world: World) -> None:
    def wait(*args: Any, **kwargs: Any) -> None:
        time.sleep(1)
        raise OSError("too late")

    world.patch.setattr(hub, "CONNECT_SECONDS", 0.2)
    world.patch.setattr(hub, "socket", SimpleNamespace(create_connection=wait))
    world.mend = lambda: world.patch.setattr(hub, "socket", socket)


def impatient(world: World) -> None:
    import modelscope_hub._legacy_api as library

    for name in ("REPO_TREE_PAGE_TIMEOUT_SECONDS", "DOWNLOAD_TIMEOUT", "API_TIMEOUT"):
        world.patch.setattr(library, name, 1)


def silent_after(what: str, *misdeed: Any) -> Callable[[World], None]:
    """The hub falls silent; the library's patience is cut to a second."""

    def inject(world: World) -> None:
        impatient(world)
        on(what, misdeed)(world)
        world.mend = world.hub.release.set

    return inject


def listing(change: Callable[[str, dict], dict]) -> Callable[[World], None]:
    return lambda world: on("listing", ("bytes", world.hub.listing_of(change)))(world)


def larger_listed(path: str, entry: dict) -> dict:
    return {**entry, "Size": entry["Size"] + 7} if path == "config.json" else entry


def other_hash_listed(path: str, entry: dict) -> dict:
    return {**entry, "Sha256": "0" * 64} if path == "config.json" else entry


def climbing_listed(path: str, entry: dict) -> dict:
    return {**entry, "Path": "../../escaped.json"} if path == "before.json" else entry


def changed_upstream(world: World) -> None:
    """A file of the earlier card is asked for again after the hub changed it."""
    world.card = card_of_the_table(RemoteFile("before.json"))
    world.hub.files["before.json"] = b"[]"
    world.mend = lambda: world.hub.files.update({"before.json": b"{}"})


def never_listed(world: World) -> None:
    held = world.hub.files.pop("config.json")
    world.mend = lambda: world.hub.files.update({"config.json": held})


def stored_hash_differs(world: World) -> None:
    world.card = card_of_the_table(RemoteFile("config.json", 8, sha256(b'{"a": 2}')))
    world.mend = lambda: setattr(world, "card", card_of_the_table())


def claim_of_the_dead(world: World) -> None:
    mark_of_the_dead(getting._claim_file("table"))


def claim_cut_short(world: World) -> None:
    claim = getting._claim_file("table")
    claim.parent.mkdir(parents=True, exist_ok=True)
    claim.write_text("")
    os.utime(claim, (time.time() - 60,) * 2)


def claim_of_the_living(world: World) -> None:
    real = lock.claim
    world.patch.setattr(lock, "claim", lambda path, asked, wait=0.2: real(path, asked=asked, wait=0.2))
    held = real(getting._claim_file("table"), asked="x")
    held.__enter__()
    world.mend = lambda: held.__exit__(None, None, None)


def too_small_a_disk(world: World) -> None:
    world.patch.setattr(costs, "disk_free", lambda folder=None: 10_000)
    world.mend = lambda: world.patch.setattr(costs, "disk_free", lambda folder=None: 10**12)


def writing_fails(number: int) -> Callable[[World], None]:
    def inject(world: World) -> None:
        import modelscope_hub._download as library

        real = library._finish_download

        def fail(*args: Any, **kwargs: Any) -> None:
            raise OSError(number, os.strerror(number))

        world.patch.setattr(library, "_finish_download", fail)
        world.mend = lambda: world.patch.setattr(library, "_finish_download", real)

    return inject


def home_is_a_file(world: World) -> None:
    real = os.environ["AIGC_HOME"]
    wrong = Path(real).parent / "a-file"
    wrong.write_text("no folder")
    world.patch.setenv("AIGC_HOME", str(wrong))
    world.mend = lambda: world.patch.setenv("AIGC_HOME", real)


def damaged_lock(world: World) -> None:
    whole = paths.lock_file().read_bytes()
    paths.lock_file().write_bytes(whole[:40])
    world.mend = lambda: paths.lock_file().write_bytes(whole)


def placed_then(damage: Callable[[Path], Any]) -> Callable[[World], None]:
    """The card is here already, and then something happens to it on disk."""
    return lambda world: damage(fetch.get(world.card))


def flip_a_bit(folder: Path) -> None:
    raw = bytearray(WEIGHTS)
    raw[12345] ^= 1
    (folder / "model.safetensors").write_bytes(raw)


def verify_then_get(world: World) -> None:
    """As `aigc fetch --verify` says: delete the folder, and fetch again."""
    (wrong,) = [check for check in fetch.verify(world.card) if check.state == "wrong"]
    assert wrong.path.name == "model.safetensors"
    for file in sorted(wrong.path.parent.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    fetch.get(world.card)


def leftover_of_other_bytes(world: World) -> None:
    """What an earlier try left is longer than the file, and of something else."""
    folder = paths.models() / ".work" / "table" / "hub"
    folder.mkdir(parents=True)
    for name in ("config.json", "config.json.incomplete"):
        (folder / name).write_bytes(b"x" * 5000)


def killed_in_a_file(world: World) -> None:
    on("model.safetensors", ("pause", 300_000))(world)
    process = world.child()
    assert world.hub.paused.wait(60)
    time.sleep(0.5)  # what was sent is written to disk
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stderr.close()
    world.hub.release.set()


def killed_while_placing(world: World) -> None:
    process = world.child("kill-at-receipt")
    assert process.wait(60) == -signal.SIGKILL
    process.stderr.close()


def no_large_files(world: World) -> None:
    process = world.child("small-files")
    _, said = process.communicate(timeout=60)
    world.more.append(said)


def say_what_the_child_said(world: World) -> None:
    from aigc_kit.core import errors

    kind, _, text = world.more[-1].partition("\n")
    parts = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    raise getattr(errors, kind)(asked=parts["asked"], found=parts["found"], todo=parts["what to do"])


def two_at_once(world: World) -> None:
    world.more = [world.child(), world.child()]


def wait_for_both(world: World) -> None:
    said = [process.communicate(timeout=60)[1] for process in world.more]
    assert [process.returncode for process in world.more] == [0, 0], said
    assert len(world.hub.ranges("model.safetensors")) == 1, "downloaded once"


def interrupted(world: World) -> None:
    def stop(done: int, total: int | None, label: str) -> None:
        if done > 200_000:
            raise KeyboardInterrupt

    fetch.get(world.card, progress=stop)


W = "model.safetensors"
FAULTS = (
    Fault("refused", "nothing listens at the hub's address", "NoNetwork", "no connection", refused),
    Fault("no name", "the hub's name is never resolved", "NoNetwork", "no answer in 0.2 s", no_name),
    Fault("hang up", "the listing is asked for, the hub hangs up", "NoNetwork", "failed", on("listing", ("nothing",))),
    Fault("mute", "the hub takes the request for the listing and says nothing", "NoNetwork", "failed", silent_after("listing", "mute")),
    Fault("listing cut", "the listing is cut in the middle", "NoNetwork", "check the network", on("listing", ("cut", 60))),
    Fault("listing no JSON", "a login page in place of the listing", "FetchError", "not the hub's", on("listing", ("bytes", b"<html>log in</html>"))),
    Fault("listing empty", "a listing without files", "SourceGone", "does not list it", on("listing", ("bytes", b'{"Code": 200, "Success": true, "Data": {"Files": []}}'))),
    Fault("listing 429", "the listing is refused: too many requests", "FetchError", "check the network", on("listing", *[429] * 9)),
    Fault("listing 500", "the listing fails with a server error", "FetchError", "check the network", on("listing", *[500] * 9)),
    Fault("listing 401", "the hub wants a token", "FetchError", "MODELSCOPE_API_TOKEN", on("listing", *[401] * 9)),
    Fault("listing 403", "the hub forbids", "FetchError", "MODELSCOPE_API_TOKEN", on("listing", *[403] * 9)),
    Fault("file gone", "the repository no longer has a file", "SourceGone", "does not list it", never_listed),
    Fault("size listed wrong", "the listing gives a file 7 bytes too many", "WrongBytes", "config.json", listing(larger_listed)),
    Fault("hash listed wrong", "the listing gives another sha256", "WrongBytes", "config.json", listing(other_hash_listed)),
    Fault("path climbs", "the listing holds ../../escaped.json", SUCCEEDS, "", listing(climbing_listed)),
    Fault("redirects forever", "the listing redirects to itself", "NoNetwork", "check the network", lambda world: on("listing", *[("redirect", f"{world.hub.endpoint}/api/v1/models/{REPOSITORY}/repo/files?Revision={REVISION}")] * 40)(world)),
    Fault("file 404", "a listed file is not there", "SourceGone", "config.json", on("config.json", 404)),
    Fault("file 429", "a file is refused: too many requests", "FetchError", W, on(W, *[429] * 9)),
    Fault("file 500", "a file fails with a server error", "FetchError", W, on(W, *[500] * 9)),
    Fault("file 503", "a file fails: service unavailable", "FetchError", W, on(W, *[503] * 9)),
    Fault("slow", "the file comes in drops", SUCCEEDS, "", on(W, ("slow", 100_000, 0.05))),
    Fault("cut", "the line breaks in the middle of a file", "NoNetwork", "kept and resumed", on(W, ("cut", 300_000))),
    Fault("cut at once", "the line breaks before the first byte of a file", "NoNetwork", "kept and resumed", on(W, ("nothing",))),
    Fault("cut at the end", "the last byte is missing", "NoNetwork", "kept and resumed", on(W, ("cut", len(WEIGHTS) - 1))),
    Fault("silence", "the file stops coming and the line stays open", "NoNetwork", W, silent_after(W, "pause", 300_000)),
    Fault("wrong bytes", "a file of the right size and other bytes, every time", "WrongBytes", "nothing was replaced", on(W, *[("bytes", WEIGHTS[::-1])] * 9)),
    Fault("wrong bytes once", "other bytes once, then the right ones", SUCCEEDS, "", on(W, ("bytes", WEIGHTS[::-1]))),
    Fault("too short", "a shorter file, complete by its own header", "WrongBytes", W, on(W, *[("bytes", WEIGHTS[:-9])] * 9)),
    Fault("too long", "a longer file", "WrongBytes", W, on(W, *[("bytes", WEIGHTS + b"more")] * 9)),
    Fault("empty", "an empty file", "WrongBytes", W, on(W, *[("bytes", b"")] * 9)),
    Fault("page for a file", "a login page in place of a file", "WrongBytes", W, on(W, *[("bytes", b"<html>log in</html>")] * 9)),
    Fault("false gzip", "a compression is claimed that is none", "NoNetwork", W, on(W, *[("gzip",)] * 9)),
    Fault("changed upstream", "the hub changed a file since its first use", "WrongBytes", "aigc.lock", changed_upstream),
    Fault("card differs", "the hub's file is not the one that the card names", "WrongBytes", "the card", stored_hash_differs),
    Fault("stale claim", "the claim of a process that is dead", SUCCEEDS, "", claim_of_the_dead),
    Fault("empty claim", "a claim whose owner died before writing its name", SUCCEEDS, "", claim_cut_short),
    Fault("busy", "another process is fetching, and does not end", "Busy", "doing it now", claim_of_the_living),
    Fault("disk too small", "less is free than the hub lists", "NoSpace", "AIGC_HOME", too_small_a_disk),
    Fault("disk full", "the disk fills up during the download", "NoSpace", "is full", writing_fails(errno.ENOSPC)),
    Fault("quota", "the user's quota is used up during the download", "NoSpace", "is full", writing_fails(errno.EDQUOT)),
    Fault("disk broken", "the disk answers with an input/output error", "FetchError", "reading or writing failed|error", writing_fails(errno.EIO)),
    Fault("no large files", "the file system takes no file so large", "FetchError", "File too large", no_large_files, say_what_the_child_said),
    Fault("home not writable", "AIGC_HOME cannot be written", "FetchError", "may write to", home_is_a_file),
    Fault("lock damaged", "aigc.lock is cut off", "BadInput", "move the file away", damaged_lock),
    Fault("receipt gone", "the receipt of a fetched model was deleted", SUCCEEDS, "", placed_then(lambda folder: (folder / "aigc-receipt.json").unlink())),
    Fault("file cut on disk", "a fetched file lost its end", SUCCEEDS, "", placed_then(lambda folder: (folder / W).write_bytes(WEIGHTS[:-1]))),
    Fault("bit flipped on disk", "a fetched file has a flipped bit; --verify names it", SUCCEEDS, "", placed_then(flip_a_bit), verify_then_get),
    Fault("strange leftovers", "longer and other bytes were left by an earlier try", SUCCEEDS, "", leftover_of_other_bytes),
    Fault("interrupted", "Ctrl-C in the middle of a file", "KeyboardInterrupt", "", lambda world: None, interrupted),
    Fault("killed in a file", "SIGKILL in the middle of a file; its locks stay behind", SUCCEEDS, "", killed_in_a_file),
    Fault("killed while placing", "SIGKILL before the receipt is written", SUCCEEDS, "", killed_while_placing),
    Fault("two at once", "two processes fetch the same card", SUCCEEDS, "", two_at_once, wait_for_both),
)  # fmt: skip

HEAD = f"""# Faults: what a bad network does to a fetch

{len(FAULTS)} faults, each injected into the fetch of a card of three files from a local server that speaks the part of
the ModelScope API that the pinned library uses; for the last ones into the disk or the process. An earlier model of the
same hub is on disk. `tests/fetch/test_fetch_faults.py` asserts for every row:

- the first call does what the table says: it succeeds, or raises that error, whose text says what to do;
- at no time a folder with wrong or missing bytes counts as fetched, so none can be loaded;
- when the fault is over, the next call succeeds, every file is right by its sha256, and nothing temporary is left;
- the earlier model is untouched, and so is its entry in `aigc.lock`.

This file is made by `python tests/fetch/fetch_faults.py`, and a test compares the two.

| | fault | what is done | first call |
|---|---|---|---|
"""


def as_markdown() -> str:
    rows = (f"| {i} | {f.name} | {f.injected} | {f.first} |" for i, f in enumerate(FAULTS, 1))
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(as_markdown(), end="")
