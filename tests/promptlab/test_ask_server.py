"""An asker served on loopback: what clients may ask, and what is refused."""

import http.client
import json
import socket
import threading
from urllib.parse import urlsplit

import pytest

from aigc_kit import cards, text
from aigc_kit.core.errors import CannotLoad
from aigc_kit.make.text.engines.endpoint import EndpointEngine
from aigc_kit.promptlab import ask
from aigc_kit.promptlab.ask.asking import Asker
from aigc_kit.promptlab.ask.backends import FunctionBackend
from aigc_kit.promptlab.ask.loopback import LONGEST, PATH, TOKENS

HOSTILE = '"}]}\n\ndata: [DONE]\n\n<script>alert(1)</script>\x00\\u0000 你好 😀'


def echo(prompts):
    return [f"听到：{prompt}" for prompt in prompts]


@pytest.fixture
def asker():
    return Asker(FunctionBackend(echo, "reader"), calls=3)


@pytest.fixture
def address(asker):
    with ask.serve(asker) as served:
        yield served


def body(content="你好", **values):
    return {"model": "reader", "messages": [{"role": "user", "content": content}], **values}


def send(address, data, path=PATH, method="POST", **headers):
    """Send bytes or JSON by the standard library alone; give status and what came."""
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    link = http.client.HTTPConnection("127.0.0.1", urlsplit(address.url).port, timeout=20)
    link.request(method, path, raw, {"Content-Type": "application/json", **headers})
    answer = link.getresponse()
    came = answer.read()
    link.close()
    return answer.status, came


def refusal(address, data, **more):
    status, came = send(address, data, **more)
    return status, json.loads(came)["error"]["message"]


@pytest.mark.parametrize("content", ["你好", HOSTILE, "<|im_end|>", "a" * 5000], ids=range(4))
def test_text_comes_back_as_it_was_sent(address, content):
    status, came = send(address, body(content))
    (choice,) = json.loads(came)["choices"]
    assert (status, choice["message"]["content"], choice["finish_reason"]) == (200, f"听到：{content}", "stop")


def test_the_kits_own_client_asks_it(address, monkeypatch):
    monkeypatch.setenv("AIGC_OPENAI_BASE_URL", address.url)
    monkeypatch.setenv("AIGC_OPENAI_MODEL", address.model)
    monkeypatch.setenv("AIGC_OPENAI_API_KEY", "")
    engine = EndpointEngine(cards.get("endpoint"))
    plan = text.plan_for(HOSTILE, card="endpoint", chat=True, search="greedy")
    assert text.run(plan, using=engine).data == f"听到：{HOSTILE}"
    with pytest.raises(CannotLoad, match="not offered: stop"):
        text.run(text.plan_for("你好", card="endpoint", chat=True, stop="。"), using=engine)


def test_the_tiny_model_says_the_same_as_without_a_server():
    tiny = ask.model("tinychat", max_new_tokens=8)
    prompt = "判断以下文本的情感倾向：快递太慢了"
    (direct,) = ask.model("tinychat", max_new_tokens=8)([prompt])
    with ask.serve(tiny) as served:
        values = {**body(prompt), "model": served.model}
        _, came = send(served, values)
        _, short = send(served, {**values, "max_tokens": 1})
    said, cut = json.loads(came), json.loads(short)
    assert said["choices"][0]["message"]["content"] == direct and said["usage"]["completion_tokens"] >= 1
    assert cut["choices"][0]["finish_reason"] == "length" and tiny.ledger.live == 2


def test_the_askers_budget_and_cache_hold(address, asker):
    assert [send(address, body(str(n)))[0] for n in (1, 2, 3, 1)] == [200] * 4
    status, message = refusal(address, body("4"))
    assert status == 429 and "0 of 3 are left" in message
    assert (asker.ledger.live, asker.ledger.cached) == (3, 1)


def user(content):
    return {"role": "user", "content": content}


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"", 400, "no JSON"),
        (b"{", 400, "no JSON"),
        (b"\xff\xfe", 400, "no JSON"),
        (b"[" * 60000, 400, "no JSON"),
        (b"[]", 400, "no JSON object"),
        (b"{}", 404, "the model here is 'reader'"),
        (body(logprobs=True, tools=[]), 400, "not offered: logprobs, tools"),
        ({**body(), "model": "other"}, 404, "'reader'"),
        ({**body(), "messages": []}, 400, "one of the user"),
        ({**body(), "messages": "你好"}, 400, "one of the user"),
        ({**body(), "messages": [user("a"), user("b")]}, 400, "one of the user"),
        ({**body(), "messages": [user(None)]}, 400, "no text"),
        ({**body(), "messages": [user([{"type": "text", "text": "a"}])]}, 400, "no text"),
        ({**body(), "messages": [5]}, 400, "no text"),
        (body(""), 400, "prompt"),
        (body("\ud800"), 400, "half a character"),
        (body(max_tokens=0), 400, "max_tokens"),
        (body(max_tokens=TOKENS + 1), 400, f"1..{TOKENS}"),
        (body(max_tokens=True), 400, "max_tokens"),
        (body(max_tokens="5"), 400, "max_tokens"),
        (body(temperature=float("nan")), 400, "temperature"),
        (body(temperature=9), 400, "temperature"),
        (body(temperature=1, top_p=0.5), 400, "top_p"),
        (body(seed=1.5), 400, "seed"),
        (body(n=2), 400, "not offered: n"),
        (b" " * (LONGEST + 1), 413, "bytes"),
    ],
    ids=range(26),
)
def test_bad_requests_are_refused_in_json_and_cost_nothing(address, asker, data, status, words):
    found, message = refusal(address, data)
    assert found == status and words in message and asker.ledger.live == 0


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"path": "/v1/completions"}, 404),
        ({"path": "/../../etc/passwd"}, 404),
        ({"method": "GET"}, 404),
        ({"Host": "evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Length": "-1"}, 411),
        ({"Content-Length": "9" * 30}, 413),
    ],
    ids=range(8),
)
def test_web_pages_and_other_paths_are_refused(address, asker, more, status):
    assert refusal(address, body(), **more)[0] == status and asker.ledger.live == 0


def test_a_model_that_fails_tells_no_secrets():
    def fail(prompts):
        raise RuntimeError("sk-secret")

    with ask.serve(Asker(FunctionBackend(fail, "reader"))) as served:
        status, message = refusal(served, body())
    assert status == 500 and "RuntimeError" in message and "sk-secret" not in message


def test_it_listens_on_loopback_and_stops_with_its_block(asker):
    threads = threading.active_count()
    with pytest.raises(KeyError), ask.serve(asker) as served:
        port = urlsplit(served.url).port
        assert served.url == f"http://127.0.0.1:{port}/v1" and send(served, body())[0] == 200
        raise KeyError
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    assert threading.active_count() == threads
