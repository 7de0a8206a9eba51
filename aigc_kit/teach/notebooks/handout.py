"""Write slides and a printed handout of a lab.

Both come from its notebook: pages of our own, whole in one file; a headless Chromium prints them as PDF.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aigc_kit.core.paths import write_atomically
from aigc_kit.media import chromium
from aigc_kit.media.pages import environment, markup, policy, template_text
from aigc_kit.teach.labs import Lab
from aigc_kit.teach.notebooks import cells
from aigc_kit.teach.notebooks.slides import NOTES, slides_of
from aigc_kit.teach.notebooks.still import code_css, listing, prose, results

Form = Literal["slides", "paper"]
FORMS: tuple[Form, ...] = ("slides", "paper")
PAPER_SKIP = "paper-skip"
LONGEST_OUTPUT = 24  # lines of text on paper


@dataclass(frozen=True)
class Handout:
    """Hold a page, and its PDF where printed."""

    form: Form
    page: Path
    pdf: Path | None


def write(lab: Lab, form: Form, folder: Path, *, notes: bool = False, program: str | None = None) -> Handout:
    """Write a lab's slides or paper into a folder.

    Args:
        lab: whose notebook is read, with the outputs that it has.
        form: "slides" (16:9, large type) or "paper" (A4).
        folder: made when missing; gets NAME-FORM.html, and NAME-FORM.pdf.
        notes: what the speaker says stands under each slide.
        program: a Chromium of `chromium.find`; None prints nothing.

    Raises:
        BadInput: not a notebook.
        CannotWrite: the browser gave up; the page is there.
    """
    source = cells.folder() / lab.notebook
    notebook = cells.read(source)
    text = _slides(notebook, lab, source.parent, notes) if form == "slides" else _paper(notebook, lab, source.parent)
    page = write_atomically(folder / f"{source.stem}-{form}.html", text)
    pdf = chromium.print_pdf(page, page.with_suffix(".pdf"), program) if program else None
    return Handout(form, page, pdf)


def how_to_print(handout: Handout) -> str:
    """Tell how a person prints a page by hand."""
    paper = "A4, default margins" if handout.form == "paper" else "landscape, no margins, background graphics on"
    return f"no Chromium, Chrome or Edge found: open {handout.page} in a browser, print, save as PDF ({paper})"


def _slides(notebook: cells.Notebook, lab: Lab, home: Path, notes: bool) -> str:
    deck = slides_of(notebook, home)
    for slide in deck:
        slide.blocks = [(kind, markup(html)) for kind, html in slide.blocks]
        slide.notes = [markup(html) for html in slide.notes] if notes else []
    script = template_text("slides.js")
    template = environment().get_template("slides.html.j2")
    return template.render(
        csp=policy((script,), None),
        css=markup(template_text("slides.css") + code_css()),
        script=markup(script),
        title=lab.title,
        number=lab.number,
        deck=deck,
        notes=notes,
    )


def _paper(notebook: cells.Notebook, lab: Lab, home: Path) -> str:
    rows: list[tuple[str, str]] = []
    for cell in notebook.cells:
        names = cells.tags(cell)
        if {PAPER_SKIP, NOTES, "solution"} & names or not cell.source.strip():
            continue
        if cell.cell_type == "markdown":
            rows.append(("prose", markup(prose(cell, home))))
            continue
        rows.append(("code", markup(listing(cell.source))))
        if "exercise" in names:
            rows.append(("room", ""))
            continue
        rows += [(kind, markup(html)) for kind, html in results(cell, LONGEST_OUTPUT)]
    template = environment().get_template("paper.html.j2")
    return template.render(
        csp=policy((), None),
        css=markup(template_text("paper.css") + code_css()),
        title=lab.title,
        number=lab.number,
        rows=rows,
    )
