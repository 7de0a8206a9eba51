"""A class of 30 submissions, many broken on purpose: all graded, the broken ones named, nothing run unasked."""

import csv
import io
import json
import shutil
import socket
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import class_making as make
import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.teach.classroom import grade, judge, pack, sandbox, table, unpack


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """The folder of a class: 30 files, and what is wrong with each broken one."""
    root = tmp_path_factory.mktemp("class")
    folder = root / "class"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        functions = ["right", "wrong", "endless", "greedy", "leaving", "syntax", "writing"]
        for index in range(14):
            make.honest(
                index,
                folder,
                root / f"home{index}",
                patch,
                right=index % 3 != 1,
                function=functions[index % 7],
            )
    good = folder / "00.zip"
    fine = {f"{index:02d}.zip": None for index in range(14)}

    def edited(name, change):
        make.rewritten(good, folder / name, change)

    def manifest(members, **changes):
        return {
            **members,
            "submission.json": json.dumps({**json.loads(members["submission.json"]), **changes}).encode(),
        }

    def without(members, ending):
        return {name: data for name, data in members.items() if not name.endswith(ending)}

    def answer(members, text):
        return {**members, "answers/01/b.json": text.encode()}

    edited("14-formula.zip", lambda m: manifest(m, name='=HYPERLINK("http://x")'))
    edited("15-script.zip", lambda m: manifest(m, name="<script>alert(1)</script>"))
    edited("16-work-changed.zip", lambda m: {n: b"other" if n.endswith("poem.txt") else d for n, d in m.items()})
    edited("17-work-gone.zip", lambda m: without(m, "poem.txt"))
    edited("18-answer-garbage.zip", lambda m: answer(m, "{"))
    edited("19-answer-list.zip", lambda m: answer(m, "[1]"))
    edited("20-answer-pickle.zip", lambda m: answer(m, '{"answers": [{"pickle": "gASV"}], "named": {}}'))
    edited("21-unknown-lab.zip", lambda m: {**m, "answers/99/z.json": b"{}"})
    fine |= {path.name: None for path in folder.glob("*.zip")}
    broken = {
        "22-cut.zip": "没有传完整",
        "23-not-a-zip.zip": "不是 zip",
        "24-slip.zip": "文件夹之外",
        "25-link.zip": "是链接或设备",
        "26-bomb.zip": "超过上限 200 MB",
        "27-no-manifest.zip": "没有格式 1 的 submission.json",
        "28-encrypted.zip": "加了密",
        "29-twice.zip": "出现了两次",
    }
    (folder / "22-cut.zip").write_bytes(good.read_bytes()[:-200])
    (folder / "23-not-a-zip.zip").write_bytes(b"Rar!\x1a\x07 not a zip")
    make.with_member(good, folder / "24-slip.zip", zipfile.ZipInfo("../../escaped.txt"), b"x")
    make.with_member(good, folder / "25-link.zip", make.a_link("works/link.txt"), b"/etc/passwd")
    make.bomb(folder / "26-bomb.zip")
    edited("27-no-manifest.zip", lambda m: without(m, "submission.json"))
    make.encrypted(good, folder / "28-encrypted.zip")
    make.with_member(good, folder / "29-twice.zip", zipfile.ZipInfo("ANSWERS/01/B.json"), b"{}")
    assert len(list(folder.iterdir())) == 30
    return folder, fine, broken


@pytest.fixture(scope="module")
def rows(handed_in):
    folder, _, _ = handed_in
    return {row.file: row for row in grade(folder)}


def state(row, name):
    return row.checks["01"][name]["state"]


def test_all_are_graded_and_the_broken_ones_are_named(handed_in, rows):
    _, fine, broken = handed_in
    assert set(rows) == {*fine, *broken} and len(rows) == 30
    assert {name for name, row in rows.items() if row.problem} == set(broken)
    for name, why in broken.items():
        assert why in rows[name].problem, (name, rows[name].problem)


