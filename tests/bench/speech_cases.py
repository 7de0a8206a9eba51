"""The kit's sentence beside the bare graphs of the same voice."""

import time

from aigc_kit import cards, fetch, speech
from tests.bench.runner import Case, Pair

TEXT = "今天的天气真不错，我们一起去公园散步吧。"


def _against_the_graphs(name: str, rounds: int) -> Pair | str:
    if fetch.find(cards.get(name)) is None:
        return f"{name} is not on disk (aigc fetch {name})"
    from aigc_kit.make.speech.engines.base import Segment
    from aigc_kit.make.speech.settings import Settings

    plan = speech.plan_for(TEXT, card=name)
    engine = speech.engine(plan)
    segment = Segment(TEXT, TEXT)

    def kit() -> float:
        began = time.perf_counter()
        take = speech.run(plan)
        return len(take.data) / speech.RATE / (time.perf_counter() - began)

    def bare() -> float:
        began = time.perf_counter()
        spoken = engine.speak(segment, Settings())
        return len(spoken.wave) / speech.RATE / (time.perf_counter() - began)

    note = f"speech.run (front end, joins, checks) against the voice's two graphs, {len(TEXT)} characters"
    return Pair(kit, bare, "s of sound/s", rounds, note)


CASES = (Case("speech-baker", lambda: _against_the_graphs("baker", 9)),)
