"""Cut a text into stretches that a voice can say.

Joined again they are the text. ChatTTS itself cuts only behind `。` and `. ` [run, 0.2.5], so that a question or a list
of exclamations grows until the model's limit of tokens silently ends it. Here every end mark counts, and no stretch is
longer than asked.
"""

import re
from collections.abc import Iterator, Sequence

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput

LONGEST = 80
SHORTEST_LIMIT = 16  # the longest inline token has 10 characters and is never cut

_END = "。！？!?；…"  # a sentence ends here wherever they stand; `.` and `;` only under conditions
_CLOSERS = "”’」』）》】〉〕］)}\"'»"
_ENDING = re.compile(
    rf"""(?: [{_END}]+                                    # 。 ！？ ……
           | ;(?=\s|$|[^\x00-\x7f])                        # ; but not in &amp;x or a URL
           | \.{{2,}}                                      # ...
           | (?<![A-Za-z0-9.@/_-])\.                       # a full stop behind anything but a Latin word
           | (?<=[A-Za-z0-9])\.(?=[{_CLOSERS}]*(?:\s|$|[^\x00-\x7f]))
           | \n )
         [{_END}.;]*[{_CLOSERS}]*[^\S\n]*\n*""",
    re.VERBOSE,
)
_ABBREVIATION = re.compile(
    r"(?:^|[^A-Za-z])(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|No|Fig|Eq|Inc|Ltd|Co|approx|[A-Za-z](?:\.[A-Za-z])*)\.$"
)
_LIST_NUMBER = re.compile(r"(?:^|\n)\s*[0-9]{1,3}\.$")
_ALWAYS_ENDS = re.compile(r"\n|[^\s.]")
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s\u3000-\u9fff，。！？；：（）“”]+")
_SPEAKABLE = re.compile(r"[^\W_]")
_TOKEN = re.compile(r"\[[a-z_]+\]")
_WORD = re.compile(rf"\[[a-z_]+\]|{_ADDRESS.pattern}|[A-Za-z0-9][A-Za-z0-9.,:'’%/@_-]*[A-Za-z0-9%]")
_CUTS = ("，,、；;：:—", " \t\u3000）)》」』”", "")  # best first: behind these; the last means anywhere


def sentences(text: str, longest: int = LONGEST) -> list[str]:
    """Cut a text into sentences.

    A sentence ends at 。！？；…, at `!` `?` `;`, at a line end, and at a `.` that is neither in a number, an address or
    a name (3.14, a.com) nor behind an abbreviation (Dr., e.g.). Closing quotes and brackets, and the spaces behind,
    stay with their sentence. A stretch with nothing to say (…… alone) stays with its neighbour.

    Args:
        text: any text; inline tokens such as [uv_break] are never cut.
        longest: characters, >= 16; longer sentences are cut into even parts at commas, else at spaces, else between
            two characters, and only when nothing else helps inside a word.

    Returns:
        `"".join(result) == text`; empty for an empty text.

    Raises:
        BadInput: not a text, or `longest` too small.

    >>> sentences("你好！今天 3.14 度？“好。”她说")
    ['你好！', '今天 3.14 度？', '“好。”', '她说']
    """
    _check(text, longest)
    whole = _merge_unspeakable(_cut_at_ends(text))
    return [part for sentence in whole for part in _cut_to(sentence, longest)]


def pack(parts: Sequence[str], longest: int) -> list[str]:
    """Join neighbours while they stay within `longest` characters.

    >>> pack(["你好！", "再见。", "明天见，一起吃饭。"], 8)
    ['你好！再见。', '明天见，一起吃饭。']
    """
    groups: list[str] = []
    for part in parts:
        if groups and len(groups[-1]) + len(part) <= longest:
            groups[-1] += part
        else:
            groups.append(part)
    return groups


def batches(parts: Sequence[str], most: int = 1000) -> list[list[str]]:
    """Group stretches to at most `most` characters, where possible.

    >>> batches(["一二三", "四五", "六七八九"], 5)
    [['一二三', '四五'], ['六七八九']]
    """
    groups: list[list[str]] = []
    room = 0
    for part in parts:
        if not groups or len(part) > room:
            groups.append([])
            room = most
        groups[-1].append(part)
        room -= len(part)
    return groups


