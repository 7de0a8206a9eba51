"""Ask any model in one way, every call counted.

tiny = ask.model("tinychat", calls=500)          # also "smollm2-135m", "qwen2.5-coder-0.5b", "endpoint"
tiny(["判断顾客的意图。\\n消息：快递到哪了"])        # texts, as worlds.prompt_task.measure wants them
tiny.answers(prompts)[0].origin                  # "live", "cached" or "recorded"
tiny.scores(prompts, ["退款", "物流"])            # log-probabilities of labels, where the engine gives them
tiny.ledger.live, tiny.left                      # calls made, calls left
ask.recorded("qwen2.5-coder-0.5b")               # what a larger model said elsewhere, marked so
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aigc_kit.core.lazy import lazily

if TYPE_CHECKING:
    from aigc_kit.promptlab.ask.asking import Asker


def model(
    name: str, *, calls: int | None = None, keep: Path | None = None, engine: str | None = None, **settings: Any
) -> "Asker":
    """Open a model here, or behind an endpoint.

    Args:
        name: of a text card.
        calls: most calls in all; None is no limit.
        keep: file in which answers are kept for later sessions; None forgets them with the asker.
        engine: of the card; None takes its first choice.
        settings: of `backends.How`: max_new_tokens, temperature, seed, system, chat; and `on_batch` of the Asker.

    Raises:
        UnknownName: no such model. NotOnDisk: it is not here. BadInput: it makes no texts, or was never taught to chat.
    """
    from aigc_kit.promptlab.ask.answer_cache import AnswerCache
    from aigc_kit.promptlab.ask.asking import Asker
    from aigc_kit.promptlab.ask.backends import How, LocalBackend, text_card

    on_batch = settings.pop("on_batch", None)
    how = How(**settings)
    backend = LocalBackend(text_card(name), engine, chat=how.chat)
    return Asker(backend, calls=calls, cache=AnswerCache(keep), how=how, on_batch=on_batch)


def recorded(name: str) -> "Asker":
    """Open a recording that ships with the kit.

    Raises:
        UnknownName: there is none of that name. CannotLoad: it is damaged.
    """
    from aigc_kit.promptlab.ask.asking import Asker
    from aigc_kit.promptlab.ask.recordings import RecordedBackend, read

    recording = read(name)
    return Asker(RecordedBackend(recording), calls=0, how=recording.how)


__getattr__, __dir__ = lazily(
    __name__,
    {
        "asking": ("Answer", "Asker", "Ledger"),
        "answer_cache": ("AnswerCache",),
        "backends": ("FunctionBackend", "How"),
        "calibration": ("among", "calibrated", "leaning"),
        "recordings": ("Recording", "record"),
        "loopback": ("Address", "serve"),
    },
)
