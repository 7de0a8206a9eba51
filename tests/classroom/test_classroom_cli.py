"""`aigc progress`, `aigc submit` and `aigc grade` one after the other, as a learner and a teacher would."""

import class_making as make
import pytest

from aigc_kit.cli import main


def test_from_the_exercise_to_the_table(tmp_path, monkeypatch, capsys):
    make.honest(3, tmp_path, tmp_path / "home", monkeypatch, right=True)
    (tmp_path / "03.zip").unlink()
    assert main(["progress", "01"]) == 0
    out, err = capsys.readouterr()
    assert "第 01 课" in out and "通过 3 / 5" in out and "progress.json" in err
    assert "✓ b 熵随温度上升（" in out and "○ a 从概率之比" in out and "共试 1 次" in out
    monkeypatch.setenv("AIGC_OUT", str(tmp_path / "home" / "out"))
    folder = tmp_path / "class"
    folder.mkdir()
    assert main(["submit", "--name", "王小明", "--to", str(folder)]) == 0
    assert "王小明.zip (7 files" in capsys.readouterr().out
    assert main(["grade", str(folder)]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [str(folder / "grades.csv"), str(folder / "grades.html")]
    assert "1/1 王小明.zip：3 题对" in err
    (folder / "broken.zip").write_bytes(b"")
    assert main(["grade", str(folder)]) == 1, "results of before are no submissions; a broken one shows in the status"
    assert "1/2 broken.zip：不是 zip" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["grade", "nowhere"], ["submit", "--name", " "], ["progress", "77"]])
def test_what_is_impossible_ends_with_two(command, capsys):
    assert main(command) == 2
    assert "what to do" in capsys.readouterr().err
