"""The registry keeps every version, whoever writes at the same time, and notices damage."""

import multiprocessing
import sqlite3
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput, CannotLoad, CannotWrite, UnknownName
from aigc_kit.promptlab.patterns import PATTERNS, Registry, Slot, Template


def numbered(number: int, name: str = "t") -> Template:
    return Template(name, f"写{{{{ x }}}}，第 {number} 稿", (Slot("x"),), f"说明 {number}")


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path / "prompts.sqlite")


def test_versions_come_back_as_they_were(registry):
    first, second = registry.save(numbered(1), "第一版"), registry.save(numbered(2))
    assert registry.get("t").text == numbered(2).text and registry.get("t").about == "说明 2"
    assert registry.get("t", first) == numbered(1) and registry.get("t", second[:6]).version == second
    assert [(each.version, each.note) for each in registry.history("t")] == [(first, "第一版"), (second, "")]
    assert registry.get("t").fill(x="月").text == "写月，第 2 稿"


def test_the_same_content_leaves_no_second_line_and_going_back_leaves_one(registry):
    first = registry.save(numbered(1))
    assert registry.save(numbered(1), "again") == first and len(registry.history("t")) == 1
    registry.save(numbered(2))
    registry.save(numbered(1), "back")
    assert [each.note for each in registry.history("t")] == ["", "", "back"]
    assert len(registry) == 2 and registry.get("t") == numbered(1)


@settings(max_examples=12)
@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 3)), max_size=12))
def test_any_order_of_saving_keeps_the_newest_and_all_before(tmp_path_factory, order):
    registry, newest, lines = Registry(tmp_path_factory.mktemp("r") / "p.sqlite"), {}, 0
    for name, number in order:
        template = numbered(number, name)
        lines += newest.get(name) != template.version
        newest[name] = registry.save(template)
    assert registry.names() == sorted(newest)
    assert {name: registry.get(name).version for name in newest} == newest
    assert sum(len(registry.history(name)) for name in newest) == lines
    assert len(registry) == len({numbered(number).version for _, number in order})


def test_the_same_content_under_two_names_is_one_version(registry):
    assert registry.save(numbered(1, "a")) == registry.save(Template("b", numbered(1).text, (Slot("x"),), "另一个"))
    assert len(registry) == 1 and registry.get("b").name == "b" and registry.get("b").about == "另一个"


def write_some(path, writer: int, count: int) -> None:
    registry = Registry(path)
    for number in range(count):
        registry.save(numbered(1000 * writer + number), f"writer {writer}")


def test_threads_and_processes_lose_nothing(tmp_path):
    path = tmp_path / "prompts.sqlite"
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as processes, ThreadPoolExecutor(4) as threads:
        jobs = [processes.submit(write_some, path, writer, 15) for writer in (1, 2)]
        jobs += [threads.submit(write_some, path, writer, 15) for writer in (3, 4, 5, 6)]
        for job in jobs:
            job.result()
    registry = Registry(path)
    history = registry.history("t")
    assert len(registry) == len(history) == 90
    for writer in range(1, 7):
        own = [each.version for each in history if each.note == f"writer {writer}"]
        assert own == [numbered(1000 * writer + number).version for number in range(15)]


def test_ten_thousand_templates(registry):
    versions = registry.save_all(numbered(number, f"t{number}") for number in range(10_000))
    assert len(set(versions)) == len(registry) == len(registry.names()) == 10_000
    for number in range(0, 10_000, 500):
        assert registry.get(f"t{number}", versions[number][:8]) == numbered(number, f"t{number}")
    with pytest.raises(UnknownName) as refusal:
        registry.get("t-missing")
    assert len(str(refusal.value)) < 400


def test_all_or_none(registry):
    def some():
        yield numbered(1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        registry.save_all(some())
    assert len(registry) == 0 and registry.names() == []


def test_unknown_names_and_versions(registry):
    with pytest.raises(UnknownName, match="save one first"):
        registry.get("feynman")
    registry.save_all(PATTERNS.values())
    with pytest.raises(UnknownName, match="feynman"):
        registry.get("feinman")
    with pytest.raises(UnknownName, match="no version"):
        registry.get("feynman", "zz")
    registry.save_all(numbered(number) for number in range(40))
    with pytest.raises(BadInput, match="versions begin so"):
        registry.get("t", "")


def test_a_changed_file_is_noticed(registry):
    version = registry.save(numbered(1))
    with sqlite3.connect(registry.path) as file:
        file.execute("UPDATE content SET body = replace(body, '写', '画')")
    file.close()
    with pytest.raises(CannotLoad, match="damaged"):
        registry.get("t", version)
    with sqlite3.connect(registry.path) as file:
        file.execute("UPDATE content SET body = '{}'")
    file.close()
    with pytest.raises(CannotLoad, match="damaged"):
        registry.get("t")


def test_what_is_no_registry_stays_as_it_is(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but somebody's notes " * 40)
    before = path.read_bytes()
    with pytest.raises(CannotLoad, match="name another file"):
        Registry(path)
    assert path.read_bytes() == before
    with pytest.raises(CannotWrite, match="another folder"):
        Registry(path / "prompts.sqlite")
    with pytest.raises(CannotWrite, match="another folder"):
        Registry(tmp_path)
    Registry(tmp_path / "new" / "prompts.sqlite").save(numbered(1))
