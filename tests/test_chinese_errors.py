"""Whatever an error tells a learner, it tells in Chinese: every place that raises one, by the code itself.

What the errors that the tests meet really say is looked at by `chinese_errors` in conftest.py.
"""

import ast
from pathlib import Path

import chinese
import pytest

import aigc_kit
from aigc_kit.cli import main
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, not_written, unknown_name
from aigc_kit.teach.show import page

PACKAGE = Path(aigc_kit.__file__).parent
FILES = sorted(path for path in PACKAGE.rglob("*.py") if chinese.enforced(path.relative_to(PACKAGE).as_posix()))
TEXTS = {"asked", "found", "todo", "needed_for"}
POSITIONS = {"unknown_name": (0, 3, 4), "missing_extra": (2,), "not_written": (0,)}  # arguments that are texts
STRINGS = {"strip", "join", "format", "str", "replace", "splitlines", "repr", "ascii", "shown"}  # these make bare text


class Reader:
    """Reads one module: which expressions are texts in two languages, or the same in both."""

    def __init__(self, path: Path) -> None:
        self.path, self.tree = path, ast.parse(path.read_text(encoding="utf-8"))
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def bare(self):
        """Yield (line, source) of every text of an error that is English alone."""
        for call in (node for node in ast.walk(self.tree) if isinstance(node, ast.Call)):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            texts = [word.value for word in call.keywords if word.arg in TEXTS]
            if name.startswith("_refuse") or name == "_unreadable":
                texts += [text for text in call.args if isinstance(text, ast.Constant | ast.JoinedStr | ast.BinOp)]
            texts += [call.args[at] for at in POSITIONS.get(name, ()) if at < len(call.args)]
            for text in texts:
                if not self.is_fine(text, self.function(call)):
                    yield call.lineno, ast.unparse(text)
            if name == "Words" and len(call.args) == 2 and not self.is_chinese(call.args[1]):
                yield call.lineno, ast.unparse(call.args[1])

    def function(self, node):
        while node is not self.tree and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node = self.parents[node]
        return node

    def is_fine(self, text, function) -> bool:
        match text:
            case ast.Constant(value=str(words)):
                return chinese.neutral(words) or chinese.has_chinese(words)
            case ast.Constant():
                return True
            case ast.JoinedStr() if {"error", "problem"} & {getattr(node, "id", "") for node in ast.walk(text)}:
                return False  # what other code says
            case ast.JoinedStr():
                words = "".join(part.value for part in text.values if isinstance(part, ast.Constant))
                return chinese.neutral(words) or chinese.has_chinese(words)
            case ast.BinOp():
                return self.is_fine(text.left, function) and self.is_fine(text.right, function)
            case ast.IfExp():
                return self.is_fine(text.body, function) and self.is_fine(text.orelse, function)
            case ast.Attribute():
                return ".told." in ast.unparse(text) or text.attr not in {"asked", "found", "todo", "en"}
            case ast.Call():
                name = getattr(text.func, "attr", getattr(text.func, "id", ""))
                return name not in STRINGS or (
                    isinstance(text.func, ast.Attribute) and ast.unparse(text.func) == "Words.join"
                )
            case ast.Name(id=name):
                return all(self.is_fine(value, function) for value in self.values(name, function))
        return True

    def values(self, name, function):
        """Yield what a name is set to in its function, else in the module; a parameter that is `str` is bare text."""
        for scope in (function, self.tree):
            found = [node for node in ast.walk(scope) if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign)]
            values = [value for node in found for target, value in _pairs(node) if getattr(target, "id", "") == name]
            if values:
                yield from values
                return
            for parameter in ast.walk(getattr(scope, "args", ast.Module([], []))):
                if isinstance(parameter, ast.arg) and parameter.arg == name:
                    if parameter.annotation is not None and ast.unparse(parameter.annotation) == "str":
                        yield ast.Constant("a parameter of bare text")
                    return

    def is_chinese(self, text) -> bool:
        """Whether the second half of `Words(...)` has Chinese in it, or nothing to translate."""
        parts = [
            node.value for node in ast.walk(text) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        return (
            any(map(chinese.has_chinese, parts))
            or not isinstance(text, ast.Constant | ast.JoinedStr)
            or all(map(chinese.neutral, parts))
        )


def _pairs(node):
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            yield from zip(target.elts, node.value.elts, strict=False)
        elif node.value is not None:
            yield target, node.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_text_of_an_error_is_english_alone(path):
    bare = [f"{path.name}:{line}: {text}" for line, text in Reader(path).bare()]
    assert not bare, "say it in both languages, Words(english, chinese):\n" + "\n".join(bare)


@pytest.mark.parametrize(
    ("source", "bare"),
    [
        ("raise BadInput(asked='steps=0', found='no number', todo=Words('take 1', '改成 1'))", ["'no number'"]),
        ("raise BadInput(asked=f'steps={n}', found=f'{n} steps', todo=TODO)", ["f'{n} steps'"]),
        ("def f(n):\n    todo = 'choose 1'\n    raise BadInput(asked='', found='', todo=todo)", ["todo"]),
        ("def f(n, todo: str):\n    raise BadInput(asked='', found='', todo=todo)", ["todo"]),
        ("def f(n, todo: Words):\n    raise BadInput(asked='', found='', todo=todo)", []),
        ("raise BadInput(asked='', found=error.found, todo=error.told.todo)", ["error.found"]),
        ("raise BadInput(asked=Words('a', '甲') + f' of {n}', found='', todo='')", ["Words('a', '甲') + f' of {n}'"]),
        ("raise BadInput(asked='', found=f'{type(error)}: {error}', todo='')", ["f'{type(error)}: {error}'"]),
        ("raise unknown_name('the name', 1, ())", ["'the name'"]),
        ("_refuse('no faces at all')", ["'no faces at all'"]),
        ("Words('no file', 'no file')", ["'no file'"]),
        ("Words('no file', f'没有 {file}')", []),
    ],
)
def test_the_rule_finds_bare_english(tmp_path, source, bare):
    (tmp_path / "module.py").write_text(source, encoding="utf-8")
    assert [text for _, text in Reader(tmp_path / "module.py").bare()] == bare


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("步数 0 不是大于等于 1 的整数", None),
        ("choose a number above 0", "choose a number above"),
        ("从 resident, model, group 里选", "resident, model, group"),
        ("从 resident、model、group 里选", None),
        ("运行 pip install 'aigc-kit[chattts]' -c constraints.txt，再重启内核", None),
        ("读不了（原话：no such file or directory）", None),
        ("写 range='[0, 1]' 或 range='[-1, 1]'", None),
    ],
)
def test_a_sentence_of_english_is_told_from_code(text, sentence):
    assert chinese.english(text) == sentence


