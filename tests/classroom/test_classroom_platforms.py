"""A class's hand-ins as learning platforms and operating systems really leave them."""

import csv
import io
import shutil
import zipfile

import class_making as make
import pytest

from aigc_kit.cli import main
from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.teach.classroom import grade, handed_in, pack, table, unpack
from aigc_kit.teach.classroom.platforms import as_columns
from aigc_kit.teach.classroom.submission_limits import is_system_file

MOODLE = (
    "张三_1024_assignsubmission_file_",
    "李四_1025_assignsubmission_file",
    "王五_1026_assignsubmission_onlinetext_",
)


@pytest.fixture(scope="module")
def download(tmp_path_factory):
    """An unpacked download of Moodle: a folder for each learner, and what systems and learners leave in between."""
    root = tmp_path_factory.mktemp("moodle")
    folder = root / "download"
    with pytest.MonkeyPatch.context() as patch:
        for index, name in enumerate(MOODLE[:2]):
            (folder / name).mkdir(parents=True)
            make.honest(index, folder / name, root / f"home{index}", patch, right=index == 0)
    (folder / MOODLE[2]).mkdir()
    (folder / MOODLE[2] / "onlinetext.html").write_text("<p>我没有交文件</p>", encoding="utf-8")
    copied = folder / "赵六_1027_assignsubmission_file_"
    copied.mkdir()
    shutil.copy(folder / MOODLE[0] / "00.zip", copied / "作业.ZIP")
    (folder / "孙七_1028_assignsubmission_file_").mkdir()
    (folder / "孙七_1028_assignsubmission_file_" / "作业.rar").write_bytes(b"Rar!\x1a\x07\x00")
    (folder / "__MACOSX" / MOODLE[0]).mkdir(parents=True)
    (folder / "__MACOSX" / MOODLE[0] / "._00.zip").write_bytes(b"\0\5\x16\7")
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "~$名单.xlsx"):
        (folder / name).write_bytes(b"x")
    (folder / "名单.xlsx").write_bytes((folder / MOODLE[0] / "00.zip").read_bytes())
    return folder


@pytest.fixture(scope="module")
def rows(download):
    return {row.file: row for row in grade(download)}


def test_sub_folders_are_graded_and_the_rest_is_named(download, rows):
    archives, skipped = handed_in(download)
    assert len(archives) == 4 and set(rows) == {path.relative_to(download).as_posix() for path in archives}
    assert {name for name, _ in skipped} == {f"{MOODLE[2]}/onlinetext.html", "名单.xlsx"}, "and no file of a system"
    assert [rows[f"{name}/0{index}.zip"].right for index, name in enumerate(MOODLE[:2])] == [3, 1]
    assert "不是 zip" in rows["孙七_1028_assignsubmission_file_/作业.rar"].problem


def test_equal_submissions_are_pointed_out(rows):
    first, copy = rows[f"{MOODLE[0]}/00.zip"], rows["赵六_1027_assignsubmission_file_/作业.ZIP"]
    assert any("全部文件逐字节相同" in note and "赵六" in note for note in first.notes)
    assert any("全部文件逐字节相同" in note and "张三" in note for note in copy.notes)
    assert rows[f"{MOODLE[1]}/01.zip"].notes == (), "the same exercise done by another is no copy"


def test_one_equal_record_is_pointed_out(tmp_path, monkeypatch):
    make.honest(1, tmp_path, tmp_path / "one", monkeypatch, right=True)
    shutil.copytree(tmp_path / "one" / "out", tmp_path / "two" / "out")
    (tmp_path / "two" / "out" / "own.txt").write_text("mine")
    pack("别人", tmp_path / "02.zip", [tmp_path / "two" / "out"])
    first, second = grade(tmp_path)
    assert "1 个作品记录与 02.zip 相同" in first.notes[-1] and "01.zip" in second.notes[-1]


def test_the_moodle_worksheet(rows):
    lines = list(csv.DictReader(io.StringIO(as_columns(list(rows.values()), 5, "moodle"))))
    by_person = {line["Identifier"]: line for line in lines}
    assert by_person["Participant 1024"]["Grade"] == "3" and by_person["Participant 1024"]["Maximum Grade"] == "5"
    assert by_person["Participant 1024"]["Full name"] == "张三"
    assert by_person["Participant 1028"]["Grade"] == "", "what could not be read gets no mark, and no 0"
    assert "不是 zip" in by_person["Participant 1028"]["Feedback comments"]


@pytest.mark.parametrize(
    ("name", "file", "person"),
    [
        ("canvas", "zhangsan_771_90012_work.zip", ["zhangsan", "771"]),
        ("canvas", "zhangsan_LATE_771_90012_work-1.zip", ["zhangsan", "771"]),
        ("chaoxing", "20231234-张三/work.zip", ["20231234", "张三"]),
        ("chaoxing", "张三-20231234.zip", ["20231234", "张三"]),
        ("moodle", "work.zip", ["Participant ", "学生01"]),
    ],
)
def test_people_are_read_from_the_names_of_a_download(tmp_path, monkeypatch, name, file, person):
    good = make.honest(1, tmp_path, tmp_path / "home", monkeypatch, right=True)
    target = tmp_path / "class" / file
    target.parent.mkdir(parents=True)
    shutil.move(good, target)
    text = as_columns(grade(tmp_path / "class"), 5, name)
    assert list(csv.reader(io.StringIO(text)))[-1][:2] == person


