"""Fill prompt templates with typed slots, and leave none open.

    slots = (Slot("style", choices=("正式", "活泼")), Slot("name"))
    greeting = Template("greeting", "请{{ style }}地问候{{ name }}。", slots)
    greeting.fill(style="正式", name="顾客").text     # 请正式地问候顾客。
    greeting.version                                  # of its text and slots: the same content, the same version

A template is data, perhaps a stranger's: it may show slots, join lists, choose by `if` and go through a list by `for`.
All else that Jinja2 can do (calls, attributes, includes, loops in loops) is refused before anything runs, and what is
left runs in Jinja2's sandbox.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any, Literal

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.exceptions import TemplateRuntimeError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import FrozenMap
from aigc_kit.core.types.atoms import check_text, plain, shown

Kind = Literal["text", "number", "choice", "list"]
KINDS = ("text", "number", "choice", "list")
LONGEST_TEMPLATE = LONGEST_PROMPT = 20_000  # characters
LONGEST_SLOT = 500
DIGITS = 16  # of a version: 64 bits
FILTERS = ("join", "length", "trim")
LOOP = ("index", "first", "last")  # what a template may ask of `loop`

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_OPEN = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}|\{\w+\}")  # the last: a slot of str.format, as courses write them
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_BRACKETS = ("<>", "[]", "【】", "〔〕", "「」", "（）", "()")
_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.For, nodes.Filter),
    *(nodes.Getattr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
)

_REFUSED = {
    "call": Words("a call", "函数调用"),
    "getitem": Words("an index", "下标"),
    "include": Words("an include", "引入别的模板"),
}
_WRITE_SLOTS = Words("write slots as {{ name }}", "槽要写成 {{ name }}")
_ALLOWED_WORDS = Words(
    "show slots, join lists, use plain if, and for over one list",
    "只放槽、用 join 连起列表、用简单的 if、用 for 走一个列表",
)


@dataclass(frozen=True)
class Slot:
    """Describe one slot of a template.

    Args:
        name: small letters, digits and "_".
        about: in Chinese, what goes into it.
        kind: "text"; "number", an integer; "choice", one of `choices`; "list", several texts.
        longest: characters of a text, and of each text of a list.
        least, most: of a number; of a list, how many texts.
        choices: of a "choice", which is the kind where choices stand.
        default: taken where nothing is given; None: it must be given. An empty text or list is allowed only so.
    """

    name: str
    about: str = ""
    kind: Kind = "text"
    longest: int = LONGEST_SLOT
    least: int = 1
    most: int = 10
    choices: tuple[str, ...] = ()
    default: Any = None

    def __post_init__(self) -> None:
        kind = "choice" if self.choices else self.kind
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "choices", tuple(self.choices))
        if isinstance(self.default, list):
            object.__setattr__(self, "default", tuple(self.default))
        fault = None
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name) or self.name == "loop":
            fault = Words("no name of a slot", "名字不合规定")
        elif kind not in KINDS:
            fault = Words(f"the kind {shown(kind)}", f"没有 {shown(kind)} 这种槽")
        elif kind == "choice" and not self.choices:
            fault = Words("a choice without choices", "choice 没有可选的值")
        if fault:
            raise BadInput(
                asked=Words(f"the slot {shown(self.name)}", f"槽 {shown(self.name)}"),
                found=fault,
                todo=Words(
                    f"name it in small letters, such as topic; kinds: {', '.join(KINDS)}",
                    f"名字用小写字母，例如 topic；种类有 {'、'.join(KINDS)}",
                ),
            )

    def read(self, value: Any) -> Any:
        """Check a value: text, int, or a tuple of texts.

        Raises:
            BadInput: it is not of the slot's kind, too long, empty, or holds another slot.
        """
        if self.default is not None and value in (self.default, "", ()):
            return self.default
        if self.kind == "number":
            return self._number(value)
        if self.kind == "list":
            if isinstance(value, str) or not isinstance(value, Sequence) or not self.least <= len(value) <= self.most:
                kind, several = type(value).__name__, isinstance(value, (list, tuple))
                fault = (
                    Words(f"{len(value)} texts", f"有 {len(value)} 段") if several else Words(f"a {kind}", f"是 {kind}")
                )
                todo = Words(
                    f"give a list of {self.least} to {self.most} texts",
                    f"给一个列表，{self.least} 到 {self.most} 段文字",
                )
                raise self._refused(fault, todo)
            return tuple(self._text(item) for item in value)
        text = self._text(value)
        if self.choices and text not in self.choices:
            todo = Words(f"choose from {', '.join(self.choices)}", f"从 {'、'.join(self.choices)} 里选")
            raise self._refused(shown(text), todo)
        return text

    def _number(self, value: Any) -> int:
        value = plain(value)
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 12:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not self.least <= value <= self.most:
            todo = Words(
                f"give an integer from {self.least} to {self.most}", f"给一个 {self.least} 到 {self.most} 的整数"
            )
            raise self._refused(shown(value), todo)
        return value

    def _text(self, value: Any) -> str:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = shown(plain(value))
        check_text(self.name, value)
        text = value.strip()
        todo = Words(f"give at most {self.longest} plain characters", f"给最多 {self.longest} 个普通字符")
        if len(text) > self.longest:
            raise self._refused(Words(f"{len(text):,} characters", f"有 {len(text):,} 个字"), todo)
        if _OPEN.search(text):
            raise self._refused(Words("a slot in it", "里面又有一个槽"), todo)
        if _HIDDEN.search(text):
            raise self._refused(Words("hidden characters", "有看不见的字符"), todo)
        if not text:
            what = self.about or self.name
            raise self._refused(Words("nothing", "是空的"), Words(f"give a text: {what}", f"填上：{what}"))
        return text

    def _refused(self, fault: Words | str, todo: Words) -> BadInput:
        return BadInput(asked=Words(f"slot {self.name!r}", f"槽 {self.name!r}"), found=fault, todo=todo)


@dataclass(frozen=True)
class Filled:
    """Hold a prompt, and what it was filled with.

    `template` and `version` name what was filled, `slots` every value, defaults included.
    """

    text: str
    template: str
    version: str
    slots: Mapping[str, Any]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Template:
    """Hold a prompt with slots.

    Args:
        name: of its line of versions; not part of the version.
        text: Jinja2, as the head of this file allows.
        slots: every one that the text names, and no other.
        about: in Chinese, what it is for; not part of the version.

    Raises:
        BadInput: the text does more than fill slots, or its slots are others than those listed.
    """

    name: str
    text: str
    slots: tuple[Slot, ...] = ()
    about: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip() or len(self.name) > 80 or _HIDDEN.search(self.name):
            raise BadInput(
                asked=Words(f"a template named {shown(self.name)}", f"名为 {shown(self.name)} 的模板"),
                found=Words("no name", "这不是名字"),
                todo=Words("give a short name", "起一个短的名字"),
            )
        check_text("text", self.text)
        object.__setattr__(self, "slots", tuple(self.slots))
        if len(self.text) > LONGEST_TEMPLATE:
            raise self._refused(
                Words(f"{len(self.text):,} characters", f"有 {len(self.text):,} 个字"),
                Words(f"write at most {LONGEST_TEMPLATE:,}", f"最多写 {LONGEST_TEMPLATE:,} 个字"),
            )
        names = [slot.name for slot in self.slots]
        if len(set(names)) < len(names):
            raise self._refused(
                Words("a slot twice", "有一个槽列了两次"), Words("list each slot once", "每个槽只列一次")
            )
        self._check(names)

    def _check(self, names: list[str]) -> None:
        lists = [slot.name for slot in self.slots if slot.kind == "list"]
        try:
            tree = _environment().parse(self.text)
        except (TemplateSyntaxError, RecursionError) as error:
            said = getattr(error, "message", None) or "nested too deeply"
            fault = Words(f"no template: {said}", f"不是模板（原话：{said}）")
            raise self._refused(fault, _WRITE_SLOTS) from None
        for fault in _faults(tree, lists):
            raise self._refused(fault + Words(" in it", "，这里不许用"), _ALLOWED_WORDS)
        data = "".join(node.data for node in tree.find_all(nodes.TemplateData))
        if rest := open_slots(data, names):
            fault = Words(f"{rest[0]!r}, which is never filled", f"{rest[0]!r} 永远不会被填上")
            raise self._refused(fault, _WRITE_SLOTS)
        inside = {node.target.name for node in tree.find_all(nodes.For) if isinstance(node.target, nodes.Name)}
        asked = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"} - inside - {"loop"}
        if clash := sorted(inside & {*names, "loop"}):
            fault = Words(f"a loop over {clash[0]!r} hides a slot", f"循环变量 {clash[0]!r} 盖住了同名的槽")
            raise self._refused(fault, Words("name what goes through the list otherwise", "循环变量换一个名字"))
        if asked != set(names):
            fault = Words(
                f"slots in the text: {sorted(asked)}, listed: {sorted(names)}",
                f"文字里的槽是 {sorted(asked)}，列出的是 {sorted(names)}",
            )
            raise self._refused(fault, Words("list exactly the slots that the text shows", "文字里有哪些槽，就列哪些"))

    def _refused(self, fault: Words, todo: Words) -> BadInput:
        return BadInput(asked=Words(f"the template {self.name!r}", f"模板 {self.name!r}"), found=fault, todo=todo)

    @property
    def version(self) -> str:
        """Give the hash of text and slots: hex digits."""
        return hashlib.sha256(self.content.encode()).hexdigest()[:DIGITS]

    @property
    def content(self) -> str:
        """Write text and slots as JSON, which the version hashes."""
        slots = [asdict(slot) for slot in self.slots]
        return json.dumps({"text": self.text, "slots": slots}, ensure_ascii=False, sort_keys=True)

    @property
    def needed(self) -> tuple[str, ...]:
        """Name the slots without a default, in order."""
        return tuple(slot.name for slot in self.slots if slot.default is None)

    def fill(self, values: Mapping[str, Any] | None = None, /, **more: Any) -> Filled:
        """Fill every slot.

        Args:
            values, more: slot -> value; what has a default may be left out.

        Raises:
            BadInput: unknown, empty or wrong slots; a prompt of more than 20,000 characters; a slot still open.
        """
        given = {**(values or {}), **more}
        names = [slot.name for slot in self.slots]
        strange = sorted(set(map(str, given)) - set(names))
        missing = [name for name in self.needed if given.get(name) in (None, "", (), [])]
        if strange or missing:
            raise BadInput(
                asked=Words(f"the prompt {self.name!r}", f"提示词 {self.name!r}"),
                found=Words(f"unknown slots {strange}", f"没有这样的槽：{strange}")
                if strange
                else Words(f"nothing for {', '.join(missing)}", f"{'、'.join(missing)} 还空着"),
                todo=Words(f"fill {', '.join(names)}", f"要填的是 {'、'.join(names)}"),
            )
        read = {slot.name: slot.read(given.get(slot.name, slot.default)) for slot in self.slots}
        try:
            text = _compiled(self.text).render(read).strip()
        except (TemplateRuntimeError, RecursionError, TypeError) as error:
            fault = Words(f"it cannot be filled: {error}", f"填不了（原话：{error}）")
            raise self._refused(fault, Words("repair the template", "改好模板")) from None
        if len(text) > LONGEST_PROMPT:
            fault = Words(f"a prompt of {len(text):,} characters", f"提示词有 {len(text):,} 个字")
            todo = Words(f"fill at most {LONGEST_PROMPT:,}", f"填得短一些，总共最多 {LONGEST_PROMPT:,} 个字")
            raise self._refused(fault, todo)
        if not text:
            todo = Words("write some text around the slots", "在槽的旁边写一些文字")
            raise self._refused(Words("an empty prompt", "提示词是空的"), todo)
        if rest := open_slots(text, names):
            fault = Words(f"{rest[0]!r} left open", f"{rest[0]!r} 还没有填")
            raise self._refused(fault, Words("take away the braces around it", "去掉它外面的括号"))
        return Filled(text, self.name, self.version, FrozenMap(read))

    @classmethod
    def of_content(cls, name: str, content: str, about: str = "") -> "Template":
        """Read text and slots back, checked as any other.

        Raises:
            BadInput: not what `content` gives, or a template that is refused.
        """
        try:
            values = json.loads(content)
            return cls(name, values["text"], tuple(Slot(**slot) for slot in values["slots"]), about)
        except BadInput:
            raise
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BadInput(
                asked=Words(f"the template {name!r} of JSON", f"从 JSON 读模板 {name!r}"),
                found=Words(f"not one: {error}", f"这不是模板（原话：{error}）"),
                todo=Words("give the JSON of text and slots", "给含有 text 和 slots 的 JSON"),
            ) from None


def open_slots(text: str, names: Sequence[str] = ()) -> list[str]:
    """List what looks like a slot that nobody filled.

    Marks of templates, names in braces, and the slots' own names in any brackets.

    >>> open_slots('写{topic}，JSON 例如 {"数量":3}，【topic】', ["topic"])
    ['{topic}', '【topic】']
    """
    hits = [match.group() for match in _OPEN.finditer(text)]
    for name in names:
        hits += [f"{pair[0]}{name}{pair[1]}" for pair in _BRACKETS if f"{pair[0]}{name}{pair[1]}" in text]
    return hits


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals.clear()
    environment.tests.clear()
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    return environment


@lru_cache(maxsize=256)
def _compiled(text: str) -> Any:
    return _environment().from_string(text)


def _faults(tree: nodes.Node, lists: Sequence[str], inside: bool = False) -> Iterator[Words]:
    """Yield what a template may not do."""
    for node in tree.iter_child_nodes():
        name = type(node).__name__.lower()
        if not isinstance(node, _ALLOWED):
            yield _REFUSED.get(name, Words(f"a {name}", f"Jinja2 的 {name}"))
        elif isinstance(node, nodes.Getattr) and not _asks_the_loop(node, inside):
            yield Words(f"the attribute {node.attr!r}", f"属性 {node.attr!r}")
        elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
            yield Words(f"the filter {node.name!r}", f"过滤器 {node.name!r}")
        elif isinstance(node, nodes.For):
            if inside or node.recursive:
                yield Words("a loop in a loop", "循环里的循环")
            if not isinstance(node.iter, nodes.Name) or node.iter.name not in lists or node.test:
                yield Words("a loop over something else than a list slot", "不是沿着列表槽的循环")
            if not isinstance(node.target, nodes.Name):
                yield Words("a loop with several names", "有几个变量的循环")
        yield from _faults(node, lists, inside or isinstance(node, nodes.For))


def _asks_the_loop(node: nodes.Getattr, inside: bool) -> bool:
    return inside and isinstance(node.node, nodes.Name) and node.node.name == "loop" and node.attr in LOOP
