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
        fault = ""
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name) or self.name == "loop":
            fault = "no name of a slot"
        elif kind not in KINDS:
            fault = f"the kind {shown(kind)}"
        elif kind == "choice" and not self.choices:
            fault = "a choice without choices"
        if fault:
            todo = f"name it in small letters, such as topic; kinds: {', '.join(KINDS)}"
            raise BadInput(asked=f"the slot {shown(self.name)}", found=fault, todo=todo)

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
                count = f"{len(value)} texts" if isinstance(value, (list, tuple)) else f"a {type(value).__name__}"
                raise self._refused(count, f"give a list of {self.least} to {self.most} texts")
            return tuple(self._text(item) for item in value)
        text = self._text(value)
        if self.choices and text not in self.choices:
            raise self._refused(shown(text), f"choose from {', '.join(self.choices)}")
        return text

    def _number(self, value: Any) -> int:
        value = plain(value)
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 12:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not self.least <= value <= self.most:
            raise self._refused(shown(value), f"give an integer from {self.least} to {self.most}")
        return value

    def _text(self, value: Any) -> str:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = shown(plain(value))
        check_text(f"slot {self.name}", value)
        text, todo = value.strip(), f"give at most {self.longest} plain characters"
        if len(text) > self.longest:
            raise self._refused(f"{len(text):,} characters", todo)
        if _OPEN.search(text) or _HIDDEN.search(text):
            raise self._refused("a slot in it" if _OPEN.search(text) else "hidden characters", todo)
        if not text:
            raise self._refused("nothing", f"give a text: {self.about or self.name}")
        return text

    def _refused(self, fault: str, todo: str) -> BadInput:
        return BadInput(asked=f"slot {self.name!r}", found=fault, todo=todo)


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
            raise BadInput(asked=f"a template named {shown(self.name)}", found="no name", todo="give a short name")
        check_text("the template", self.text)
        object.__setattr__(self, "slots", tuple(self.slots))
        if len(self.text) > LONGEST_TEMPLATE:
            raise self._refused(f"{len(self.text):,} characters", f"write at most {LONGEST_TEMPLATE:,}")
        names = [slot.name for slot in self.slots]
        if len(set(names)) < len(names):
            raise self._refused("a slot twice", "list each slot once")
        self._check(names)

    def _check(self, names: list[str]) -> None:
        lists = [slot.name for slot in self.slots if slot.kind == "list"]
        try:
            tree = _environment().parse(self.text)
        except (TemplateSyntaxError, RecursionError) as error:
            words = f"no template: {getattr(error, 'message', None) or 'nested too deeply'}"
            raise self._refused(words, "write slots as {{ name }}") from None
        for fault in _faults(tree, lists):
            raise self._refused(f"{fault} in it", "show slots, join lists, use plain if, and for over one list")
        data = "".join(node.data for node in tree.find_all(nodes.TemplateData))
        if rest := open_slots(data, names):
            raise self._refused(f"{rest[0]!r}, which is never filled", "write slots as {{ name }}")
        inside = {node.target.name for node in tree.find_all(nodes.For) if isinstance(node.target, nodes.Name)}
        asked = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"} - inside - {"loop"}
        if clash := sorted(inside & {*names, "loop"}):
            raise self._refused(f"a loop over {clash[0]!r} hides a slot", "name what goes through the list otherwise")
        if asked != set(names):
            fault = f"slots in the text: {sorted(asked)}, listed: {sorted(names)}"
            raise self._refused(fault, "list exactly the slots that the text shows")

    def _refused(self, fault: str, todo: str) -> BadInput:
        return BadInput(asked=f"the template {self.name!r}", found=fault, todo=todo)

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
            fault = f"unknown slots {strange}" if strange else f"nothing for {', '.join(missing)}"
            raise BadInput(asked=f"the prompt {self.name!r}", found=fault, todo=f"fill {', '.join(names)}")
        read = {slot.name: slot.read(given.get(slot.name, slot.default)) for slot in self.slots}
        try:
            text = _compiled(self.text).render(read).strip()
        except (TemplateRuntimeError, RecursionError, TypeError) as error:
            raise self._refused(f"it cannot be filled: {error}", "repair the template") from None
        if len(text) > LONGEST_PROMPT:
            raise self._refused(f"a prompt of {len(text):,} characters", f"fill at most {LONGEST_PROMPT:,}")
        if not text or (rest := open_slots(text, names)):
            words = f"{rest[0]!r} left open" if text else "an empty prompt"
            raise self._refused(words, "take away the braces around it" if text else "write some text around the slots")
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
            found, todo = f"not one: {error}", "give the JSON of text and slots"
            raise BadInput(asked=f"the template {name!r} of JSON", found=found, todo=todo) from None


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


def _faults(tree: nodes.Node, lists: Sequence[str], inside: bool = False) -> Iterator[str]:
    """Yield what a template may not do."""
    for node in tree.iter_child_nodes():
        name = type(node).__name__.lower()
        if not isinstance(node, _ALLOWED):
            yield {"call": "a call", "getitem": "an index", "include": "an include"}.get(name, f"a {name}")
        elif isinstance(node, nodes.Getattr) and not _asks_the_loop(node, inside):
            yield f"the attribute {node.attr!r}"
        elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
            yield f"the filter {node.name!r}"
        elif isinstance(node, nodes.For):
            if inside or node.recursive:
                yield "a loop in a loop"
            if not isinstance(node.iter, nodes.Name) or node.iter.name not in lists or node.test:
                yield "a loop over something else than a list slot"
            if not isinstance(node.target, nodes.Name):
                yield "a loop with several names"
        yield from _faults(node, lists, inside or isinstance(node, nodes.For))


def _asks_the_loop(node: nodes.Getattr, inside: bool) -> bool:
    return inside and isinstance(node.node, nodes.Name) and node.node.name == "loop" and node.attr in LOOP
