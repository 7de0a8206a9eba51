"""Join text, picture, voice and motion in one page.

work = Work("拓扑学：甜甜圈与咖啡杯", TITLE)
work.add("text", sample(), "sample")              # or work.take(take) with what a lab made
review(work.text)                                 # what a reader would stumble over
work.save(folder); work = Work.load(folder)       # tomorrow
write_page(work, folder, view=morph_view())       # topology_story.html: one file, no network

animate("morph.mp4")                              # the deformation, every frame's mesh counted
animatic("film.mp4", draft(work.text), pictures)  # a storyboard of 60 s as a film
"""

from aigc_kit.media.pages import visible
from aigc_kit.works.animatic import Animatic, animatic
from aigc_kit.works.marks import hints, table
from aigc_kit.works.measured import agreement, distance, spread
from aigc_kit.works.morphing import animate, frames, scenes
from aigc_kit.works.part_from import from_take, make
from aigc_kit.works.parts import LABELS, Part
from aigc_kit.works.producing import film, paint, storyboard
from aigc_kit.works.prompts import NEAREST, STYLES, SUGGESTIONS, TITLE, TOPOLOGY, feynman, sample, visual
from aigc_kit.works.review import Finding, Review, length, review
from aigc_kit.works.rubric import CRITERIA
from aigc_kit.works.storyboard import Shot, Storyboard, balanced, draft, from_rows, parse
from aigc_kit.works.viewer import View, document, morph_view, notebook_html
from aigc_kit.works.work import Work
from aigc_kit.works.work_page import PAGE, light, page, write_page
from aigc_kit.works.writing import Conversation, can_write, compared

__all__ = [
    "CRITERIA",
    "LABELS",
    "NEAREST",
    "PAGE",
    "STYLES",
    "SUGGESTIONS",
    "TITLE",
    "TOPOLOGY",
    "Animatic",
    "Conversation",
    "Finding",
    "Part",
    "Review",
    "Shot",
    "Storyboard",
    "View",
    "Work",
    "agreement",
    "animate",
    "animatic",
    "balanced",
    "can_write",
    "compared",
    "distance",
    "document",
    "draft",
    "feynman",
    "film",
    "frames",
    "from_rows",
    "from_take",
    "hints",
    "length",
    "light",
    "make",
    "morph_view",
    "notebook_html",
    "page",
    "paint",
    "parse",
    "review",
    "sample",
    "scenes",
    "spread",
    "storyboard",
    "table",
    "visible",
    "visual",
    "write_page",
]
