"""Edit a schema, and shorten a message by hand."""

import json
from typing import TYPE_CHECKING, Any

from aigc_kit.core.errors import BadInput
from aigc_kit.promptlab import budget, schema
from aigc_kit.teach.labs.lab10 import extraction, figures, squeezing
from aigc_kit.teach.show import page
from aigc_kit.teach.show.page import Html, table
from aigc_kit.teach.show.plots import Picture, follow

if TYPE_CHECKING:
    from aigc_kit.promptlab.ask.asking import Asker

SOURCES = {
    "课程：工单": json.dumps(schema.TICKET, ensure_ascii=False, indent=1),
    "小店订单": json.dumps(schema.order().document, ensure_ascii=False, separators=(",", ":")),
}
_CAPS = (20, 40, 80, 160)  # bytes
_SAMPLE = '{"id": "3f2b8c1e-9a4d-4e6f-8b7a-1c2d3e4f5a6b", "status": "done"}'


def editor() -> None:
    """Edit a schema and an answer, and see faults."""
    import ipywidgets as widgets

    wide: Any = {"layout": {"width": "46em", "height": "11em"}, "continuous_update": False}
    source = widgets.Textarea(value=SOURCES["课程：工单"], description="Schema", **wide)
    low: Any = {"layout": {"width": "46em", "height": "4em"}, "continuous_update": False}
    answer = widgets.Textarea(value=_SAMPLE, description="回答", **low)
    lenient = widgets.Checkbox(value=False, description="宽松地读")

    def verdict() -> Html:
        try:
            form = schema.Schema(source.value)
            texts = schema.random_texts(form.document, 2)
        except BadInput as problem:
            return page.error(problem)
        reading = schema.read(form, answer.value, lenient=lenient.value)
        faults = "；".join(fault.words.zh for fault in reading.faults)
        lines = [
            ("Schema", f"收下了，字段：{'、'.join(form.fields)}"),
            ("回答", "合格式" if not reading.faults else f"不合：{faults}"),
            ("宽松地读", "；".join(reading.repairs) or "没有补什么"),
            *(("掩码写出的", text) for text in texts),
        ]
        return table(lines, ("", ""), "掩码写出的：什么也不懂的模型，只许写合格式的字节")

    def caps() -> Picture | Html:
        try:
            document = schema.Schema(source.value).document
            return figures.lengths({"你的 Schema": extraction.caps(document, _CAPS, 20)})
        except BadInput:
            return Html("", "")  # the verdict says what is wrong

    follow((source, answer, lenient), verdict, caps)


def squeeze(asker: "Asker") -> None:
    """Shorten a message by hand, and see what is answered."""
    import ipywidgets as widgets

    engine: Any = asker.backend.engine  # type: ignore[attr-defined]
    some = squeezing.items()
    at = widgets.IntSlider(1, min=1, max=20, description="第几条", continuous_update=False)
    wide: Any = {"layout": {"width": "46em", "height": "5em"}, "continuous_update": False}
    text = widgets.Textarea(value=some[0].text, description="你的写法", **wide)
    at.observe(lambda _: setattr(text, "value", some[at.value - 1].text), names="value")

    def answer() -> Html:
        item, words = some[at.value - 1], text.value.strip() or "（空）"
        reply = asker([squeezing.BEFORE + words])[0]
        mark = "✓" if _same(item.truth.facts["values"], reply) else "✗"
        lines = [
            ("原来的消息", item.text),
            ("词元", f"{budget.count(engine, item.text)} → {budget.count(engine, words)}"),
            ("应当是", json.dumps(item.truth.facts["values"], ensure_ascii=False)),
            (f"{mark} 回答", reply),
        ]
        return table(lines, ("", ""), f"{asker.model}，现场问的")

    def bits() -> Picture:
        item = some[at.value - 1]
        ids, values = budget.information(engine, squeezing.BEFORE, item.text)
        tokens, place, wanted = [engine.decode([token]) for token in ids], 0, []
        for token in tokens:
            wanted.append(any(start < place + len(token) and place < end for start, end in item.carriers))
            place += len(token)
        return figures.surprise(tokens, list(values), wanted)

    follow((at, text), answer, bits)


def _same(truth: dict[str, Any], reply: str) -> bool:
    try:
        value = json.loads(reply)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and {name: value.get(name) for name in truth} == truth