def test_answers_are_recomputed_and_functions_are_not_run(rows):
    assert [state(rows["00.zip"], name) for name in "bcde"] == ["passed", "passed", "claimed", "passed"]
    assert [state(rows["01.zip"], name) for name in "bcde"] == ["failed", "passed", "claimed", "failed"]
    assert rows["00.zip"].name == "学生00" and rows["00.zip"].right == 3
    assert rows["00.zip"].works == {"same": 1, "changed": 0, "missing": 0, "unreadable": 0}
    assert rows["00.zip"].notes and all("相同" in note for note in rows["00.zip"].notes), "others are copies of it"
    assert rows["05.zip"].notes == ()


def test_what_was_changed_after_packing_is_noticed(rows):
    assert rows["16-work-changed.zip"].works["changed"] == 1 and "改过" in rows["16-work-changed.zip"].notes[0]
    assert rows["17-work-gone.zip"].works["missing"] == 1 and "缺少文件" in rows["17-work-gone.zip"].notes[0]
    for name in ("18-answer-garbage.zip", "19-answer-list.zip", "20-answer-pickle.zip"):
        assert state(rows[name], "b") == "broken" and state(rows[name], "c") == "passed", (
            "the other answers still count"
        )
    assert any("没有第 99 课" in note for note in rows["21-unknown-lab.zip"].notes)


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.words = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        assert not {name for name, _ in attrs} & {"onclick", "onerror", "src", "href"}

    def handle_data(self, data):
        self.words.append(data)


def test_the_tables_say_what_can_be_forged_and_run_nothing(handed_in, rows, tmp_path):
    written_csv, written_html = table.write(list(rows.values()), tmp_path)
    lines = list(csv.reader(io.StringIO(written_csv.read_text(encoding="utf-8-sig"))))
    assert len(lines) == 31 and lines[0][:3] == ["文件", "姓名", "问题"]
    assert not any(cell.startswith(("=", "+", "@")) for line in lines for cell in line)
    by_file = {line[0]: line for line in lines}
    assert by_file["14-formula.zip"][1].startswith("'=HYPERLINK")
    assert "复算通过" in by_file["00.zip"] and "自报通过，未复算" in by_file["00.zip"]
    reader = Reader()
    reader.feed(written_html.read_text(encoding="utf-8"))
    page = "".join(reader.words)
    assert "script" not in reader.tags and "<script>alert(1)</script>" in page
    for words in ("这张表证明不了什么", "sha256 不是签名", "答案是函数，默认不运行", "姓名、时间、版本"):
        assert words in page
    assert "其中 8 份打不开" in page and all(name in page for name in handed_in[2])


@pytest.fixture(scope="module")
def executed(handed_in, tmp_path_factory):
    """The same functions once more, run on request: one submission for each."""
    folder, _, _ = handed_in
    some = tmp_path_factory.mktemp("executed")
    for index in range(7):
        shutil.copy(folder / f"{index:02d}.zip", some)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "CALL_SECONDS", 3.0)
        rows = {}
        for archive in sorted(some.glob("*.zip")):  # in this process, where the time limit is short
            unpack(archive, some / archive.stem)
            rows[archive.stem] = judge.judge(some / archive.stem, execute=True)["checks"]["01"]["d"]
    return rows


@pytest.mark.parametrize(
    ("index", "state", "hint"),
    [
        ("00", "ran-passed", ""),
        ("01", "ran-failed", "留下 1 个"),
        ("02", "ran-failed", "no answer within 3 s"),
        ("03", "ran-failed", "MemoryError"),
        ("04", "ran-failed", "SystemExit"),
        ("05", "ran-failed", "SyntaxError"),
        ("06", "ran-failed", "留下 1 个"),
    ],
    ids=["right", "wrong", "endless", "greedy", "leaving", "syntax", "writing"],
)
def test_functions_run_only_when_asked_and_within_limits(executed, index, state, hint):
    assert executed[index]["state"] == state, executed[index]
    assert hint in executed[index]["hint"]


