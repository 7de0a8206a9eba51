"""Tell which signs of other programs a prompt holds.

They stay in the text as they are, are read as words, and are said, so that nobody waits for what they do elsewhere.
"""

import re
from collections.abc import Iterator

_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)"
_ELSEWHERE = (
    (r"(?<!\w)BREAK(?!\w)|<(?:lora|lyco|hypernet):", "BREAK、<lora:...> 是网页界面的语法，这里当作普通文字"),
    (
        rf"[^\W\d_]\+\+(?!\w)|[^\W\d_]--(?!\w)|[^\W\d_]{{2}}\+(?=[\s,，]|$)|[\"'”)]\s*(?:\+|-(?=\W|$))|"
        rf"\){_NUMBER}|\.(?:blend|and|swap|add)\(",
        "+、++、--、(x)1.3、.blend() 是 compel 的写法，这里当作普通文字；要加权请写 (x:1.3)",
    ),
    (r"[{}]", "花括号 {x} 是 NovelAI 和动态提示词的写法，这里当作普通文字，不加权也不轮换"),
    (r"(?<!\w)embedding:\w", "embedding:x 是 ComfyUI 的写法，这里不会载入文本反演，当作普通文字"),
    (r"__[\w/-]+__", "__x__ 是通配符的写法，这里不会替换，当作普通文字"),
)
_WEIGHT = re.compile(rf"(?<!\\)[(（\[][^()（）\[\]]*[:：]\s*{_NUMBER}\s*[)）\]]|(?<!\\)\(\(|(?<!\\)\[\[")
_AND = re.compile(r"(?<!\w)AND(?!\w)")


def elsewhere(text: str) -> Iterator[str]:
    """Say in Chinese what other programs would do here."""
    for pattern, note in _ELSEWHERE:
        if re.search(pattern, text):
            yield note


def of_pictures(text: str) -> Iterator[str]:
    """Say which picture signs mean nothing to a video model."""
    if _WEIGHT.search(text):
        yield "视频模型的提示词没有权重：括号和数字当作普通文字，不加权"
    if _AND.search(text):
        yield "视频模型的提示词没有 AND：不会切成几个条件，当作普通文字"
    yield from elsewhere(text)