def test_helpers_speak_both_languages():
    unknown = unknown_name("tier='tinny'", "tinny", ("tiny", "full"), Words("tier", "档位"))
    assert str(unknown).splitlines() == [
        "asked: tier='tinny'",
        "found: no tier of that name; close: tiny",
        "what to do: choose 'tiny', or another of tiny, full",
    ]
    assert unknown.in_chinese() == [
        "要求：tier='tinny'",
        "发现：没有这个名字的档位；相近的有 tiny",
        "怎么办：改成 'tiny'，或从 tiny、full 里选",
    ]
    refused = not_written(Words("to save it", "保存"), OSError(13, "Permission denied", "/x"))
    assert refused.found == "the system refused a file or folder '/x': Permission denied"
    assert chinese.faults(refused) == []


def test_the_card_of_an_error_is_chinese():
    problem = BadInput(asked="steps=0", found=Words("no <b>", "不是 <b>"), todo=Words("take 1", "改成 1"))
    card = page.error(problem)
    assert "<b>发现</b> 不是 &lt;b&gt;" in card.html and "take 1" not in card.html
    assert str(card).splitlines() == ["BadInput", "要求：steps=0", "发现：不是 <b>", "怎么办：改成 1"]


def test_bare_text_stands_for_both():
    problem = BadInput(asked="steps=0", found="", todo="")
    assert problem.asked == problem.told.asked.zh == "steps=0"


@pytest.mark.parametrize(("lang", "label"), [("en", "asked: frames=16"), ("zh", "要求：frames=16")])
def test_the_command_speaks_the_language_that_was_asked(capsys, lang, label):
    assert main(["plan", "sdxl", "--frames", "16", "--lang", lang]) == 2
    assert capsys.readouterr().err.startswith(label)
