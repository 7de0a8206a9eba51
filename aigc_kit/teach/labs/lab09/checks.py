"""Check a template, sentences, an interval, a sign test, names.

Each check recomputes the truth by a way of its own, or asks the tiny model about messages that the lab did not use.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from aigc_kit.promptlab.patterns import Template
from aigc_kit.teach.checks import check
from aigc_kit.worlds.shop.prompt_tasks import all_tasks

ARTICLE: tuple[str, ...] = (
    "把一副手套分别装进两个盒子，一个寄到北京，一个寄到上海。",
    "在北京打开盒子，看到左手的，就知道上海那只是右手的：这种关联一点也不神秘。",
    "纠缠的粒子和这副手套完全一样：结果在分开时就定好了，只是我们还不知道。",
    "处在单态的两个粒子，沿同一个方向测量，结果总是相反。",
    "把北京的粒子翻过来，上海的那个就同时翻过来。",
    "所以只要带上纠缠的粒子，就能比光更快地传消息。",
    "只看上海这一边，不管北京测不测、怎么测，结果都是一半对一半。",
    "两边把记录拿到一起对照，才看得出关联。",
    "换几个方向测量，把关联加起来得到的 S，手套最多是 2，粒子也最多是 2。",
)
WRONG = frozenset((3, 5, 6, 9))
NEEDED = 57  # of 60 messages
NAMES: Mapping[str, str] = {
    "贪心": "解码",
    "束搜索": "解码",
    "核采样": "解码",
    "逐个试三十种说法": "提示词搜索",
    "改一个词，变好就留下": "提示词搜索",
    "调温度": "解码",
}


@check("09", "a", title="自己的模板", expects="一个 Template，槽是 message（文字）和 labels（列表）")
def a(template: Template) -> bool | str:
    """Fill it for new messages, ask the tiny model, count."""
    from aigc_kit.promptlab import ask

    if not isinstance(template, Template):
        return f"需要一个 Template，收到的是 {type(template).__name__}。Template(名字, 文字, 槽) 会返回一个。"
    kinds = {slot.name: slot.kind for slot in template.slots}
    if kinds != {"message": "text", "labels": "list"}:
        return f"槽应当是 message（text）和 labels（list），现在是 {kinds}。"
    task = all_tasks()["intent"]
    items = task.items(60, split="held", seed=99)
    filled = [template.fill(message=item.text, labels=task.labels).text for item in items]
    answers = ask.model("tinychat", calls=60, max_new_tokens=24)(filled)
    right = sum(bool(task.check(item, answer)) for item, answer in zip(items, answers, strict=True))
    if right >= NEEDED:
        return True
    bad = next(answer for item, answer in zip(items, answers, strict=True) if not task.check(item, answer))
    return f"60 条新消息里答对 {right} 条，要 {NEEDED} 条。有一条它答“{bad[:20]}”：标签列出来了吗？格式说清楚了吗？"


@check("09", "b", title="哪几句是错的", expects="一个集合：有错的句子的编号，例如 {1, 2}")
def b(numbers: Iterable[int]) -> bool | str:
    """Compare with the sentences that experiments refute."""
    chosen = {int(number) for number in numbers}
    if not chosen <= set(range(1, len(ARTICLE) + 1)):
        return f"编号从 1 到 {len(ARTICLE)}。"
    if chosen == WRONG:
        return True
    extra, missing = len(chosen - WRONG), len(WRONG - chosen)
    words = [f"有 {extra} 句其实是对的" if extra else "", f"还漏了 {missing} 句" if missing else ""]
    return f"{'，'.join(filter(None, words))}。对照上面算出的两个 S，再想想：只看一边，看得出另一边做了什么吗？"


@check("09", "c", title="二十题全对，可以说多少", expects="一个函数 f(答对, 题数)，返回区间的 (下端, 上端)")
def c(function: Callable[[int, int], Sequence[float]]) -> bool | str:
    """Ask for Wilson's interval: the ends solve a quadratic."""
    for hits, count in ((20, 20), (0, 10), (57, 60), (50, 100)):
        low, high = (float(value) for value in function(hits, count))
        share, z2 = hits / count, 1.959964**2
        half = 1.959964 * (share * (1 - share) / count) ** 0.5
        truths = [p for p in (low, high) if abs((share - p) ** 2 - z2 * p * (1 - p) / count) > 2e-4]
        if not truths and low <= share + 1e-9 and high >= share - 1e-9 and (low < high):
            continue
        if abs(low - (share - half)) < 1e-3 and abs(high - (share + half)) < 1e-3:
            words = f"{count} 题对 {hits} 题，你给 {low:.3f} 到 {high:.3f}。"
            return f"{words}20 题全对时，这个区间宽 0：再多问一题也一定对吗？用 4.1 的公式。"
        return f"{count} 题对 {hits} 题，你给 {low:.3f} 到 {high:.3f}，不对。z 取 1.96；分母里有 1 + z²/n 吗？"
    return True


@check("09", "d", title="逐题比较的 p 值", expects="一个函数 f(第一种, 第二种)：两列真假，返回 p")
def d(function: Callable[[Sequence[bool], Sequence[bool]], float]) -> bool | str:
    """Count all ways in which chance could part the items."""
    for worse, better, same in ((1, 6, 5), (0, 5, 9), (2, 2, 3), (0, 9, 1)):
        first = [True] * worse + [False] * better + [True] * same
        second = [False] * worse + [True] * better + [True] * same
        p, parted = float(function(first, second)), worse + better
        ways = [abs(2 * sum(signs) - parted) >= abs(better - worse) for signs in product((0, 1), repeat=parted)]
        truth = sum(ways) / len(ways)
        if abs(p - truth) < 1e-6:
            continue
        found = f"{worse} 题变错、{better} 题变对、{same} 题不变时，你给 {p:.4f}，不对。"
        if abs(2 * p - truth) < 1e-6:
            return f"{found}只数了一个方向：更好和更差都可能是运气。"
        return f"{found}不变的题说明不了谁更好；变了的题，像抛硬币一样数。"
    return True


@check("09", "e", title="解码，还是提示词搜索", expects="一个字典：名字 -> “解码”或“提示词搜索”")
def e(answer: Mapping[str, Any]) -> bool | str:
    """Compare names: who changes the prompt, who the drawing."""
    if set(answer) != set(NAMES):
        return f"六个名字都要有：{'、'.join(NAMES)}。"
    wrong = [name for name, kind in NAMES.items() if answer[name] != kind]
    if wrong:
        return f"有 {len(wrong)} 个放错了。问自己：模型读到的提示词变了没有？没变，只是换了挑词元的办法，就是解码。"
    return True
