"""A model behind a server calls the calculator: over a real local server, with calls that are none."""

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.works.team import with_tools


def call(arguments, name="calculate"):
    return {"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}}


@contextmanager
def server(monkeypatch, *messages):
    """A server that says these messages, one a request, and keeps what it was asked."""
    bodies = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            answer = json.dumps({"choices": [{"message": messages[min(len(bodies), len(messages)) - 1]}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        monkeypatch.setenv("AIGC_OPENAI_BASE_URL", f"http://127.0.0.1:{http.server_port}/v1")
        monkeypatch.setenv("AIGC_OPENAI_MODEL", "some-model")
        monkeypatch.delenv("AIGC_OPENAI_API_KEY", raising=False)
        yield bodies
        http.shutdown()


def test_a_call_is_worked_out_and_its_result_goes_back(monkeypatch):
    calls = {"role": "assistant", "content": None, "tool_calls": [call('{"expression": "2^10"}')]}
    with server(monkeypatch, calls, {"content": " 1024。"}) as bodies:
        assert with_tools("2^10 是多少？") == ("1024。", ["2^10 = 1024"])
    assert bodies[0]["tools"][0]["function"]["name"] == "calculate" and bodies[0]["model"] == "some-model"
    assert bodies[1]["messages"][-1] == {"role": "tool", "tool_call_id": "1", "content": "2^10 = 1024"}


@pytest.mark.parametrize(
    ("hostile", "told"),
    [
        (call("{\"expression\": \"__import__('os').system('id')\"}"), "不是一道算式"),
        (call('{"expression": 7}'), "写法不对"),
        (call("not json"), "写法不对"),
        (call('{"command": "rm"}'), "写法不对"),
        (call('{"expression": "1"}', name="shell"), "没有叫 shell 的工具"),
        ({"function": None}, "写法不对"),
    ],
)
def test_calls_that_are_none_do_nothing_and_are_told(hostile, told, monkeypatch):
    with server(monkeypatch, {"tool_calls": [hostile]}, {"content": "好"}):
        answer, (line,) = with_tools("算一算")
    assert answer == "好" and told in line


def test_calls_without_an_end_are_ended(monkeypatch):
    endless = {"tool_calls": [call('{"expression": "1+1"}')]}
    with server(monkeypatch, endless) as bodies, pytest.raises(BadInput, match="still calling after 3"):
        with_tools("算一算")
    assert len(bodies) == 3


def test_what_is_no_answer_is_refused(monkeypatch):
    with server(monkeypatch, "text"), pytest.raises(CannotLoad, match="OpenAI protocol"):
        with_tools("算一算")
    with pytest.raises(BadInput, match="no question"):
        with_tools("  ")
