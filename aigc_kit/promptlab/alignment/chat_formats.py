"""Write a conversation as models were trained to read it.

Every family has its own marks. A mark works only where it is a token of its own in that model's vocabulary: under
another model it is ordinary text, cut into ordinary tokens. So a real program asks the model's tokenizer
(`apply_chat_template`); the formats here show what that writes.

Sources: OpenAI's ChatML; Meta's model cards of Llama 2 and Llama 3 ("prompt format").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, unknown_name

_CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)
_LLAMA2 = (
    "<s>[INST] {% if messages[0].role == 'system' %}<<SYS>>\n{{ messages[0].content }}\n<</SYS>>\n\n{% endif %}"
    "{{ messages[-1].content }} [/INST]"
)
_LLAMA3 = (
    "<|begin_of_text|>{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n{{ m.content }}"
    "<|eot_id|>{% endfor %}<|start_header_id|>assistant<|end_header_id|>\n\n"
)
FORMATS: Mapping[str, str] = {"chatml": _CHATML, "llama-2": _LLAMA2, "llama-3": _LLAMA3}
"""Name -> Jinja template of a conversation that waits for the answer.

The marks of Llama 2, but <s>, are ordinary text by design; those of the others are tokens of their own.
"""


@dataclass(frozen=True)
class Piece:
    """Hold a token of a written conversation.

    Args:
        id: in the tokenizer's vocabulary.
        text: its characters, or bytes such as <E4><BA>.
        special: it is a mark of this vocabulary.
    """

    id: int
    text: str
    special: bool


def written(name: str, messages: Sequence[Mapping[str, str]]) -> str:
    """Write messages in a format, ready for the answer.

    Each is {"role", "content"}.

    Raises:
        UnknownName: no such format.
        BadInput: no message, or a role other than system, user, assistant.
    """
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    if name not in FORMATS:
        raise unknown_name(
            Words(f"the chat format {name!r}", f"对话格式 {name!r}"), name, FORMATS, Words("format", "格式")
        )
    roles = [message.get("role") for message in messages]
    if not roles or set(roles) - {"system", "user", "assistant"}:
        raise BadInput(
            asked=Words("a conversation", "一段对话"),
            found=Words(f"the roles {roles}", f"角色是 {roles}"),
            todo=Words(
                'give messages {"role": ..., "content": ...} of system, user, assistant',
                '每条写成 {"role": ..., "content": ...}，角色用 system、user 或 assistant',
            ),
        )
    environment = ImmutableSandboxedEnvironment(keep_trailing_newline=True)
    return environment.from_string(FORMATS[name]).render(messages=list(messages))


def pieces(engine: Any, text: str) -> list[Piece]:
    """Cut a written conversation into a model's tokens.

    `engine`: of transformers (`make.text.engines.hf`), whose tokenizer reads marks inside a text as its own tokens.
    """
    special = set(engine.tokenizer.all_special_ids)
    ids = engine.tokenizer(text, add_special_tokens=False).input_ids
    return [Piece(token, engine.token_text(token), token in special) for token in ids]