def halves(text: str) -> tuple[str, str] | None:
    """Cut a text in two, or None where too short.

    >>> halves("今天天气真好，我们去公园吧")
    ('今天天气真好，', '我们去公园吧')
    """
    if len(text) < 4:
        return None
    at = _best_cut(text, len(text) // 2, len(text) // 4, len(text) - max(1, len(text) // 4))
    parts = text[:at], text[at:]
    return parts if all(_SPEAKABLE.search(_TOKEN.sub("", part)) for part in parts) else None


def _cut_at_ends(text: str) -> Iterator[str]:
    # an address reaches to the marks behind it that end the sentence
    addresses = [
        (address.start(), address.start() + len(address[0].rstrip(".!?;"))) for address in _ADDRESS.finditer(text)
    ]
    start = 0
    for mark in _ENDING.finditer(text):
        while addresses and addresses[0][1] <= mark.start():
            addresses.pop(0)
        if addresses and addresses[0][0] < mark.start():
            continue
        if mark[0].startswith(".") and not _ALWAYS_ENDS.search(mark[0]) and _abbreviated(text, mark):
            continue
        yield text[start : mark.end()]
        start = mark.end()
    if start < len(text):
        yield text[start:]


def _abbreviated(text: str, mark: re.Match) -> bool:
    """Tell whether a full stop abbreviates, and more follows."""
    head = text[max(0, mark.start() - 12) : mark.start() + 1]
    return mark.end() < len(text) and bool(_ABBREVIATION.search(head) or _LIST_NUMBER.search(head))


def _merge_unspeakable(parts: Iterator[str]) -> list[str]:
    groups: list[str] = []
    waiting = ""
    for part in parts:
        if _SPEAKABLE.search(_TOKEN.sub("", part)):
            groups.append(waiting + part)
            waiting = ""
        elif groups:
            groups[-1] += part
        else:
            waiting += part
    return [*groups, waiting] if waiting else groups


def _cut_to(sentence: str, longest: int) -> Iterator[str]:
    while len(sentence) > longest:
        count = -(-len(sentence) // longest)
        at = _best_cut(sentence[: longest + 200], -(-len(sentence) // count), 1, longest)
        yield sentence[:at]
        sentence = sentence[at:]
    yield sentence


def _best_cut(text: str, target: int, low: int, high: int) -> int:
    """Find the best cut in [low, high], outside tokens."""
    inside = {i for word in _WORD.finditer(text) for i in range(word.start() + 1, word.end())}
    in_token = {i for token in _TOKEN.finditer(text) for i in range(token.start() + 1, token.end())}
    near = range(max(low, target - target // 2), high + 1)
    for marks in _CUTS:
        places = [i for i in near if i not in inside and (not marks or text[i - 1] in marks)]
        if places:
            return min(places, key=lambda i: abs(i - target))
    return min((i for i in range(low, high + 1) if i not in in_token), key=lambda i: abs(i - target), default=target)


def _check(text: str, longest: int) -> None:
    if not isinstance(text, str):
        raise BadInput(
            asked=Words(f"sentences of a {type(text).__name__}", f"把 {type(text).__name__} 分成句子"),
            found=Words("not a text", "这不是文字"),
            todo=Words("pass a str", "给一段文字（str）"),
        )
    if not isinstance(longest, int) or isinstance(longest, bool) or longest < SHORTEST_LIMIT:
        request = Words(f"stretches of at most {longest!r:.40} characters", f"每段最多 {longest!r:.40} 个字")
        todo = f"choose {SHORTEST_LIMIT} or more"
        why = Words(f"not a whole number >= {SHORTEST_LIMIT}", f"不是大于等于 {SHORTEST_LIMIT} 的整数")
        raise BadInput(
            asked=request,
            found=why,
            todo=Words(f"{todo}; {LONGEST} is usual", f"改成 {SHORTEST_LIMIT} 或更大；平常用 {LONGEST}"),
        )
