"""Gather programs of people, model and mutator."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.promptlab.alignment import exercises, mutants, syntax
from aigc_kit.promptlab.alignment.exercises import Exercise, Verdict, code_in

PEOPLE, MODEL, CHANGED = "人写的另一种写法", "Qwen 写的（录下的）", "程序改错一处"


@dataclass(frozen=True)
class Judged:
    """Hold a program, its looks and its runs.

    Args:
        exercise: its name.
        origin: in Chinese, who made it.
        source: its text.
        verdict: of running it.
        overlap: of its syntax tree with the reference's, in [0, 1].
        unmet: verbs of the prompt without an operation.
    """

    exercise: str
    origin: str
    source: str
    verdict: Verdict
    overlap: float
    unmet: tuple[str, ...]

    @property
    def alike(self) -> bool:
        """Tell whether the overlap reaches the course's .82."""
        return self.overlap >= syntax.THRESHOLD


def people() -> list[Judged]:
    """Judge the other ways in which people wrote the exercises."""
    return _judged((e, way, PEOPLE) for e in exercises.every() for way in e.ways[1:])


def answers() -> list[Judged]:
    """Judge what Qwen answered, once, elsewhere."""
    from aigc_kit.promptlab import ask

    prompts = [exercise.prompt for exercise in exercises.every()]
    texts = ask.recorded(exercises.RECORDED)(prompts)
    return _judged((e, code_in(text), MODEL) for e, text in zip(exercises.every(), texts, strict=True))


def changed(count: int = 5, seed: int = 0) -> list[Judged]:
    """Judge up to `count` mutants of each reference."""
    pairs = ((e, m.source) for e in exercises.every() for m in mutants.some(e.reference, count, seed))
    return _judged((exercise, source, CHANGED) for exercise, source in pairs)


def live(count: int = 3) -> list[Judged] | None:
    """Ask Qwen itself, None where it is not here."""
    from aigc_kit.models import cards, fetch
    from aigc_kit.promptlab import ask

    if fetch.find(cards.get("qwen2.5-coder-0.5b")) is None:
        return None
    some = exercises.every()[:count]
    qwen = ask.model("qwen2.5-coder-0.5b", calls=count, max_new_tokens=130, system=exercises.SYSTEM)
    texts = qwen([exercise.prompt for exercise in some])
    return _judged((e, code_in(text), "Qwen 现在写的") for e, text in zip(some, texts, strict=True))


def separation(programs: Sequence[Judged]) -> float:
    """Compare the overlap of right and of wrong programs.

    The chance that a right one overlaps more than a wrong one, ties counted half: 0.5 is what a coin does.

    Raises:
        BadInput: all are right, or all are wrong.
    """
    right, wrong = ([p.overlap for p in programs if p.verdict.right == kind] for kind in (True, False))
    if not right or not wrong:
        todo = Words("give programs of both kinds", "两种程序都要给：有对的，也有错的")
        raise BadInput(
            asked=Words("how well right and wrong come apart", "对的和错的分得开多少"),
            found=Words("one kind of program only", "只有一种程序"),
            todo=todo,
        )
    pairs = [(r > w) + (r == w) / 2 for r in right for w in wrong]
    return sum(pairs) / len(pairs)


def _judged(programs: Iterable[tuple[Exercise, str, str]]) -> list[Judged]:
    rows: Sequence[tuple[Exercise, str, str]] = list(programs)
    verdicts = exercises.judged((exercise, source) for exercise, source, _ in rows)
    return [
        Judged(
            exercise.name,
            origin,
            source,
            verdict,
            syntax.jaccard(source, exercise.reference),
            tuple(syntax.unmet(exercise.task, source)),
        )
        for (exercise, source, origin), verdict in zip(rows, verdicts, strict=True)
    ]
