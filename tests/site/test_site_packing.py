"""What a page holds: seven bits a character, halves in planes, the same bytes always; word lists for its script."""

import gzip
import json
import re

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.teach import site
from aigc_kit.teach.site import exports, packing, playgrounds, word_lists


def bytes_of(text: str) -> bytes:
    """The other way, bit by bit: an independent reading of what `as_text` writes."""
    back = {character: code for code, character in packing.REPLACED.items()}
    codes = [back.get(character, ord(character)) for character in text]
    bits = "".join(f"{code:07b}" for code in codes)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8))


@pytest.mark.parametrize("length", [0, 1, 6, 7, 8, 1000])
def test_bytes_come_back_from_characters(length):
    data = np.random.default_rng(length).integers(0, 256, length, np.uint8).tobytes()
    text = packing.as_text(data)
    assert bytes_of(text)[:length] == data
    assert len(text) % 8 == 0 and not set(text) & {"\0", "\r", "<"}
    assert len(packing.as_text(bytes(range(256)) * 50).encode()) < 1.18 * 256 * 50


def test_a_bundle_names_what_it_holds():
    arrays = {"a": np.array([[1.5, -2.0]], np.float16), "b": np.array([0.1], np.float32)}
    bundles = [packing.Bundle() for _ in range(2)]
    for bundle in bundles:
        bundle.add("words", "猫<".encode())
        bundle.add_arrays("numbers", arrays)
    assert bundles[0].text == bundles[1].text and bundles[0].index == bundles[1].index
    index = json.loads(bundles[0].index)
    assert index["arrays"]["numbers"] == [["a", "half", [1, 2]], ["b", "single", [1]]]
    whole, entries, at = bytes_of(bundles[0].text), {}, 0
    for name, length in index["entries"]:
        entries[name] = gzip.decompress(whole[at : at + length])
        at += length
    assert entries["words"].decode() == "猫<"
    planes = np.stack([np.frombuffer(entries[f"numbers.{plane}"], np.uint8) for plane in ("low", "high")], 1)
    assert np.array_equal(planes.copy().view(np.float16).ravel(), arrays["a"].ravel())
    assert np.frombuffer(entries["numbers.single"], np.float32)[0] == np.float32(0.1)


def test_word_lists_are_json_and_patterns_are_of_javascript():
    lists = word_lists.word_lists()
    assert json.loads(json.dumps(lists))["terms"]["subject"]["puppy"] == [["小狗", "狗"], ["puppy", "dog"]]
    for name in ("picture", "clip"):
        lengths = [len(word) for word, *_ in lists[name]["words"]]
        assert lengths == sorted(lengths, reverse=True) and len(lengths) > 1000
        assert not [pattern for pattern, *_ in lists[name]["rules"] if r"\w" in pattern or "(?P" in pattern]


def test_all_words_of_the_pages_stand_in_both_languages():
    words = playgrounds.catalogue()
    assert all(set(entry) == {"zh", "en"} and all(entry.values()) for entry in words.values())
    for page in playgrounds.PLAYGROUNDS:
        assert f"title.{page}" in words and f"lead.{page}" in words


@pytest.mark.parametrize("name", ["", "Picture", "pictures", "picture.html"])
def test_a_page_that_is_none_is_refused(tmp_path, name):
    with pytest.raises(UnknownName, match="page"):
        site.build(tmp_path, [name])
    assert list(tmp_path.iterdir()) == []


def test_sources_are_short_and_name_no_address():
    files = sorted((playgrounds.paths.assets() / "site").iterdir())
    assert {path.suffix for path in files} == {".js", ".css", ".json", ".j2"}
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert "http:" not in text and "https:" not in text and "fetch(" not in text, path.name
        assert path.suffix != ".js" or len(text.splitlines()) <= 300, path.name
        assert path.suffix != ".js" or not {"eval(", "innerHTML", "document.write"} & set(text.split()), path.name


def names_of(script):
    return set(re.findall(r"^(?:const|function|async function|class) (\w+)", script, re.MULTILINE))


@pytest.mark.parametrize(
    "page", [page for page in playgrounds.PLAYGROUNDS.values() if page.scripts], ids=lambda p: p.name
)
def test_a_page_holds_all_that_its_scripts_name(page):
    sources = (playgrounds.paths.assets() / "site").glob("*.js")
    every = set().union(*(names_of(path.read_text(encoding="utf-8")) for path in sources))
    script = re.sub(r"//.*", "", playgrounds.script_of(page))
    used = set(re.findall(r"(?<![\w.\"'`])(\w+)", script))
    assert (used & every) <= names_of(script) and page.start in names_of(script)
    assert len(names_of(script)) == len(
        re.findall(r"^(?:const|function|async function|class) \w", script, re.MULTILINE)
    )


def test_a_page_too_large_is_refused():
    with pytest.raises(BadInput, match="allowed"):
        site._require_small(exports.Words("a page", "页面"), 31, 30)
