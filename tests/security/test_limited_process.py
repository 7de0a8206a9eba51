"""Nothing leaves the limited process: hostile programs, each layer alone, and values that come back as they were."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_kit.core import limited
from aigc_kit.core.limited import inside
from aigc_kit.core.units import MIB

KERNEL = limited.guards()["processes"] == "kernel"

HOSTILE = {
    "fork bomb": ("import os\ndef f():\n    while True:\n        os.fork()", "PermissionError"),
    "new program": ("import os, sys\ndef f():\n    os.posix_spawn(sys.executable, ['x'], {})", "PermissionError"),
    "shell": ("import os\ndef f():\n    return os.system('touch MARK')", "PermissionError"),
    "subprocess": ("def f():\n    import subprocess", "No module named|PermissionError"),
    "its C half": ("def f():\n    import _posixsubprocess", "PermissionError"),
    "file written": ("def f():\n    open('MARK', 'w').write('x')", "PermissionError"),
    "file written by number": (
        "import os\ndef f():\n    os.open('MARK', os.O_CREAT | os.O_WRONLY)",
        "PermissionError",
    ),
    "file read": ("def f():\n    return open('/etc/passwd').read()", "PermissionError"),
    "folder listed": ("import os\ndef f():\n    return os.listdir('/')", "PermissionError"),
    "file removed": ("import os\ndef f():\n    os.remove('MARK')", "PermissionError"),
    "pipe made": ("import os\ndef f():\n    os.mkfifo('MARK')", "has no attribute"),
    "socket": ("def f():\n    import _socket\n    _socket.socket()", "No module named|PermissionError"),
    "memory at once": ("def f():\n    return bytearray(10**11)", "MemoryError"),
    "memory bit by bit": (
        "def f():\n    x = []\n    while True:\n        x.append(bytes(10**6))",
        "MemoryError|processor seconds",
    ),
    "endless loop": ("def f():\n    while True:\n        pass", "processor seconds"),
    "endless text": ("while True:\n    pass", "processor seconds"),
    "endless power": ("def f():\n    return 9**9**9", "processor seconds|MemoryError"),
    "endless but deaf": (
        "import os, sys\nS = sys.modules['_signal'] if '_signal' in sys.modules else __import__('_signal')\n"
        "def f():\n    S.signal(24, S.SIG_IGN)\n    while True:\n        pass",
        "processor seconds|PermissionError|processor",
    ),
    "deep recursion": ("def f():\n    return f()", "RecursionError"),
    "deeper recursion": (
        "import sys\ndef f(n=0):\n    sys.setrecursionlimit(10**9)\n    return f(n + 1)",
        "MemoryError|ended",
    ),
    "nested answer": (
        "def f():\n    x = []\n    for _ in range(10**5):\n        x = [x]\n    return x",
        "nested more than 50",
    ),
    "environment of the parent": (
        "import os\ndef f():\n    return open(f'/proc/{os.getppid()}/environ').read()",
        "Perm",
    ),
    "signal to the parent": ("import os\ndef f():\n    os.kill(os.getppid(), 9)", "PermissionError"),
    "signal to the group": ("import os\ndef f():\n    os.killpg(0, 9)", "PermissionError"),
    "huge answer": ("def f():\n    return 'x' * 10**8", "too long|MemoryError"),
    "huge output": ("def f():\n    while True:\n        print('x' * 10**6)", "MemoryError|processor seconds"),
    "output past the text": (
        "import os\ndef f():\n    while True:\n        os.write(1, b'x' * 10**6)",
        "processor seconds",
    ),
    "forged answers": (
        "import os\ndef f():\n    for n in range(3, 20):\n        try:\n            os.write(n, b'rubbish\\n')\n"
        "        except OSError:\n            pass",
        "cannot be read",
    ),
    "forged nesting": (
        "import os\ndef f():\n    for n in range(3, 20):\n        try:\n"
        "            os.write(n, b'[' * 10**5 + b'\\n')\n"
        "        except OSError:\n            pass",
        "cannot be read",
    ),
    "leaving": ("import os\ndef f():\n    os._exit(0)", "ended"),
    "leaving politely": ("def f():\n    raise SystemExit", "SystemExit"),
    "machine code": (
        "import sys\nC = sys.modules['ctypes']\ndef f():\n    C.CDLL(None).fork()",
        "PermissionError",
    ),
    "memory poked": ("import sys\nC = sys.modules['ctypes']\ndef f():\n    C.string_at(0)", "PermissionError|ended"),
    "an object": ("def f():\n    return object()", "no plain value"),
    "threads": ("def f():\n    import _thread\n    _thread.start_new_thread(print, ())", "RuntimeError"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_leaves_the_process(name, tmp_path, monkeypatch):
    if name == "threads" and not KERNEL:
        pytest.skip("threads do no harm outside, and only a kernel refuses them")
    source, why = HOSTILE[name]
    monkeypatch.chdir(tmp_path)
    Path("MARK").write_text("mine")
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with limited.Program(source) as program:
        home = Path(program._process.home)
        with pytest.raises(RuntimeError, match=why):
            program.call("f()")
        assert not any(home.rglob("*")), "no file, wherever it is"
    assert Path("MARK").read_text() == "mine" and list(tmp_path.iterdir()) == [tmp_path / "MARK"]
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before
    assert not home.exists()


def test_it_inherits_nothing_of_the_environment(monkeypatch):
    monkeypatch.setenv("MY_API_KEY", "abcdefgh12345678")
    with limited.Program("import os\n") as program:
        assert program.call("sorted(os.environ)") == ["HOME", "LANG", "PATH"]


def test_what_it_leaves_open_is_its_pipe_alone():
    with limited.Program("import os\n") as program:
        offered = program.call("[n for n in range(64) if __import__('os').isatty(n)]")
        assert offered == []
    keep = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(keep, True)
    try:
        with limited.Program("import os\n") as program, pytest.raises(RuntimeError, match=r"OSError: .*Bad file"):
            program.call(f"os.read({keep}, 1)")
    finally:
        os.close(keep)


@pytest.mark.skipif(not KERNEL, reason="this kernel holds nothing")
def test_who_holds_what_is_said():
    assert set(limited.guards().values()) == {"kernel"}


TRIES = """
import os, sys, json
sys.path.insert(0, {folder!r})
import _socket, _thread, _posixsubprocess
import inside
{before}
acts = {{
    "fork": os.fork,
    "spawn": lambda: os.posix_spawn(sys.executable, ["x"], {{}}),
    "exec": lambda: os.execv("/bin/true", ["x"]),
    "kill": lambda: os.kill(os.getppid(), 0),
    "socket": _socket.socket,
    "read": lambda: os.open("/etc/passwd", os.O_RDONLY),
    "list": lambda: os.listdir("."),
    "write": lambda: os.open("M2", os.O_CREAT | os.O_WRONLY),
    "remove": lambda: os.remove("MARK"),
    "link": lambda: os.link("MARK", "M2"),
    "rename": lambda: os.rename("MARK", "M2"),
    "chmod": lambda: os.chmod("MARK", 0),
    "shorten": lambda: os.truncate("MARK", 0),
    "folder": lambda: os.mkdir("M2"),
    "pipe": lambda: os.mkfifo("M2"),
    "nice": lambda: os.setpriority(0, os.getppid(), 5),
}}
tried = {{}}
for name, act in acts.items():
    try:
        act()
        tried[name] = "done"
    except PermissionError:
        tried[name] = "refused"
    except Exception as error:
        tried[name] = repr(error)
