"""What lab 05 leaves when it was run as a whole with no hand on it: a page, a film, a picture with its record."""

import json
from pathlib import Path

from aigc_kit import works
from aigc_kit.media.encode import probe
from aigc_kit.teach.labs.lab05 import checks


def page_is_whole(story: Path) -> None:
    """The page is whole and says of each part who made it."""
    assert checks.g(story / works.PAGE)
    work = works.Work.load(story)
    labels = {(part.kind, part.label) for part in work.parts}
    assert ("image", "AI 生成") in labels and ("audio", "AI 生成") in labels
    assert ("video", works.LABELS["computed"]) in labels and ("video", works.LABELS["mixed"]) in labels
    assert all(part.maker for part in work.parts)
    html = (story / works.PAGE).read_text(encoding="utf-8")
    assert all(label in html for _, label in labels)
    assert "http://" not in html and "https://" not in html


def film_is_as_long_as_its_storyboard(story: Path) -> None:
    facts = probe(story / "animatic.mp4")
    assert abs(facts.seconds - 60) < 0.2 and abs(facts.sound_seconds - 60) < 0.2
    assert (facts.width, facts.height, facts.fps) == (640, 360, 12)
    assert (story / "animatic.vtt").read_text(encoding="utf-8").count("-->") >= 5


def picture_has_the_courses_name_and_its_record(story: Path) -> None:
    record = json.loads((story.parent / "topology_visualization.json").read_text(encoding="utf-8"))
    assert record["outputs"].keys() == {"topology_visualization.png"}
    assert record["request"]["seed"] == 42


ASKED = (page_is_whole, film_is_as_long_as_its_storyboard, picture_has_the_courses_name_and_its_record)
