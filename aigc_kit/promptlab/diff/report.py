"""Write a comparison as one page that fetches nothing.

What prompts and models say is shown as text, hidden signs written out.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import aigc_kit
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.paths import write_atomically
from aigc_kit.media.pages import environment, markup, policy, template_text, visible
from aigc_kit.promptlab.diff.release import Release, Row

NAMES = {
    "fingerprint": Words("fingerprint", "指纹"),
    "cosine": Words("cosine", "余弦"),
    "facts": Words("facts of the wording", "字面事实"),
    "assertions": Words("assertions", "断言"),
    "runs": Words("both prompts run", "两版都运行"),
}
STATES = {
    "pass": Words("passes", "通过"),
    "look": Words("have a look", "看一眼"),
    "stop": Words("stops", "拦下"),
    "skipped": Words("not made", "没做"),
}
VERDICTS = (Words("go on", "可以发布"), Words("stop and look", "先别发布"))
MOST_ROWS = 200  # of the page: those that differ come first
LONGEST = 600  # characters of an input or answer on the page


def report_page(release: Release) -> str:
    """Render the comparison as HTML, in Chinese."""
    css = template_text("diff_page.css")
    rows = sorted(enumerate(release.rows, 1), key=lambda each: each[1].old == each[1].new)[:MOST_ROWS]
    return (
        environment()
        .get_template("diff_page.html.j2")
        .render(
            csp=policy((), (css,)),
            css=markup(css),
            generator=f"aigc-kit {aigc_kit.__version__}",
            date=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
            code=release.code,
            verdict=VERDICTS[release.code].zh,
            old=visible(release.old.name),
            new=visible(release.new.name),
            findings=[
                (NAMES[each.check].zh, each.state, STATES[each.state].zh, visible(each.says.zh))
                for each in release.findings
            ],
            changes=[(kind, visible(text)) for kind, text in release.changes],
            model=release.model,
            inputs=visible(release.inputs),
            changed=release.changed,
            count=len(release.rows),
            rows=[_row(number, row) for number, row in rows],
        )
    )


def write_report(release: Release, path: Path | str) -> Path:
    """Write the page, at once.

    Raises:
        BadInput: the name does not end in .html.
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise BadInput(
            asked=Words(f"a report {path.name!r}", f"报告 {path.name!r}"),
            found=Words("it is a page, and its name does not say so", "报告是网页，名字却不是"),
            todo=Words("give a name that ends in .html", "名字用 .html 结尾"),
        )
    return write_atomically(path, report_page(release))


def _row(number: int, row: Row) -> dict[str, Any]:
    def side(text: str, right: bool | None) -> tuple[str, str]:
        return _cut(text), {None: "", True: "✓", False: "✗"}[right]

    same = row.old == row.new
    return {
        "number": number,
        "text": _cut(row.text),
        "old": side(row.old, row.old_right),
        "new": side(row.new, row.new_right),
        "same": same,
    }


def _cut(text: str) -> str:
    return visible(text if len(text) <= LONGEST else f"{text[:LONGEST]}……（共 {len(text)} 个字）")