def test_the_command_writes_the_preset_and_chinese_words(download, tmp_path, capsys):
    assert main(["grade", str(download), "--to", str(tmp_path), "--columns", "moodle"]) == 1
    out, err = capsys.readouterr()
    assert out.split()[-1].endswith("grades-moodle.csv") and "跳过 名单.xlsx" in err and "Identifier" in err
    page = (tmp_path / "grades.html").read_text(encoding="utf-8")
    assert "没有批改的文件" in page and "onlinetext.html" in page
    assert (tmp_path / "grades-moodle.csv").read_text(encoding="utf-8-sig").startswith("Identifier,")
    for target in (download,):  # results of before are no submissions
        main(["grade", str(target), "--columns", "canvas"])
        assert not [name for name, _ in handed_in(target)[1] if "grades" in name]
    with pytest.raises(UnknownName, match="moodle, canvas, chaoxing"):
        table.write([], tmp_path / "none", platform="sakai")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "name",
    [
        ".Spotlight-V100/x", ".localized", "Icon\r", "ehthumbs.db", "$RECYCLE.BIN/a.txt", ".~lock.a.docx#",
        "a/.gitkeep", ".ipynb_checkpoints/x.ipynb", "__pycache__/a.pyc", "System Volume Information/x", ".fseventsd/a",
        ".Trashes/a", "ehthumbs_vista.db", "~WRL0001.tmp", "@eaDir/a.txt", ".directory", "报告.txt~", "._.DS_Store",
        "THUMBS.DB",
    ],
)  # fmt: skip
def test_what_systems_leave_is_passed_over_without_a_word(tmp_path, monkeypatch, name):
    good = make.honest(1, tmp_path, tmp_path / "home", monkeypatch, right=True)
    (tmp_path / "class").mkdir()
    unpacked = unpack(repacked(good, tmp_path / "class" / "again.zip", top="", extra=(name,)), tmp_path / "there")
    assert unpacked.left_out == () and set(unpacked.files) == set(unpack(good, tmp_path / "plain").files)
    beside = tmp_path / "class" / name
    beside.parent.mkdir(parents=True, exist_ok=True)
    beside.write_bytes(good.read_bytes())  # even an archive of that name
    assert [path.name for path in handed_in(tmp_path / "class")[0]] == ["again.zip"]
    assert handed_in(tmp_path / "class")[1] == []


@pytest.mark.parametrize("name", ["..a.txt/b", "a~b.txt", "works/a.b", "~a.txt", "icon.png", "a..txt"])
def test_what_persons_name_oddly_is_none_of_a_system(name):
    assert is_system_file(name) == name.startswith("..a")


def test_a_folder_without_archives_says_what_is_there(tmp_path):
    (tmp_path / "名单.txt").write_text("x")
    with pytest.raises(BadInput, match=r"(?s)no archive; 1 other files, such as 名单\.txt.*aigc submit"):
        grade(tmp_path)


# ---- archives packed again by hand -----------------------------------------------------------------------------------


def repacked(good, target, top="张三的作业/", extra=(), **flags):
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(target, "w") as archive:
        for info in source.infolist():
            archive.writestr(top + info.filename, source.read(info))
        for name in extra:
            archive.writestr(name, b"x")
    return target


def test_one_common_folder_is_taken_off(tmp_path, monkeypatch):
    good = make.honest(1, tmp_path, tmp_path / "home", monkeypatch, right=True)
    system = ("__MACOSX/张三的作业/._submission.json", "张三的作业/.DS_Store", "张三的作业/works/Thumbs.db")
    strays = ("张三的作业/~$报告.docx", "张三的作业/报告.docx")
    again = repacked(good, tmp_path / "again.zip", extra=(*system, *strays))
    unpacked = unpack(again, tmp_path / "there")
    assert set(unpacked.files) == set(unpack(good, tmp_path / "plain").files)
    assert unpacked.left_out == (("报告.docx", "作业里不收这种文件"),)
    (tmp_path / "class").mkdir()
    shutil.move(again, tmp_path / "class")
    (row,) = grade(tmp_path / "class")
    assert (row.right, row.problem, row.notes) == (3, "", ("没有收 报告.docx：作业里不收这种文件",))


def test_a_name_that_becomes_absolute_without_its_folder_stays_out(tmp_path):
    archive = make.named(tmp_path / "a.zip", "top/submission.json", f"top/{tmp_path}/escaped.txt")
    unpacked = unpack(archive, tmp_path / "out")
    assert unpacked.files == ("submission.json",) and len(unpacked.left_out) == 1
    assert not (tmp_path / "escaped.txt").exists()


def test_names_of_a_chinese_windows_are_read(tmp_path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("WORKS/XX.TXT", b"x")
        opened.writestr("submission.json", b"{}")
    raw = archive.read_bytes().replace(b"WORKS/XX.TXT", b"works/" + "咖".encode("gbk") + b".txt")
    archive.write_bytes(raw)
    assert set(unpack(archive, tmp_path / "out").files) == {"works/咖.txt", "submission.json"}


@pytest.mark.parametrize("name", ["a.mp3", "a.OGG", "a.webm", "a.jpeg", "a.jpg", "a.mp4"])
def test_media_of_a_story_can_be_handed_in(tmp_path, monkeypatch, name):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "home"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_bytes(bytes(18_000_000))
    packed = pack("我", tmp_path / "我.zip", [tmp_path / "out"])
    assert f"works/{name}" in packed.files and f"works/{name}" in unpack(packed.path, tmp_path / "there").files


def test_a_film_of_the_storys_own_limit_can_be_handed_in(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "home"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "film.mp4").write_bytes(bytes(60_000_000))
    (tmp_path / "out" / "longer.mp4").write_bytes(bytes(60_000_001))
    packed = pack("我", tmp_path / "我.zip", [tmp_path / "out"])
    assert "works/film.mp4" in packed.files and [name for name, _ in packed.left_out] == ["works/longer.mp4"]
    assert "works/film.mp4" in unpack(packed.path, tmp_path / "there").files