def test_the_sandbox_has_no_keys_no_files_of_ours_and_no_network(monkeypatch, tmp_path):
    monkeypatch.setenv("MY_API_KEY", "abcdefgh12345678")
    source = """
def look():
    import os, socket, pathlib
    found = {"keys": [n for n in os.environ if "KEY" in n], "home": os.environ["HOME"], "here": os.listdir(".")}
    try:
        socket.create_connection(("127.0.0.1", %d), timeout=2).close()
        found["network"] = True
    except OSError:
        found["network"] = False
    try:
        pathlib.Path("big").write_bytes(bytes(5_000_000))
        found["wrote"] = True
    except OSError:
        found["wrote"] = False
    return found
"""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        spec = {"name": "look", "source": source % server.getsockname()[1], "needs": {}}
        with sandbox.Sandbox(spec) as look:
            found = look()
    assert found["keys"] == [] and found["here"] == [] and found["wrote"] is False
    assert found["network"] is False
    assert not Path(found["home"]).exists(), "and its folder is gone"


def test_a_function_reads_python_and_the_kit_and_nothing_of_the_teachers(tmp_path):
    """What grading needs is open: packages, shipped files, its own folder. Nothing else is, no process starts."""
    private = tmp_path / "private.txt"
    private.write_text("mine")
    source = """
def look():
    import os, sys, subprocess
    import scipy.special
    from aigc_kit.worlds import verse
    tried = {"rhyme": "寒" in verse.load_rhymes()["看"], "gamma": float(scipy.special.gamma(5.0))}
    for name, act in {
        "read": lambda: open(%(file)r).read(),
        "list": lambda: os.listdir(%(folder)r),
        "remove": lambda: os.remove(%(file)r),
        "write": lambda: open(%(folder)r + "/new", "w"),
        "parent": lambda: open(f"/proc/{os.getppid()}/environ").read(),
        "fork": os.fork,
        "start": lambda: subprocess.run([sys.executable, "-c", ""]),
        "kill": lambda: os.kill(os.getppid(), 0),
    }.items():
        try:
            act()
            tried[name] = "done"
        except OSError as error:
            tried[name] = "refused"
    return tried
"""
    spec = {"name": "look", "source": source % {"file": str(private), "folder": str(tmp_path)}, "needs": {}}
    with sandbox.Sandbox(spec) as look:
        tried = look()
    assert tried.pop("rhyme") is True and tried.pop("gamma") == 24.0
    assert set(tried.values()) == {"refused"}, tried
    assert private.read_text() == "mine" and sorted(tmp_path.iterdir()) == [private]


def test_a_function_cannot_reach_the_check():
    source = """
def f(probs, p):
    import aigc_kit.teach.labs.lab01.checks as nb
    nb.d.function = lambda *a: True
    return []
"""
    from aigc_kit.teach.labs.lab01 import checks

    with sandbox.Sandbox({"name": "f", "source": source, "needs": {}}) as function:
        assert not checks.d.judge(function).passed


# ---- packing --------------------------------------------------------------------------------------------------------


@pytest.fixture
def learner(tmp_path, monkeypatch):
    make.honest(1, tmp_path, tmp_path / "home", monkeypatch, right=True)
    return tmp_path / "home" / "out"


def test_what_is_packed_and_what_is_left_out(learner, tmp_path):
    (tmp_path / "secret.txt").write_text("outside")
    (learner / "link.txt").symlink_to(tmp_path / "secret.txt")
    (learner / "linked").symlink_to(tmp_path, target_is_directory=True)
    (learner / "model.safetensors").write_bytes(b"x")
    (learner / ".hidden.txt").write_text("x")
    (learner / "big.wav").write_bytes(bytes(30_000_001))
    packed = pack("王 小明", tmp_path, [learner])
    assert packed.path.name == "王_小明.zip"
    assert set(packed.files) == {
        "answers/01/b.json", "answers/01/c.json", "answers/01/d.json", "answers/01/e.json",
        "works/poem.json", "works/poem.txt", "submission.json",
    }  # fmt: skip
    assert {name for name, _ in packed.left_out} == {"works/link.txt", "works/model.safetensors", "works/big.wav"}
    assert "超过上限 30" in dict(packed.left_out)["works/big.wav"]
    assert b"outside" not in packed.path.read_bytes()
    names = unpack(packed.path, tmp_path / "there").files
    assert set(names) == set(packed.files), "what is packed can be unpacked"


