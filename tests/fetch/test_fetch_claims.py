"""One process at a time, also when the one before it died."""

import json
import os
import platform
import subprocess
import sys
import threading
import time

import psutil
import pytest

from aigc_kit.core.errors import Busy
from aigc_kit.models.fetch import lock

# Each process adds 1 to a number in a file, by reading, waiting and writing: without mutual exclusion, counts get lost.
WORKER = """
import sys, time
from pathlib import Path
from aigc_kit.fetch.claims import claim
count, mark = Path(sys.argv[1]), Path(sys.argv[2])
for _ in range(5):
    with claim(mark, asked="count", wait=60):
        value = int(count.read_text())
        time.sleep(0.002)
        count.write_text(str(value + 1))
"""


def dead_owner() -> dict:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return {"pid": ended.pid, "host": platform.node(), "created": time.time()}


def test_processes_exclude_each_other_and_take_over_from_a_dead_one(tmp_path):
    count, mark = tmp_path / "count", tmp_path / "claims" / "thing"
    count.write_text("0")
    mark.parent.mkdir()
    mark.write_text(json.dumps(dead_owner()))
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, str(count), str(mark)], stderr=subprocess.DEVNULL)
        for _ in range(4)
    ]
    assert [worker.wait(timeout=60) for worker in workers] == [0] * 4
    assert count.read_text() == "20"
    assert list(mark.parent.iterdir()) == []


def test_a_living_owner_is_waited_for_then_named(tmp_path):
    mark = tmp_path / "thing"
    with (
        lock.claim(mark, asked="fetch thing"),
        pytest.raises(Busy, match=rf"process {os.getpid()} on .* is doing it"),
        lock.claim(mark, asked="fetch thing", wait=0.25),
    ):
        pass
    assert not mark.exists()


def test_the_second_goes_on_when_the_first_ends(tmp_path):
    mark, order = tmp_path / "thing", []

    def second():
        with lock.claim(mark, asked="fetch thing", wait=10):
            order.append("second")

    with lock.claim(mark, asked="fetch thing"):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join(timeout=10)
    assert order == ["first", "second"]


def test_a_claim_is_given_back_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), lock.claim(tmp_path / "thing", asked="x"):
        raise ZeroDivisionError
    assert not (tmp_path / "thing").exists()


def mark_with(path, owner, age=0.0):
    path.write_text(owner if isinstance(owner, str) else json.dumps(owner))
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def test_who_counts_as_dead(tmp_path):
    me = {"pid": os.getpid(), "host": platform.node(), "created": psutil.Process().create_time()}
    assert not lock.is_stale(tmp_path / "none")
    assert not lock.is_stale(mark_with(tmp_path / "a", me))
    assert lock.is_stale(mark_with(tmp_path / "b", dead_owner()))
    assert lock.is_stale(mark_with(tmp_path / "c", {**me, "created": me["created"] - 9999})), "the pid is reused"
    assert not lock.is_stale(mark_with(tmp_path / "d", "")), "its owner may be writing it at this moment"
    assert lock.is_stale(mark_with(tmp_path / "e", "", age=60))
    assert lock.is_stale(mark_with(tmp_path / "f", "[1, 2]", age=60))
    assert not lock.is_stale(mark_with(tmp_path / "g", {**me, "host": "elsewhere", "pid": 1}, age=60))
    assert lock.is_stale(mark_with(tmp_path / "h", {**me, "host": "elsewhere", "pid": 1}, age=7200))


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="this system has no zombies")
def test_an_owner_that_ended_and_was_not_waited_for_is_dead(tmp_path):
    """Its process id is still taken, so it looks alive: a notebook's kernel may never wait for what it started."""
    child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    owner = {"pid": child.pid, "host": platform.node(), "created": psutil.Process(child.pid).create_time()}
    mark = mark_with(tmp_path / "thing", owner)
    assert not lock.is_stale(mark)
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
    assert psutil.pid_exists(child.pid) and lock.is_stale(mark)
    with lock.claim(mark, asked="x", wait=0.5):
        pass
    child.wait()


def test_a_crash_during_a_takeover_does_not_block_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "_POLL_SECONDS", 0.01)
    mark = mark_with(tmp_path / "thing", dead_owner())
    mark_with(tmp_path / "thing.takeover", "{}", age=60)
    with lock.claim(mark, asked="x", wait=5):
        assert json.loads(mark.read_text())["pid"] == os.getpid()
    assert list(tmp_path.iterdir()) == []
