"""One process at a time, also when the one before it died."""

import os
import subprocess
import sys
import threading
import time

import psutil
import pytest
from fetch_making import holder, mark_of_the_dead

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import Busy
from aigc_kit.models.fetch import lock

# Each process adds 1 to a number in a file, by reading, waiting and writing: without mutual exclusion, counts get lost.
WORKER = """
import sys, time
from pathlib import Path
from aigc_kit.models.fetch.lock import claim
count, mark = Path(sys.argv[1]), Path(sys.argv[2])
for _ in range(5):
    with claim(mark, asked="count", wait=60):
        value = int(count.read_text())
        time.sleep(0.002)
        count.write_text(str(value + 1))
"""


def edited(mark, **fields):
    """The mark with other values of some of its fields."""
    lines = mark.read_text().splitlines()
    values = [f"{name}={fields.get(name, value)}" for name, _, value in (line.partition("=") for line in lines[1:])]
    mark.write_text("\n".join([lines[0], *values, ""]))
    return mark


def is_taken(mark, wait: float = 0.3) -> bool:
    """Whether a claim is got within this time."""
    try:
        with lock.claim(mark, asked="x", wait=wait):
            return True
    except Busy:
        return False


def test_processes_exclude_each_other_and_take_over_from_a_dead_one(tmp_path):
    count, mark = tmp_path / "count", tmp_path / "claims" / "thing"
    count.write_text("0")
    mark_of_the_dead(mark)
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
        lock.claim(mark, asked=Words("fetch thing", "下载 thing")),
        pytest.raises(Busy, match=rf"process {os.getpid()} on .* is doing it"),
        lock.claim(mark, asked=Words("fetch thing", "下载 thing"), wait=0.25),
    ):
        pass
    assert not mark.exists()


def test_the_second_goes_on_when_the_first_ends(tmp_path):
    mark, order = tmp_path / "thing", []

    def second():
        with lock.claim(mark, asked=Words("fetch thing", "下载 thing"), wait=10):
            order.append("second")

    with lock.claim(mark, asked=Words("fetch thing", "下载 thing")):
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


def test_who_counts_as_dead(tmp_path):
    assert is_taken(tmp_path / "none")
    with holder(tmp_path / "a") as living:
        assert not is_taken(tmp_path / "a")
        living.stdin.close()
    assert is_taken(tmp_path / "a")
    assert is_taken(mark_of_the_dead(tmp_path / "b"))
    mine = mark_of_the_dead(tmp_path / "c")
    assert is_taken(edited(mine, pid=os.getpid())), "the pid is reused"
    for number, text in enumerate(("", "[1, 2]", '{"pid": 1, "host": "elsewhere"}')):
        mark = tmp_path / f"d{number}"
        mark.write_text(text)
        assert not is_taken(mark), "its owner may be writing it at this moment"
        os.utime(mark, (time.time() - 60,) * 2)
        assert is_taken(mark, wait=10)


def test_a_claim_of_another_container_counts_while_it_is_refreshed(tmp_path, monkeypatch):
    """Its process cannot be asked: a container that was killed must not keep the next one waiting for ten minutes."""
    monkeypatch.setattr(lock, "LEASE_SECONDS", 0.6)
    mark = tmp_path / "thing"
    with holder(mark, lease=0.6) as process:
        process.kill()
    edited(mark, host="elsewhere", pid=1)
    for _ in range(8):
        os.utime(mark)  # its owner lives
        assert not is_taken(mark, wait=0.1)
    started = time.monotonic()
    assert is_taken(mark, wait=10) and 0.5 < time.monotonic() - started < 5
    assert lock.LEASE_SECONDS * 2 < lock.WAIT_SECONDS


def test_a_living_owner_keeps_its_claim_beyond_the_lease(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "LEASE_SECONDS", 0.4)
    with holder(tmp_path / "thing", lease=0.4) as process:
        assert not is_taken(tmp_path / "thing", wait=1.5)
        process.stdin.close()
    assert process.returncode == 0 and is_taken(tmp_path / "thing")


def test_another_lease_is_not_taken_by_force(tmp_path):
    with holder(tmp_path / "thing", lease=7.0) as process:
        with pytest.raises(Busy, match=r"is doing it now(.|\n)*delete"), lock.claim(tmp_path / "thing", asked="x"):
            pass
        process.stdin.close()


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="this system has no zombies")
def test_an_owner_that_ended_and_was_not_waited_for_is_dead(tmp_path, monkeypatch):
    """Its process id is still taken, so it looks alive: a notebook's kernel may never wait for what it started."""
    monkeypatch.setattr(lock, "LEASE_SECONDS", 0.6)
    mark = tmp_path / "thing"
    child = holder(mark, lease=0.6)
    assert not is_taken(mark)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
    assert psutil.pid_exists(child.pid) and mark.exists()
    assert is_taken(mark, wait=5)
    child.communicate()


def test_a_claim_in_another_tongue_does_not_block_for_ever(tmp_path):
    mark = tmp_path / "thing"
    mark.write_text('{"pid": 1, "host": "elsewhere", "created": 1.0}')  # as earlier versions of the kit wrote it
    with lock.claim(mark, asked="x", wait=10):
        assert f"pid={os.getpid()}" in mark.read_text()
    assert list(tmp_path.iterdir()) == []
