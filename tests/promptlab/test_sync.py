"""One prompt in several processes: broadcast, all-gather, and a copy that was spoiled."""

import hashlib
import struct

import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.promptlab import sync


def test_a_spoiled_copy_is_noticed_and_sent_again():
    ids = [5, 60_000, 7]
    report = sync.synchronise(ids, flip=(1, 2))
    assert report.ids == ((5, 60_000, 7), (5, 60_000, 7)) and report.tries == 2
    assert report.gathered == ((5, 60_000, 7), (0, 0, 0))  # all-gather: a part of every rank, none of them marked
    steps = [(row["try"], row["step"], row["rank"]) for row in report.log]
    assert steps[:2] == [(0, "all-gather", 0), (0, "all-gather", 1)]
    assert (1, "different: rank 1", 0) in steps and (2, "same", 0) in steps
    own = hashlib.sha256(struct.pack("<3q", *ids)).hexdigest()[:16]
    hashes = {(row["try"], row["rank"]): row["hash"] for row in report.log if row["step"] == "broadcast"}
    assert hashes[1, 0] == hashes[2, 0] == hashes[2, 1] == own == sync.digest(ids) != hashes[1, 1]
    assert [row["bytes"] for row in report.log if row["step"] in ("all-gather", "broadcast")] == [
        48,
        48,
        24,
        24,
        24,
        24,
    ]


@pytest.mark.parametrize(
    ("ids", "settings"),
    [
        ([], {}),
        ([1.5], {}),
        (["1"], {}),
        ([1], {"processes": 1}),
        ([1], {"processes": 9}),
        ([1], {"flip": (0, 0)}),
        ([1], {"flip": (1, 5)}),
        ([1 << 63], {}),
    ],
)
def test_bad_ids_are_refused(ids, settings):
    with pytest.raises(BadInput):
        sync.synchronise(ids, **settings)