def test_a_key_is_refused_by_name_and_nothing_is_written(learner, tmp_path, monkeypatch):
    monkeypatch.setenv("MY_API_KEY", "abcdefgh12345678")
    (learner / "note.txt").write_text("call it with abcdefgh12345678")
    with pytest.raises(BadInput, match=r"(?s)works/note\.txt.*MY_API_KEY.*nothing was packed") as caught:
        pack("a", tmp_path / "a.zip", [learner])
    assert "abcdefgh12345678" not in str(caught.value) and not (tmp_path / "a.zip").exists()
    (learner / "note.txt").write_text("sk-" + "a1B2" * 8)
    with pytest.raises(BadInput, match="looks like a key"):
        pack("a", tmp_path / "a.zip", [learner])


def test_nothing_to_pack_and_no_name(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "empty"))
    with pytest.raises(BadInput, match="no answers and no works"):
        pack("a", tmp_path, [tmp_path])
    with pytest.raises(BadInput, match=r"(?s)works in .*nowhere.*no such folder"):
        pack("a", tmp_path, [tmp_path / "nowhere"])
    with pytest.raises(BadInput, match="aigc submit --name"):
        pack("  ", tmp_path)


# ---- unpacking ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "/etc/x.txt", "../x.txt", "works/../../x.txt", "top//etc/../../x.txt",
    ],
)  # fmt: skip
def test_names_that_are_refused(tmp_path, name):
    archive = make.named(tmp_path / "a.zip", name)
    with pytest.raises(BadInput, match="用 aigc submit 重新打包"):
        unpack(archive, tmp_path / "out")
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path != archive]


@pytest.mark.parametrize(
    "name",
    [
        "C:/x.txt", "works\\x.txt", "works/x.exe", "works/x.py", "works/con.txt", "works/a./x.txt",
        "works/" + "a" * 130 + ".txt", "a/b/c/d/e/f/g/h.txt", "x\n.txt", "works/报告.docx", "works/no-ending",
    ],
)  # fmt: skip
def test_a_stray_file_is_left_out_and_the_rest_kept(tmp_path, name):
    unpacked = unpack(make.named(tmp_path / "a.zip", name, "submission.json"), tmp_path / "out")
    assert unpacked.files == ("submission.json",) and [stray for stray, _ in unpacked.left_out] == [name]
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"a.zip", "submission.json"}


def test_more_than_the_headers_claim(tmp_path):
    with pytest.raises(BadInput, match="压缩包损坏"):
        unpack(make.liar(tmp_path / "a.zip"), tmp_path / "out")


def test_too_many_files(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as opened:
        for index in range(1001):
            opened.writestr(f"works/{index}.txt", b"")
    with pytest.raises(BadInput, match="里面有 1001 个文件"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as opened:
        for index in range(9000):
            opened.writestr(f"works/{index}.txt", b"")
    with pytest.raises(BadInput, match="列出的文件超过 1000 个"):
        unpack(tmp_path / "b.zip", tmp_path / "out")


def test_an_archive_damaged_anywhere_is_refused_or_right(tmp_path, monkeypatch):
    """Each of 120 flipped bytes: a refusal, or files whose checksum held; never another exception, never outside."""
    good = make.honest(1, tmp_path, tmp_path / "home", monkeypatch, right=True)
    data = good.read_bytes()
    outcomes = set()
    for at in range(0, len(data), max(1, len(data) // 120)):
        raw = bytearray(data)
        raw[at] ^= 0x55
        (tmp_path / "bad.zip").write_bytes(raw)
        target = tmp_path / f"out{at}"
        try:
            unpack(tmp_path / "bad.zip", target)
            outcomes.add("unpacked")
        except BadInput:
            outcomes.add("refused")
    assert "refused" in outcomes
    assert {path.name.split("0")[0].rstrip("123456789") for path in tmp_path.iterdir()} <= {
        "home",
        "out",
        "bad.zip",
        "",
    }
