"""Let a model behind a server call the calculator.

What the model writes into a call is a stranger's text: only one tool is there, it works out sums and nothing else, and
the number of rounds is fixed here.
"""

import json
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import AigcError, BadInput
from aigc_kit.works.team.toolbox import calculate

MOST_ROUNDS = 3
_CALCULATOR = {
    "type": "function",
    "function": {
        "name": "calculate",
        "description": "Work out a sum of numbers, brackets and + - * / ^.",
        "parameters": {
            "type": "object",
            "properties": {"expression": {"type": "string"}},
            "required": ["expression"],
        },
    },
}


def with_tools(question: str, engine: Any = None) -> tuple[str, list[str]]:
    """Ask an OpenAI-compatible server, with the calculator at hand.

    Args:
        question: in words.
        engine: an `EndpointEngine`; None takes that of the environment.

    Returns:
        The answer, and every call with its result.

    Raises:
        BadInput: no question, no server, or calls without an end. CannotLoad: the server fails.
    """
    from aigc_kit.make import text

    asked = Words(f"an answer with tools to {question[:40]!r}", f"带工具回答 {question[:40]!r}")
    if not question.strip():
        raise BadInput(asked=asked, found=Words("no question", "没有问题"), todo=Words("write one", "写一个问题"))
    server = engine or text.engine(text.plan_for(question, card="endpoint"))
    messages: list[dict[str, Any]] = [{"role": "user", "content": question}]
    calls: list[str] = []
    for _ in range(MOST_ROUNDS):
        message = server.message({"messages": messages, "tools": [_CALCULATOR], "temperature": 0})
        wanted = message.get("tool_calls") or []
        if not wanted:
            return str(message.get("content") or "").strip(), calls
        messages.append({"role": "assistant", "content": message.get("content") or "", "tool_calls": wanted})
        for call in wanted:
            told = _called(call)
            calls.append(told)
            messages.append({"role": "tool", "tool_call_id": str(call.get("id", "")), "content": told})
    raise BadInput(
        asked=asked,
        found=Words(f"still calling after {MOST_ROUNDS} rounds", f"{MOST_ROUNDS} 轮以后还在叫工具"),
        todo=Words("ask a simpler question, or another model", "换一个简单些的问题，或者换一个模型"),
    )


def _called(call: Any) -> str:
    """Work out one call, and say what came of it."""
    try:
        name, given = call["function"]["name"], json.loads(call["function"]["arguments"])["expression"]
        return f"{given} = {calculate(given):g}" if name == "calculate" else f"没有叫 {name!s:.40} 的工具"
    except AigcError as problem:
        return problem.told.found.zh
    except (KeyError, TypeError, ValueError, AttributeError):
        return "这次调用的写法不对"