print(json.dumps(tried))
"""


def tries(before, tmp_path):
    """What a process that ran `before` can still do."""
    (tmp_path / "MARK").write_text("mine")
    code = TRIES.format(folder=str(Path(inside.__file__).parent), before=before)
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.stdout, run.stderr
    assert (tmp_path / "MARK").read_text() == "mine" and [each.name for each in tmp_path.iterdir()] == ["MARK"]
    return json.loads(run.stdout.splitlines()[-1])


@pytest.mark.skipif(not KERNEL, reason="this kernel holds nothing")
def test_the_kernel_alone_refuses_all_of_it(tmp_path):
    """Without the hook: so code that gets around Python's own checks meets this."""
    assert set(tries("assert inside._seccomp(files=False)", tmp_path).values()) == {"refused"}


def test_python_alone_refuses_what_leaves(tmp_path):
    """Without a kernel's help, as on macOS and Windows."""
    tried = tries("inside._watch(None)", tmp_path)
    assert "AttributeError" in tried.pop("pipe") and "AttributeError" in tried.pop("nice"), "taken away: not reported"
    assert set(tried.values()) == {"refused"}, tried


def test_without_limits_all_of_it_can_be_done():
    """The other tests can fail: an ordinary process forks and reads."""
    code = "import os\nopen(os.__file__).close()\nos.listdir('/')\nos.kill(os.getpid(), 0)\nprint('done')"
    assert subprocess.check_output([sys.executable, "-I", "-S", "-c", code], text=True).strip() == "done"


