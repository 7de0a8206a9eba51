"""The endpoint engine against a real server on the loopback address, written here."""

import json
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from aigc_kit import cards, text
from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.make.text.engines.endpoint import EndpointEngine

SECRET = "sk-very-secret-1234"


class Handler(BaseHTTPRequestHandler):
    """Answers by the server's `script`: a function (path, body) -> (status, headers, list of byte chunks)."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, body, dict(self.headers)))
        status, headers, chunks = self.server.script(self.path, body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(chunk)
            self.wfile.flush()

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.seen = []
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("AIGC_OPENAI_BASE_URL", f"http://127.0.0.1:{made.server_port}/v1/")
    monkeypatch.setenv("AIGC_OPENAI_MODEL", "some-model")
    monkeypatch.setenv("AIGC_OPENAI_API_KEY", SECRET)
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def event(data):
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


def stream(*events):
    return 200, {"Content-Type": "text/event-stream"}, [b": hello\n\n", *map(event, events), b"data: [DONE]\n\n"]


def delta(text=None, finish=None, **more):
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish, **more}]}


def run(prompt="你好", **values):
    plan = text.plan_for(prompt, card="endpoint", **values)
    return text.run(plan, using=EndpointEngine(cards.get("endpoint")))


def test_a_chat_is_streamed(server):
    server.script = lambda path, body: stream(
        {"choices": [{"delta": {"role": "assistant"}}]},
        delta("春"),
        delta("风。"),
        delta(None, "stop"),
        {"choices": [], "usage": {"completion_tokens": 3}},
    )
    plan = text.plan_for("你好", card="endpoint", chat=True, system="简短", temperature=0.5, top_p=0.8, seed=3, top_k=9)
    engine = EndpointEngine(cards.get("endpoint"))
    seen = []
    take = text.run(plan, on_step=seen.append, using=engine)
    assert take.data == "春风。"
    assert [step.preview().so_far for step in seen] == ["春", "春风。"] and seen[0].phase == "chunk"
    assert (take.labels["finish"], take.labels["tokens"], take.labels["mean_logprob"]) == ("eos", 3, None)
    path, body, headers = server.seen[0]
    assert path == "/v1/chat/completions" and headers["Authorization"] == f"Bearer {SECRET}"
    assert body["messages"] == [{"role": "system", "content": "简短"}, {"role": "user", "content": "你好"}]
    sent = {"model": "some-model", "temperature": 0.5, "top_p": 0.8, "seed": 3, "top_k": 9, "stream": True}
    assert sent.items() <= body.items() and body["max_tokens"] == 100


def test_candidates_are_shown_when_the_server_sends_them(server):
    tops = [{"token": "风", "logprob": -0.5}, {"token": "雨", "logprob": -1.5}]
    entry = {"token": "风", "logprob": -0.5, "top_logprobs": tops}
    server.script = lambda path, body: stream(delta("风", logprobs={"content": [entry]}), delta("", "length"))
    seen = []
    plan = text.plan_for("春", card="endpoint", chat=True)
    take = text.run(plan, on_step=seen.append, using=EndpointEngine(cards.get("endpoint")))
    view = seen[0].preview()
    assert [(c.text, round(c.probability, 3)) for c in view.candidates] == [("风", 0.607), ("雨", 0.223)]
    assert view.missing_mass == pytest.approx(1 - 0.607 - 0.223, abs=1e-3)
    assert take.labels["mean_logprob"] == -0.5 and take.labels["finish"] == "length"


def test_a_server_that_refuses_log_probabilities_is_asked_without(server):
    def script(path, body):
        if "logprobs" in body:
            return 400, {}, [b'{"error": {"message": "logprobs is not supported"}}']
        return stream(delta("ok", "stop"))

    server.script = script
    assert run(chat=True).data == "ok" and len(server.seen) == 2


def test_raw_continuation(server):
    logprobs = {"tokens": ["春"], "token_logprobs": [-0.1], "top_logprobs": [{"春": -0.1, "秋": -3.0}]}
    server.script = lambda path, body: stream(
        {"choices": [{"text": "春", "logprobs": logprobs, "finish_reason": None}]},
        {"choices": [{"text": "天", "finish_reason": "stop"}]},
    )
    take = run("今年", stop="。")
    assert take.data == "春天" and take.labels["finish"] == "stop"
    path, body, _ = server.seen[0]
    assert path == "/v1/completions" and body["prompt"] == "今年" and body["stop"] == ["。"]


def test_a_server_that_only_chats(server):
    server.script = lambda path, body: (404, {}, [b"not found"])
    with pytest.raises(BadInput, match=r"(?s)no /completions.*say chat=True"):
        run()


def test_a_characters_bytes_may_come_in_two_packets(server):
    whole = event(delta("春风", "stop"))
    status, headers, chunks = stream()
    server.script = lambda path, body: (status, headers, [whole[:-12], whole[-12:], *chunks])
    assert run(chat=True).data == "春风"


def test_errors_name_the_cause_and_never_the_key(server):
    server.script = lambda path, body: (401, {}, [b'{"error": {"message": "bad key %s"}}' % SECRET.encode()])
    with pytest.raises(CannotLoad, match=r"HTTP 401: bad key \*\*\*") as caught:
        run(chat=True)
    assert SECRET not in str(caught.value) and caught.value.__cause__ is None
    server.script = lambda path, body: (200, {}, [b"data: {broken\n\n"])
    with pytest.raises(CannotLoad, match="not of the OpenAI protocol"):
        run(chat=True)
    server.script = lambda path, body: (500, {}, [b"<html>"])
    with pytest.raises(CannotLoad, match="HTTP 500"):
        run(chat=True)


def test_the_key_is_not_carried_to_another_host(server):
    server.script = lambda path, body: (302, {"Location": "http://127.0.0.1:9/steal"}, [])
    with pytest.raises(CannotLoad, match="HTTP 302"):
        run(chat=True)


def test_nothing_keeps_or_shows_the_key(server):
    engine = EndpointEngine(cards.get("endpoint"))
    assert SECRET not in repr(engine) + repr(vars(engine))
    server.script = lambda path, body: stream(delta("a", "stop"))
    take = run(chat=True)
    assert SECRET not in repr(take)


def test_no_connection(monkeypatch):
    monkeypatch.setenv("AIGC_OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("AIGC_OPENAI_MODEL", "m")
    monkeypatch.delenv("AIGC_OPENAI_API_KEY", raising=False)
    with pytest.raises(CannotLoad, match="no connection"):
        run(chat=True)


def test_what_the_environment_must_say(monkeypatch):
    card = cards.get("endpoint")
    for name in ("AIGC_OPENAI_BASE_URL", "AIGC_OPENAI_MODEL", "AIGC_OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BadInput, match="AIGC_OPENAI_BASE_URL and AIGC_OPENAI_MODEL not set"):
        EndpointEngine(card)
    monkeypatch.setenv("AIGC_OPENAI_MODEL", "m")
    for bad in ("ftp://host/v1", "https://me:pass@host/v1", "host/v1"):
        monkeypatch.setenv("AIGC_OPENAI_BASE_URL", bad)
        with pytest.raises(BadInput, match=r"not a plain http\(s\) address") as caught:
            EndpointEngine(card)
        assert "pass" not in str(caught.value)
    monkeypatch.setenv("AIGC_OPENAI_BASE_URL", "http://example.com/v1")
    monkeypatch.setenv("AIGC_OPENAI_API_KEY", SECRET)
    with pytest.raises(BadInput, match="sends the key unencrypted"):
        EndpointEngine(card)


def test_what_servers_cannot_do(server):
    with pytest.raises(BadInput, match="servers only sample"):
        run(chat=True, search="beam")
    engine = EndpointEngine(cards.get("endpoint"))
    for call in (lambda: engine.encode("a"), lambda: engine.open([1]), lambda: engine.logprobs([1, 2], 1)):
        with pytest.raises(BadInput, match="samples by itself"):
            call()


def test_leaving_early_closes_the_connection(server):
    """The server still has 40 MB to say, more than any buffer holds, when the reader goes."""
    sent, gone = [], threading.Event()
    server.handle_error = lambda *_: gone.set()

    def chunks():
        for i in range(10_000):
            sent.append(i)
            yield event(delta("x" * 4000))

    server.script = lambda path, body: (200, {}, chunks())
    plan = text.plan_for("x", card="endpoint", chat=True)
    for step in text.steps(plan, using=EndpointEngine(cards.get("endpoint"))):
        if step.index == 3:
            break
    del step
    assert gone.wait(10) and len(sent) < 10_000


def unset_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_loopback_server_is_never_asked_through_a_proxy(server, monkeypatch):
    unset_proxies(monkeypatch)
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.seen, proxy.script = [], lambda path, body: stream(delta("from the proxy", "stop"))
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.server_port}")
    server.script = lambda path, body: stream(delta("from the server", "stop"))
    made = run(chat=True).data
    proxy.shutdown()
    proxy.server_close()
    thread.join()
    assert (made, proxy.seen) == ("from the server", []), "the proxy would have read the key"


def test_a_key_that_is_set_later_is_not_sent_unencrypted(monkeypatch):
    monkeypatch.setenv("AIGC_OPENAI_BASE_URL", "http://example.com/v1")
    monkeypatch.setenv("AIGC_OPENAI_MODEL", "m")
    monkeypatch.delenv("AIGC_OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(
        "aigc_kit.make.text.engines.endpoint.build_opener", lambda *_: pytest.fail("a request was made")
    )
    engine = EndpointEngine(cards.get("endpoint"))
    monkeypatch.setenv("AIGC_OPENAI_API_KEY", SECRET)
    plan = text.plan_for("hi", card="endpoint", chat=True)
    with pytest.raises(BadInput, match="sends the key unencrypted"):
        text.run(plan, using=engine)


@pytest.mark.parametrize("host", ["127.0.0.1.example.com", "localhost.example.com", "10.0.0.1", "example.com"])
def test_hosts_that_are_no_loopback_get_no_key_over_http(monkeypatch, host):
    monkeypatch.setenv("AIGC_OPENAI_BASE_URL", f"http://{host}/v1")
    monkeypatch.setenv("AIGC_OPENAI_MODEL", "m")
    monkeypatch.setenv("AIGC_OPENAI_API_KEY", SECRET)
    with pytest.raises(BadInput, match="sends the key unencrypted"):
        EndpointEngine(cards.get("endpoint"))


def test_blanks_around_a_key_are_dropped(server, monkeypatch):
    monkeypatch.setenv("AIGC_OPENAI_API_KEY", f"  {SECRET}\r\n")
    server.script = lambda path, body: stream(delta("a", "stop"))
    assert run(chat=True).data == "a"
    assert server.seen[0][2]["Authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("key", [f"{SECRET}\nX-Evil: 1", f"{SECRET}\x07x", f"{SECRET} {SECRET}", f"{SECRET}密"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(server, monkeypatch, key):
    monkeypatch.setenv("AIGC_OPENAI_API_KEY", key)
    with pytest.raises(BadInput, match="AIGC_OPENAI_API_KEY") as caught:
        run(chat=True)
    shown = "".join(traceback.format_exception(caught.value))
    assert "sk-very" not in shown and server.seen == []


ENTRY = {"choices": [{"message": {"role": "assistant", "content": "春风"}, "finish_reason": "stop"}]}


@pytest.mark.parametrize(
    ("chunks", "match"),
    [
        ([b'data: {"error": {"message": "model overloaded"}}\n\n', b"data: [DONE]\n\n"], "model overloaded"),
        ([event(delta("春")), b'data: {"error": "out of memory"}\n\n', b"data: [DONE]\n\n"], "out of memory"),
        ([event({**delta(None, "error"), "error": {"code": 502}}), b"data: [DONE]\n\n"], "502"),
        ([event(delta("春"))], "ended before the text did"),
        ([b'{"error": {"message": "quota used up"}}'], "quota used up"),
        ([b'{"code": "Throttling", "message": "too fast"}'], "too fast"),
        ([b"<html><title>Log in to this network</title></html>"], "not of the OpenAI protocol"),
        ([b'{"choices": []}'], "not of the OpenAI protocol"),
        ([b'{"choices": [{}]}'], "not of the OpenAI protocol"),
        ([b'{"choices": [{"message": {"role": "assistant"}}]}'], "not of the OpenAI protocol"),
        ([b"[1, 2]"], "not of the OpenAI protocol"),
        ([b"data: 7\n\n"], "not of the OpenAI protocol"),
        ([b"data: [DONE]\n\n"], "not of the OpenAI protocol"),
        ([b""], "not of the OpenAI protocol"),
    ],
)
def test_a_failure_that_comes_with_status_200_is_no_text(server, chunks, match):
    server.script = lambda path, body: (200, {"Content-Type": "text/event-stream"}, chunks)
    with pytest.raises(CannotLoad, match=rf"(?s)asked: a text from some-model.*found: .*{match}.*what to do: "):
        run(chat=True)


def test_the_servers_words_in_the_stream_never_show_the_key(server):
    server.script = lambda path, body: stream({"error": {"message": f"bad key {SECRET}"}})
    with pytest.raises(CannotLoad, match=r"bad key \*\*\*") as caught:
        run(chat=True)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_server_that_does_not_stream(server):
    pretty = json.dumps({**ENTRY, "usage": {"completion_tokens": 2}}, ensure_ascii=False, indent=1).encode()
    server.script = lambda path, body: (200, {"Content-Type": "application/json"}, [pretty])
    take = run(chat=True)
    assert (take.data, take.labels["finish"], take.labels["tokens"]) == ("春风", "eos", 2)
    raw = json.dumps({"choices": [{"text": "天", "finish_reason": "length"}]}).encode()
    server.script = lambda path, body: (200, {}, [raw])
    take = run()
    assert (take.data, take.labels["finish"]) == ("天", "length")


def test_a_stream_may_end_without_done_once_the_text_has_ended(server):
    server.script = lambda path, body: (200, {}, [event(delta("春")), event(delta(None, "stop"))])
    assert run(chat=True).data == "春"


def test_the_engine_in_memory_follows_the_environment(server, monkeypatch):
    from aigc_kit.models import loaded

    server.script = lambda path, body: stream(delta("a", "stop"))
    plan = text.plan_for("hi", card="endpoint", chat=True)
    text.run(plan)
    first = text.engine(plan)
    assert text.engine(plan) is first
    monkeypatch.setenv("AIGC_OPENAI_MODEL", "other-model")
    assert not text.MODALITY.is_loaded(plan)
    text.run(plan)
    assert [body["model"] for _, body, _ in server.seen] == ["some-model", "other-model"]
    monkeypatch.setenv("AIGC_OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v2")
    text.run(plan)
    loaded.free("endpoint")
    assert [path for path, _, _ in server.seen[1:]] == ["/v1/chat/completions", "/v2/chat/completions"]
