"""Broadcast token ids between processes, and compare their hashes."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotLoad

TRIES = 3
SECONDS = 120  # that the processes have in all
LONGEST = 100_000  # ids of a prompt


@dataclass(frozen=True)
class Report:
    """Hold what became of one prompt.

    Args:
        ids: that each process holds at the end, by rank.
        log: what happened, in order: {"try", "order", "step", "rank", "hash", "bytes"}, bytes held.
        tries: broadcasts that were needed.
        gathered: what rank 1 has after an all-gather of the same size: a part of every rank, its own empty one too.
    """

    ids: tuple[tuple[int, ...], ...]
    log: tuple[dict[str, Any], ...]
    tries: int
    gathered: tuple[tuple[int, ...], ...]


def digest(ids: Sequence[int]) -> str:
    """Hash token ids: 16 digits, the same everywhere.

    >>> digest([1, 2]) == digest((1, 2)) != digest([12])
    True
    """
    return hashlib.sha256(b"".join(int(each).to_bytes(8, "little", signed=True) for each in ids)).hexdigest()[:16]


def synchronise(ids: Sequence[int], *, processes: int = 2, flip: tuple[int, int] | None = None) -> Report:
    """Give a prompt's ids to several processes, by gloo.

    An all-gather comes first, for comparison. Then rank 0 broadcasts the ids, every rank hashes what it holds, all
    hashes are gathered, and if one differs the ids are sent again.

    Args:
        ids: token ids, 64 bits each.
        processes: 2 to 4.
        flip: (rank, place): that rank changes one id of its first copy, to show what happens.

    Raises:
        BadInput: no ids, no such numbers. CannotLoad: the processes failed, or did not agree after `TRIES`.
    """
    rows = _checked(ids, processes, flip)
    with tempfile.TemporaryDirectory(prefix="aigc-sync-") as folder:
        order = {"ids": rows, "processes": processes, "flip": flip, "folder": folder}
        program = "import sys; from aigc_kit.promptlab.sync.gloo import _rank; _rank(sys.argv[1], sys.argv[2])"
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
        workers = [
            subprocess.Popen(
                [sys.executable, "-c", program, json.dumps(order), str(rank)],
                env=environment,
                stderr=subprocess.PIPE,
            )
            for rank in range(processes)
        ]
        try:
            errors = [worker.communicate(timeout=SECONDS)[1] for worker in workers]
        except subprocess.TimeoutExpired as error:
            raise _failed(Words(f"no end after {SECONDS} s", f"{SECONDS} 秒还没有完")) from error
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
        if any(worker.returncode for worker in workers):
            words = b" ".join(errors).decode("utf-8", "replace").strip().splitlines()[-1:]
            raise _failed(Words.of(words[0] if words else "a process ended"))
        parts = [json.loads((Path(folder) / f"{rank}.json").read_text()) for rank in range(processes)]
    log = sorted(
        (row for part in parts for row in part["log"]), key=lambda row: (row["try"], row["order"], row["rank"])
    )
    held = tuple(tuple(part["ids"]) for part in parts)
    if any(each != tuple(rows) for each in held):
        raise _failed(Words(f"{TRIES} tries, and still different", f"试了 {TRIES} 次，还是不一样"))
    return Report(held, tuple(log), parts[0]["tries"], tuple(map(tuple, parts[1]["gathered"])))


def _checked(ids: Sequence[int], processes: int, flip: tuple[int, int] | None) -> list[int]:
    rows = [int(each) for each in ids] if all(isinstance(each, int) for each in ids) else []
    fine = 1 <= len(rows) <= LONGEST and all(abs(each) < 1 << 63 for each in rows) and processes in (2, 3, 4)
    if not fine or (flip is not None and not (0 < flip[0] < processes and 0 <= flip[1] < len(rows))):
        raise BadInput(
            asked=Words(f"{len(ids)} ids for {processes} processes", f"{len(ids)} 个编号，给 {processes} 个进程"),
            found=Words("no integers, or a process or place that is not there", "不是整数，或者没有这个进程、这个位置"),
            todo=Words(
                "give ids of a tokenizer, 2 to 4 processes, flip=(1, 0)", "给分词器的编号，进程 2 到 4 个，flip=(1, 0)"
            ),
        )
    return rows


def _failed(found: Words) -> CannotLoad:
    return CannotLoad(
        asked=Words("the same prompt in all processes", "让所有进程拿到同一个提示词"),
        found=found,
        todo=Words("try again; a firewall may block 127.0.0.1", "再试一次；防火墙可能挡住了 127.0.0.1"),
    )


def _rank(order: str, number: str) -> None:
    """Run one process of `synchronise`."""
    import torch
    import torch.distributed as dist

    told, rank = json.loads(order), int(number)
    folder, count = Path(told["folder"]), told["processes"]
    dist.init_process_group("gloo", init_method=(folder / "meeting").as_uri(), rank=rank, world_size=count)
    log, tries, same = list[dict[str, Any]](), 0, False
    held = torch.empty(0, dtype=torch.int64)
    size = torch.tensor([len(told["ids"]) if rank == 0 else 0])
    dist.broadcast(size, src=0)
    own_part = torch.tensor(told["ids"]) if rank == 0 else torch.zeros(int(size), dtype=torch.int64)
    parts = [torch.zeros(int(size), dtype=torch.int64) for _ in range(count)]
    dist.all_gather(parts, own_part)  # every rank has all parts now, but not a word about which is the prompt
    whole = digest(torch.cat(parts).tolist())
    log.append(
        {"try": 0, "order": 0, "step": "all-gather", "rank": rank, "hash": whole, "bytes": 8 * int(size) * count}
    )
    while not same and tries < TRIES:
        tries += 1
        held = own_part.clone()
        dist.broadcast(held, src=0)
        if told["flip"] and rank == told["flip"][0] and tries == 1:
            held[told["flip"][1]] += 1  # as a faulty wire would
        own = digest(held.tolist())
        every: list[Any] = [None] * count
        dist.all_gather_object(every, own)
        same = len(set(every)) == 1
        log.append({"try": tries, "order": 0, "step": "broadcast", "rank": rank, "hash": own, "bytes": 8 * len(held)})
        if rank == 0:
            step = "same" if same else "different: " + ", ".join(f"rank {r}" for r in range(count) if every[r] != own)
            log.append({"try": tries, "order": 1, "step": step, "rank": 0, "hash": own, "bytes": 0})
    (folder / f"{rank}.json").write_text(
        json.dumps({"ids": held.tolist(), "log": log, "tries": tries, "gathered": [part.tolist() for part in parts]})
    )
    dist.barrier()
    dist.destroy_process_group()
