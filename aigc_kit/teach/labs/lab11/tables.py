"""Show counts, limits and tokens as tables."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

from aigc_kit.core import limited
from aigc_kit.promptlab.alignment.chat_formats import Piece
from aigc_kit.promptlab.alignment.exercises import confusion
from aigc_kit.teach.labs.lab11.programs import Judged
from aigc_kit.teach.show.markup import CARD, GREY, Html
from aigc_kit.teach.show.page import table

MEASURES: Mapping[str, Callable[[Judged], bool]] = {
    "语法树重合 ≥ 0.82": lambda program: program.alike,
    "动词都有操作": lambda program: not program.unmet,
    "单元测试通过": lambda program: program.verdict.passed,
}
_WHO = {"kernel": "内核", "python": "只有 Python 的审计钩子", "nobody": "没有人"}
_WHAT = {
    "cpu": "处理器时间：1 秒",
    "memory": "内存（地址）：512 MiB",
    "files": "文件：一个也不能打开，读也不行",
    "processes": "进程：一个也不能再启动",
    "signals": "信号：不能发给任何进程",
    "network": "网络：不能打开套接字",
}


def confusions(programs: Sequence[Judged], caption: str = "") -> Html:
    """Count what each measure accepts, right and wrong.

    Rows: {"measure", "right_accepted", "right", "wrong_accepted", "wrong"}.
    """
    right = [program.verdict.right for program in programs]
    rows = []
    for name, accepts in MEASURES.items():
        counts = confusion([accepts(program) for program in programs], right)
        rows.append(
            {
                "measure": name,
                "right_accepted": counts[True, True],
                "right": sum(right),
                "wrong_accepted": counts[True, False],
                "wrong": len(right) - sum(right),
            }
        )
    lines = [
        (r["measure"], f"{r['right_accepted']} / {r['right']}", f"{r['wrong_accepted']} / {r['wrong']}") for r in rows
    ]
    return table(lines, ("放行的条件", "对的程序里放行", "错的程序里放行"), caption, rows)


def programs_table(programs: Sequence[Judged]) -> Html:
    """List programs with overlap, tests and the first fault."""
    lines = [
        (
            program.exercise,
            f"{program.overlap:.2f}",
            "放行" if program.alike else "拦下",
            "通过" if program.verdict.passed else "不通过",
            program.verdict.why[:70],
        )
        for program in programs
    ]
    return table(lines, ("练习", "重合", "0.82 说", "测试说", "第一处不对"), "", list(programs))


def guards() -> Html:
    """Say what limits a program here, and who."""
    held = limited.guards()
    caption = "每段程序一个新进程：没有本机的环境变量，文件夹是空的，用完就删；20 秒不回答，或回答超过 1 MiB，就结束"
    lines = [(_WHAT[what], _WHO[held[what]]) for what in _WHAT]
    return table(lines, ("限制", "这台机器上由谁执行"), caption, [{"what": what, "who": held[what]} for what in _WHAT])


def hostile(programs: Mapping[str, str]) -> Html:
    """Run programs that mean harm, and say how each ended.

    Args:
        programs: what it tries, in Chinese -> a program that defines f().
    """
    rows = []
    for name, source in programs.items():
        with limited.Program(source) as program:
            try:
                ended = f"做成了：{program.call('f()')!r}"
            except RuntimeError as error:
                ended = str(error)
        rows.append({"name": name, "ended": ended[:110]})
    return table([tuple(row.values()) for row in rows], ("程序想做的", "结果"), "", rows)


def pieces(cuts: Mapping[str, Sequence[Piece]]) -> Html:
    """Show texts as tokens, special ones in orange."""
    blocks, lines = [], []
    for title, cut in cuts.items():
        chips = "".join(
            f'<span style="display:inline-block;border:1px solid {"#d9822b" if piece.special else "#8886"};'
            f"{'background:#d9822b33;' if piece.special else ''}border-radius:4px;padding:0 .3em;margin:1px;"
            f'font-size:15px">{escape(piece.text)}</span>'
            for piece in cut
        )
        special = sum(piece.special for piece in cut)
        foot = f"{len(cut)} 个词元，其中特殊词元 {special} 个"
        blocks.append(
            f'<div style="{CARD}"><b>{escape(title)}</b><div style="margin:.3em 0">{chips}</div>'
            f'<div style="{GREY}">{foot}</div></div>'
        )
        lines.append(f"{title}：{' | '.join(piece.text for piece in cut)}（{foot}）")
    return Html("".join(blocks), "\n".join(lines), [piece for cut in cuts.values() for piece in cut])