@pytest.mark.skipif(limited.guards()["files"] != "kernel", reason="this kernel holds nothing")
def test_landlock_alone_leaves_the_named_files(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "text").write_text("read me")
    (tmp_path / "shut").write_text("mine")
    code = f"""
import sys; sys.path.insert(0, {str(Path(inside.__file__).parent)!r})
import inside
root = {str(tmp_path)!r}
if not inside._landlock([root + "/open"], [root + "/mine"]):
    print("none")
else:
    open(root + "/mine/new", "w").close()
    assert open(root + "/open/text").read() == "read me"
    for path, mode in (("/shut", "r"), ("/open/text", "a"), ("/open/new", "w"), ("/x", "w")):
        try:
            open(root + path, mode)
            print("done", path)
        except PermissionError:
            print("refused")
"""
    lines = subprocess.check_output([sys.executable, "-I", "-S", "-c", code], text=True).split()
    if lines == ["none"]:
        pytest.skip("this kernel has no Landlock")
    assert lines == ["refused"] * 4


def test_the_numbers_of_system_calls_are_the_kernels():
    places = [Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm-generic/unistd.h")]
    if not all(place.is_file() for place in places):
        pytest.skip("no kernel headers on this machine")
    tables = [
        {name: int(number) for name, number in re.findall(r"define __NR(?:3264)?_(\w+)\s+(\d+)", place.read_text())}
        for place in places
    ]
    for name, numbers in (inside._CALLS | inside._WITH_FILES).items():
        for table, number in zip(tables, numbers, strict=True):
            other = {"newfstatat": "fstatat"}.get(name, name)  # as the generic header has it
            assert number is None or table[name if name in table else other] == number, name


def test_a_file_of_the_grading_kind_is_bounded():
    limits = limited.Limits(memory=64 * MIB)
    with limited.Program("x = 1\n", limits) as program, pytest.raises(RuntimeError, match="MemoryError"):
        program.call("bytearray(100_000_000)")


def test_a_text_that_does_not_run_is_a_fault_and_every_call_says_so():
    with limited.Program("def f(:\n") as program:
        assert program.fault.startswith("SyntaxError")
        with pytest.raises(RuntimeError, match="SyntaxError"):
            program.call("f()")


def test_calls_share_a_world_and_errors_leave_it_whole():
    with limited.Program("seen = []\ndef f(x):\n    seen.append(x)\n    return 1 / x\n") as program:
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            program.call("f(0)")
        assert program.call("f(2)") == 0.5 and program.call("seen") == [0, 2]


def test_after_its_end_every_call_says_so():
    with limited.Program("import os\n") as program:
        for _ in range(3):
            with pytest.raises(RuntimeError, match="ended"):
                program.call("os._exit(3)")
    assert not program._process._reader.is_alive()


def test_silence_ends_by_the_clock(monkeypatch):
    """A process that sleeps spends no processor seconds."""
    with limited.Program("import time\n", limited.Limits(seconds=1.0)) as program:
        started = time.monotonic()
        with pytest.raises(RuntimeError, match="no answer within 1 s"):
            program.call("time.sleep(3600)")
        assert time.monotonic() - started < 600


keys = st.one_of(st.integers(), st.text(max_size=5), st.booleans(), st.none())
values = st.recursive(
    st.one_of(keys, st.floats(allow_nan=False)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.sets(keys, max_size=4),
        st.frozensets(keys, max_size=4),
        st.dictionaries(keys, inner, max_size=4),
    ),
    max_leaves=12,
)


@settings(max_examples=60)
@given(values)
def test_plain_values_come_back_as_they_were(value):
    back = limited._read(json.loads(json.dumps(inside.plain(value))))
    assert back == value and type(back) is type(value)


@settings(max_examples=60)
@given(st.recursive(keys, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner)))
def test_any_json_is_a_value_or_refused(data):
    try:
        limited._read(data)
    except RuntimeError as error:
        assert "no plain value" in str(error)
