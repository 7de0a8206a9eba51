"""Render a work as one page that fetches nothing.

What a model or a learner wrote is shown as text.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import Image

import aigc_kit
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.paths import write_atomically
from aigc_kit.keep.record.sidecar import SAFE_NAME
from aigc_kit.media.pages import environment, markup, paragraphs, policy, safe, template_text, visible
from aigc_kit.works import marks
from aigc_kit.works.measured import middle_frame
from aigc_kit.works.part_from import data_uri, encoded, smaller
from aigc_kit.works.parts import KIND_ZH, LABELS, PART_KINDS, Part
from aigc_kit.works.rubric import MOST_POINTS
from aigc_kit.works.viewer import View
from aigc_kit.works.work import Work

PAGE = "topology_story.html"
SMALL = 256  # pixels: pictures with a shorter side stand beside the text, with their pixels visible, not smeared
SAME = "（全文，就是这一页的文章）"


def write_page(work: Work, folder: Path | str, name: str = PAGE, view: View | None = None) -> Path:
    """Write the page into a folder, which is made.

    `name` ends in .html; `view` is the 3-D view of `morph_view`.

    Raises:
        BadInput: no parts yet, or a name that is no plain file name.
    """
    if not SAFE_NAME.fullmatch(name) or not name.endswith(".html") or len(name.encode(errors="replace")) > 200:
        fault = Words("not a plain file name that ends in .html", "这不是以 .html 结尾的普通文件名")
        raise BadInput(
            asked=Words(f"a page {name[:60]!r}", f"网页 {name[:60]!r}"),
            found=fault,
            todo=Words(f"say {PAGE!r}", f"写 {PAGE!r}"),
        )
    return write_atomically(Path(folder) / name, page(work, view))


def page(work: Work, view: View | None = None) -> str:
    """Render the page as HTML.

    Raises:
        BadInput: no parts yet.
    """
    if not work.parts:
        raise BadInput(
            asked=Words("a page", "一个网页"),
            found=Words("a work without parts", "作品里什么也没有"),
            todo=Words("add a text or a picture first", "先加一段文字或一张图片"),
        )
    script = template_text("story_viewer.js") if view else ""
    css = template_text("story_page.css") + (template_text("story_viewer.css") if view else "")
    labels = dict.fromkeys(f"{KIND_ZH[part.kind]}：{part.label}" for part in work.parts if part.by_ai)
    rows = {kind: [_shown(part) for part in work.of(kind)] for kind in PART_KINDS}
    template = environment().get_template("story_page.html.j2")
    return template.render(
        title=visible(work.title),
        topic=visible(work.topic),
        date=datetime.now().astimezone().strftime("%Y-%m-%d"),
        generator=f"aigc-kit {aigc_kit.__version__}",
        ai="；".join(labels),
        csp=policy((script,) if view else (), (css,)),
        css=markup(css),
        script=markup(script),
        view=safe(view) if view else None,
        plates=[image for image in rows["image"] if not image["small"]],
        beside=[image for image in rows["image"] if image["small"]],
        texts=rows["text"],
        sounds=rows["audio"],
        clips=rows["video"],
        rubric=[_clean(row) for row in marks.table(work)] if work.marks else [],
        total=marks.total(work),
        most=MOST_POINTS,
        prompts=[_clean(_asked(row, work)) for row in work.prompts()],
        credits=[*(_credit(part) for part in work.parts), *([_VIEW_CREDIT] if view else [])],
    )


def light(work: Work, side: int = 360) -> Work:
    """Copy text and pictures of at most `side` pixels."""
    copy = Work(work.topic, work.title)
    copy.rounds, copy.marks = work.rounds, work.marks
    parts = (part for part in work.parts if part.kind in ("text", "image"))
    copy.parts = [smaller(part, side) if part.kind == "image" else part for part in parts]
    return copy


def _shown(part: Part) -> dict[str, Any]:
    row: dict[str, Any] = {"label": part.label, "ai": part.by_ai, "caption": _caption(part)}
    row |= {"title": visible(part.title), "alt": visible(part.alt)}
    if part.kind == "text":
        return {**row, "paragraphs": paragraphs(part.text)}
    row["source"] = data_uri(part.data, part.media)
    if part.kind == "image":
        width, height = part.facts["width"], part.facts["height"]
        return {**row, "width": width, "height": height, "small": min(width, height) < SMALL}
    seconds = part.facts.get("seconds")
    row["seconds"] = f"{seconds:.1f}" if seconds else ""
    return {**row, **_poster(part)} if part.kind == "video" else row


def _poster(part: Part) -> dict[str, Any]:
    """Encode the middle frame, with size and shape."""
    frame = middle_frame(part)
    if frame is None:
        return {"poster": "", "square": False}
    height, width = frame.shape[:2]
    poster = data_uri(encoded(Image.fromarray(frame), quality=80))
    return {"poster": poster, "width": width, "height": height, "square": width < 1.3 * height}


def _asked(row: dict[str, str], work: Work) -> dict[str, str]:
    """Log a prompt, but repeat no article that was read."""
    words = SAME if row["prompt"].strip() == work.text.strip() else row["prompt"]
    return {**row, "what": KIND_ZH.get(row["what"], row["what"]), "prompt": words}


def _caption(part: Part) -> str:
    """Join title of a picture, model and tier."""
    words = [part.title] if part.kind == "image" else []
    if part.record is not None:
        tier = part.record.labels.get("tier")
        words.append(f"模型 {part.maker}{f'（{tier}）' if tier else ''}")
    elif part.credit:
        words.append(part.credit)
    return visible(" · ".join(word for word in words if word))


def _credit(part: Part) -> dict[str, Any]:
    licence = part.record.licence if part.record is not None else ""
    if part.record is not None and part.record.request.get("seed") is not None:
        licence += f"；种子 {part.record.request['seed']}，{part.record.device}"
    name = KIND_ZH[part.kind] + (f"《{part.title}》" if part.title else "")
    words = {"what": name, "label": part.label, "maker": part.maker or "未注明", "licence": licence}
    return {**_clean(words), "ai": part.by_ai}


_VIEW_CREDIT = {"what": "立体模型", "label": LABELS["computed"], "ai": False, "licence": "Apache-2.0"}
_VIEW_CREDIT["maker"] = "aigc-kit：隐式曲面与 marching cubes（scikit-image）"


def _clean(row: dict[str, Any]) -> dict[str, Any]:
    return {name: visible(value) if isinstance(value, str) else value for name, value in row.items()}
