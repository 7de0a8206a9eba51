"""aigc.lock: what was written is read back; what is no lock is said to be none; nothing on record is overwritten."""

import json
import os
import string
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core import paths
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, WrongBytes
from aigc_kit.core.types import RemoteFile, Source
from aigc_kit.models.fetch import hublock

A, B = "a" * 64, "b" * 64
SOURCE = Source(kind="modelscope", ref="owner/name", revision="v1")
entries = st.fixed_dictionaries(
    {
        "bytes": st.integers(0, 2**50),
        "sha256": st.text("0123456789abcdef", min_size=64, max_size=64),
        "from": st.sampled_from(["hub", "first use"]),
    }
)
names = st.text(string.printable + "模型", min_size=1, max_size=20)
locks = st.dictionaries(names, st.dictionaries(names, entries, max_size=4), max_size=4)


@given(lock=locks)
def test_a_lock_reads_back_as_written(lock):
    with TemporaryDirectory() as name, patch.dict(os.environ, {"AIGC_HOME": name}):
        hublock.write(lock)
        assert hublock.read() == lock
        text = paths.lock_file().read_text(encoding="utf-8")
        hublock.write(dict(reversed(lock.items())))
        assert paths.lock_file().read_text(encoding="utf-8") == text, "the order of keys must not depend on history"
        assert [p.name for p in Path(name).iterdir()] == ["aigc.lock"], "no temporary file stays"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
near_locks = st.fixed_dictionaries(
    {"version": st.sampled_from([1, 2, "1"])}, optional={"repositories": json_values, "more": json_values}
)


@given(content=st.binary(max_size=60) | (json_values | near_locks).map(lambda v: json.dumps(v).encode()))
def test_anything_else_is_refused_with_a_clear_error(content):
    with TemporaryDirectory() as name, patch.dict(os.environ, {"AIGC_HOME": name}):
        paths.lock_file().write_bytes(content)
        try:
            read = hublock.read()
        except BadInput as error:
            assert "move the file away" in str(error)
        else:
            assert isinstance(read, dict)
        assert hublock.fill_in(SOURCE, RemoteFile("f")) == RemoteFile("f"), "find must never raise for it"


def test_no_lock_yet(home):
    assert hublock.read() == {}


def test_the_lock_fills_in_what_the_card_leaves_open(home):
    hublock.record(SOURCE, {"f": {"bytes": 5, "sha256": A, "from": "hub"}})
    assert hublock.fill_in(SOURCE, RemoteFile("f")) == RemoteFile("f", 5, A)
    assert hublock.fill_in(SOURCE, RemoteFile("f", 7, B)) == RemoteFile("f", 7, B)
    other = Source(kind="modelscope", ref="owner/name", revision="v2")
    assert hublock.fill_in(other, RemoteFile("f")) == RemoteFile("f")


def test_what_is_on_record_stays(home):
    hublock.record(SOURCE, {"f": {"bytes": 5, "sha256": A, "from": "hub"}})
    hublock.record(
        SOURCE, {"f": {"bytes": 6, "sha256": B, "from": "hub"}, "g": {"bytes": 1, "sha256": B, "from": "hub"}}
    )
    assert hublock.read()["owner/name@v1"]["f"]["sha256"] == A
    assert hublock.read()["owner/name@v1"]["g"]["bytes"] == 1


@pytest.mark.parametrize(("size", "sha"), [(6, A), (5, B)])
def test_the_hub_changed_since_the_first_use(home, size, sha):
    hublock.record(SOURCE, {"f": {"bytes": 5, "sha256": A, "from": "hub"}})
    with pytest.raises(WrongBytes, match=r"(?s)aigc\.lock.*delete the entry 'owner/name@v1'"):
        hublock.check(SOURCE, RemoteFile("f"), size, sha, Words("the hub's listing", "仓库的清单"))
    hublock.check(SOURCE, RemoteFile("f"), 5, None, Words("the hub's listing", "仓库的清单"))


def test_the_hub_differs_from_the_card(home):
    with pytest.raises(WrongBytes, match=r"(?s)the card.*the hub's listing"):
        hublock.check(SOURCE, RemoteFile("f", 5, A), 5, B, Words("the hub's listing", "仓库的清单"))
