"""Read prompts from files, registry or git, and inputs.

No checkout: an old version is read out of git's store (`git:REVISION:PATH`) or the registry (`NAME@VERSION`), and the
files in the working folder stay as they are.
"""

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, unknown_name
from aigc_kit.core.types.atoms import check_prompt, check_text
from aigc_kit.promptlab.caches.exact import normal
from aigc_kit.promptlab.patterns.registry import Registry
from aigc_kit.promptlab.patterns.templates import LONGEST_TEMPLATE, Template
from aigc_kit.worlds.prompt_task import TEXT, Mark
from aigc_kit.worlds.shop.prompt_tasks import all_tasks

GIT = "git:"
MOST_INPUTS = 5000


@dataclass(frozen=True)
class Original:
    """Hold one version of a prompt.

    Args:
        name: where it comes from.
        text: of the prompt; "{text}" says where an input goes, which else comes last.
        template: of the registry, whose one open slot takes the input; None for plain text.
        file: that it was read from, resolved; None for others.
    """

    name: str
    text: str
    template: Template | None = None
    file: Path | None = None

    def __post_init__(self) -> None:
        check_prompt(self.text)
        if len(self.text) > LONGEST_TEMPLATE:
            raise BadInput(
                asked=Words(f"the prompt {self.name}", f"提示词 {self.name}"),
                found=Words(f"{len(self.text):,} characters", f"有 {len(self.text):,} 个字"),
                todo=Words(f"give at most {LONGEST_TEMPLATE:,}", f"最多 {LONGEST_TEMPLATE:,} 个字"),
            )

    def fill(self, item: str) -> str:
        """Write the prompt for an input.

        Raises:
            BadInput: a template that has not exactly one open slot.
        """
        if self.template is None:
            return self.text.replace(TEXT, item) if TEXT in self.text else f"{self.text}\n消息：{item}"
        needed = self.template.needed
        if len(needed) != 1:
            raise BadInput(
                asked=Words(f"to fill {self.name} with one input", f"把一条输入填进 {self.name}"),
                found=Words(f"open slots: {list(needed)}", f"没有默认值的槽：{list(needed)}"),
                todo=Words("give all slots but one a default", "只留一个没有默认值的槽"),
            )
        return self.template.fill({needed[0]: item}).text


@dataclass(frozen=True)
class Inputs:
    """Hold fixed inputs, and who judges the answers.

    Args:
        name: of the inputs.
        texts: in their order.
        judge: (number, answer) -> mark; None where no truth is known.
    """

    name: str
    texts: tuple[str, ...]
    judge: Callable[[int, str], Mark] | None = None

    def __len__(self) -> int:
        return len(self.texts)


def prompt_from(source: str, registry: Path | None = None) -> Original:
    """Read a prompt.

    Args:
        source: a file; "git:REVISION:PATH"; with a registry "NAME" (the newest) or "NAME@VERSION".
        registry: file of `patterns.Registry`, which exists.

    Raises:
        BadInput: nothing there, not UTF-8, or nothing in it.
    """
    check_text("prompt", source)
    if registry is not None:
        if not Path(registry).is_file():
            raise _unread(str(registry), Words("no such file", "没有这个文件"))
        name, _, version = source.partition("@")
        template = Registry(registry).get(name, version or None)
        return Original(f"{template.name}@{template.version}", template.text, template)
    if source.startswith(GIT):
        return Original(source, _decoded(source, _shown_by_git(source)))
    path = Path(source)
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise _unread(source, Words(f"it cannot be read: {error}", f"读不了（原话：{error}）")) from error
    return Original(path.name, _decoded(source, data), file=path.resolve())


def _shown_by_git(source: str) -> bytes:
    revision, _, path = source.removeprefix(GIT).partition(":")
    if not revision or not path or revision.startswith("-"):
        raise _unread(source, Words("not git:REVISION:PATH", "写法不是 git:版本:路径"))
    command = ["git", "show", f"{revision}:./{path}" if not path.startswith(("/", ".")) else f"{revision}:{path}"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unread(source, Words(f"git does not run: {error}", f"git 运行不了（原话：{error}）")) from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[:200]
        raise _unread(source, Words(f"git says: {said}", f"git 的原话：{said}"))
    return done.stdout


def _decoded(source: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise _unread(source, Words(f"not UTF-8: {error}", f"不是 UTF-8 文字（原话：{error}）")) from error


def _unread(source: str, fault: Words) -> BadInput:
    return BadInput(
        asked=Words(f"the prompt {source[:200]!r}", f"提示词 {source[:200]!r}"),
        found=fault,
        todo=Words(
            "give a text file, git:REVISION:PATH, or with --registry NAME@VERSION",
            "给一个文本文件、git:版本:路径，或者配合 --registry 写 名字@版本",
        ),
    )


def shop_inputs(task: str, count: int = 60) -> Inputs:
    """Take messages of the shop whose answers are known.

    Args:
        task: such as "intent", "sentiment", "fields".
        count: messages, of kinds that the tiny model never saw.

    Raises:
        UnknownName: no such task. BadInput: no such count.
    """
    tasks = all_tasks()
    if task not in tasks:
        raise unknown_name(Words(f"the task {task!r}", f"任务 {task!r}"), task, tasks)
    some, judge = tasks[task].items(_counted(count), split="held"), tasks[task]
    return Inputs(
        f"{task}（{judge.about}）", tuple(each.text for each in some), lambda k, said: judge.check(some[k], said)
    )


def inputs_from(path: Path, count: int | None = None) -> Inputs:
    """Read inputs of a file: lines of JSON, {"text", "answer"}.

    Where every line has an answer, an equal one (after `caches.normal`) is right; where none has, differences count.

    Args:
        path: of the file.
        count: the first so many; None: all.

    Raises:
        BadInput: no such lines, too many, a text twice, or answers for some only.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
        rows = [json.loads(line) for line in lines if line.strip()][: None if count is None else _counted(count)]
        texts = tuple(row["text"] for row in rows)
        answers = [row.get("answer") for row in rows]
        if not 1 <= len(rows) <= MOST_INPUTS or not all(isinstance(text, str) and text.strip() for text in texts):
            raise ValueError(f"not 1 to {MOST_INPUTS} lines with a text")
        if len(set(texts)) < len(texts):
            raise ValueError("a text stands there twice")
        given = [answer for answer in answers if answer is not None]
        if given and (len(given) < len(rows) or not all(isinstance(answer, str) for answer in given)):
            raise ValueError("answers for some lines only, or no texts")
    except BadInput:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(
            asked=Words(f"the inputs of {Path(path).name}", f"输入文件 {Path(path).name}"),
            found=Words(f"not a file of them: {error}", f"这不是输入文件（原话：{error}）"),
            todo=Words(
                'write a line of JSON each: {"text": "...", "answer": "..."}',
                '每行写一个 JSON：{"text": "……", "answer": "……"}',
            ),
        ) from error
    return Inputs(Path(path).name, texts, _same_as(given) if given else None)


def _same_as(answers: Sequence[str]) -> Callable[[int, str], Mark]:
    def judge(number: int, answer: str) -> Mark:
        right = normal(answer) == normal(answers[number])
        return Mark(right, "" if right else f"应当是“{answers[number]}”")

    return judge


def _counted(count: int) -> int:
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST_INPUTS:
        raise BadInput(
            asked=f"count={count!r}",
            found=Words(f"not from 1 to {MOST_INPUTS}", f"不在 1 到 {MOST_INPUTS} 之间"),
            todo=Words("give such as 60", "例如给 60"),
        )
    return count
