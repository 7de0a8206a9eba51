"""Confine this process, then run a program in it.

Only the standard library is imported: the file is started by its path, without site packages, and is ready in some
20 ms. Two layers hold. On Linux (x86-64 and Arm) the kernel does: a seccomp filter lets through some thirty calls that
a computation needs, all others fail with EPERM, whatever the code tries; Landlock leaves of the files those that are
named; resource limits end it. Everywhere an audit hook refuses the same in Python: that stops accidents and what a
model writes by habit, not somebody who knows the interpreter.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import json
import os
import re
import struct
import sys

TYPE_CHECKING = False  # as typing has it, whose import would take longer than all the others
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

MODULES = frozenset(
    (
        "abc",
        "array",
        "bisect",
        "cmath",
        "collections",
        "copy",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "fractions",
        "functools",
        "heapq",
        "itertools",
        "json",
        "math",
        "numbers",
        "operator",
        "random",
        "re",
        "statistics",
        "string",
        "textwrap",
        "time",
        "typing",
        "unicodedata",
    )
)
"""What a program may import: loaded before the door is shut, if its text names it."""

_CALLS = {  # name: (number on x86-64, number on Arm; None where there is no such call)
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "pread64": (17, 67),
    "readv": (19, 65),
    "writev": (20, 66),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "dup": (32, 23),
    "getpid": (39, 172),
    "exit": (60, 93),
    "uname": (63, 160),
    "getcwd": (79, 17),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "times": (100, 153),
    "getuid": (102, 174),
    "getgid": (104, 176),
    "geteuid": (107, 175),
    "getegid": (108, 177),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "time": (201, None),
    "futex": (202, 98),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "set_robust_list": (273, 99),
    "getrandom": (318, 278),
    "rseq": (334, 293),
}
_WITH_FILES = {  # more, where files may be read and libraries have threads
    "open": (2, None),
    "stat": (4, None),
    "lstat": (6, None),
    "poll": (7, None),
    "ioctl": (16, 29),
    "access": (21, None),
    "fcntl": (72, 25),
    "ftruncate": (77, 46),
    "readlink": (89, None),
    "mkdir": (83, None),
    "unlink": (87, None),
    "sysinfo": (99, 179),
    "sched_getaffinity": (204, 123),
    "getdents64": (217, 61),
    "fadvise64": (221, 223),
    "openat": (257, 56),
    "mkdirat": (258, 34),
    "newfstatat": (262, 79),
    "unlinkat": (263, 35),
    "readlinkat": (267, 78),
    "faccessat": (269, 48),
    "ppoll": (271, 73),
    "statx": (332, 291),
    "faccessat2": (439, 439),
}
_MACHINES = {"x86_64": (0, 0xC000003E, 56), "aarch64": (1, 0xC00000B7, 220)}  # column, its name in the kernel, clone
_CLONE3, _LANDLOCK = 435, (444, 445, 446)  # the same number on both
_THREAD = 0x10000  # clone's flag: a thread of this process, no new one
_LD, _JEQ, _JSET, _RET = 0x20, 0x15, 0x45, 0x06  # of the classic BPF
_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_READ, _EVERY = 0xC, (0x1FFF, 0x3FFF, 0x7FFF, 0x7FFF, 0xFFFF)  # rights of Landlock: reading; all that a version knows
_REFUSED = ("ctypes.", "subprocess.", "socket.", "shutil.", "pty.", "gc.", "syslog.", "winreg.", "msvcrt.", "_winapi.")
_SILENT = ("os.putenv", "os.unsetenv", "os.fwalk", "os.walk", "os.add_dll_directory")
_NEVER = ("ctypes", "_ctypes", "_posixsubprocess", "_winapi", "_multiprocessing", "multiprocessing", "subprocess")


def confine(limits: Mapping[str, Any]) -> dict[str, str]:
    """Shut the door behind this process, for good.

    Args:
        limits: "cpu_seconds", "memory" (bytes of addresses), "file_bytes"; "read", "write": folders and files that stay
            open, absent where no file may be opened at all (then threads are refused too).

    Returns:
        What is limited -> who holds it: "kernel", "python" (the audit hook alone) or "nobody". The keys: "cpu",
        "memory", "files", "processes", "signals", "network".
    """
    open_to = None if "read" not in limits else (tuple(limits["read"]), tuple(limits["write"]))
    held = dict.fromkeys(("files", "processes", "signals", "network"), "python") | _resources(limits)
    inner = _landlock(*open_to) if open_to else False
    if _seccomp(files=open_to is not None):
        held |= dict.fromkeys(("processes", "signals", "network"), "kernel")
        held["files"] = "kernel" if inner or open_to is None else "python"
    _watch(open_to)
    return held


def _resources(limits: Mapping[str, Any]) -> dict[str, str]:
    """Set what the system counts: seconds, addresses, files."""
    held = {"cpu": "nobody", "memory": "nobody"}
    try:
        import resource
    except ImportError:  # Windows
        return held
    rows = [("CPU", limits["cpu_seconds"], "cpu"), ("AS", limits["memory"], "memory")]
    rows += [("FSIZE", limits["file_bytes"], ""), ("CORE", 0, "")]
    for name, most, key in rows:
        what = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(what)[1]
        last = most + (name == "CPU")  # the first second too many ends it by a signal, which it can catch; this cannot
        top = last if hard == resource.RLIM_INFINITY else min(last, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of addresses
            resource.setrlimit(what, (min(most, top), top))
            held |= {key: "kernel"} if key else {}
    return held


def _machine() -> tuple[int, int, int]:
    """Find column, name and clone of this machine, zeros elsewhere."""
    if sys.platform != "linux" or struct.calcsize("P") != 8:
        return 0, 0, 0
    return _MACHINES.get(os.uname().machine, (0, 0, 0))


def _seccomp(*, files: bool) -> bool:
    """Let through the listed system calls only."""
    column, name, clone = _machine()
    if not name:
        return False
    numbers = [numbers[column] for numbers in (_CALLS | (_WITH_FILES if files else {})).values()]
    code = [(_LD, 0, 0, 4), (_JEQ, 1, 0, name), (_RET, 0, 0, _KILL), (_LD, 0, 0, 0)]
    for number in numbers:
        code += [(_JEQ, 0, 1, number), (_RET, 0, 0, _ALLOW)] if number is not None else []
    code += [(_JEQ, 0, 1, _CLONE3), (_RET, 0, 0, _FAIL | _ENOSYS)]  # so that the C library asks by clone
    if files:
        code += [(_JEQ, 0, 3, clone), (_LD, 0, 0, 16), (_JSET, 0, 1, _THREAD), (_RET, 0, 0, _ALLOW)]
    code += [(_RET, 0, 0, _FAIL | _EPERM)]
    steps = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in code))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(steps)))
    system = ctypes.CDLL(None, use_errno=True)
    system.prctl(1, 9, 0, 0, 0)  # end with the process that asked
    return system.prctl(38, 1, 0, 0, 0) == 0 and system.prctl(22, 2, program, 0, 0) == 0


def _landlock(read: Sequence[str], write: Sequence[str]) -> bool:
    """Close all files but these, by Landlock (Linux 5.13)."""
    if not _machine()[1]:
        return False
    create, add, restrict = _LANDLOCK
    system = ctypes.CDLL(None, use_errno=True)
    version = system.syscall(create, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    every = _EVERY[min(version, len(_EVERY)) - 1]
    rules = system.syscall(create, struct.pack("Q", every), ctypes.c_size_t(8), 0)
    for path, rights in [(path, _READ) for path in read] + [(path, every) for path in write]:
        with contextlib.suppress(OSError):  # which is not there
            place = os.open(path, getattr(os, "O_PATH", os.O_RDONLY))
            mine = rights if os.path.isdir(path) else rights & 0x8006  # noqa: PTH112 - of a file: not what folders have
            system.syscall(add, rules, 1, struct.pack("=Qi", mine, place), 0)
            os.close(place)
    held = system.prctl(38, 1, 0, 0, 0) == 0 and system.syscall(restrict, rules, 0) == 0
    os.close(rules)
    return held


def _watch(open_to: tuple[Sequence[str], Sequence[str]] | None) -> None:
    """Let Python refuse what leaves the process."""
    for name in ("mkfifo", "mknod", "nice", "setpriority"):
        for module in filter(None, map(sys.modules.get, ("os", "posix"))):
            vars(module).pop(name, None)
    sys.addaudithook(_guard(open_to))


def _guard(open_to: tuple[Sequence[str], Sequence[str]] | None) -> Callable[[str, tuple[Any, ...]], None]:
    """Make a hook that refuses what leaves the process."""
    never, refused, silent, realpath, fspath = _NEVER, _REFUSED, _SILENT, os.path.realpath, os.fspath
    roots = tuple(tuple(realpath(root) for root in some) for some in open_to or ((), ()))
    separator, writing = os.sep, os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

    def within(path: Any, some: Sequence[str]) -> bool:
        if isinstance(path, int):
            return True  # open already
        place = realpath(fspath(path).decode() if isinstance(fspath(path), bytes) else fspath(path))
        return any(place == root or place.startswith(root.rstrip(separator) + separator) for root in some)

    def hook(event: str, about: tuple[Any, ...]) -> None:
        allowed = True
        if event == "open":
            path, _, flags = about
            allowed = isinstance(path, int) or within(path, roots[1] if flags & writing else roots[0] + roots[1])
        elif event in ("os.listdir", "os.scandir"):
            allowed = bool(open_to) and within(about[0] if about[0] is not None else ".", roots[0] + roots[1])
        elif event in ("os.mkdir", "os.remove", "os.rmdir"):
            allowed = within(about[0], roots[1])
        elif event == "import":
            allowed = about[0].partition(".")[0] not in never
        elif event.startswith("os."):
            allowed = event in silent
        elif event.startswith(refused) or event == "signal.pthread_kill":
            allowed = False
        if not allowed:
            raise PermissionError(f"not in a limited process: {event}")

    return hook


def readable() -> list[str]:
    """List what Python reads to import and compute."""
    packages = [place for place in sys.path if place.rstrip("/\\").endswith(("site-packages", "dist-packages"))]
    system = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo", "/etc/localtime", "/etc/ld.so.cache"]
    devices = ["/dev/null", "/dev/urandom", "/sys/devices/system/cpu", "/proc/cpuinfo", "/proc/meminfo", "/proc/self"]
    return [sys.prefix, sys.base_prefix, os.path.dirname(os.__file__), *packages, *system, *devices]  # noqa: PTH120


def plain(value: Any, depth: int = 0) -> Any:
    """Write a plain value for JSON, refuse others.

    Numbers, truth values, None and texts stay as they are; others are a list whose first item names the kind.
    """
    if depth > 50:
        raise TypeError("nested more than 50 deep")
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind in (list, tuple):
        return [kind.__name__, [plain(item, depth + 1) for item in value]]
    if kind in (set, frozenset):
        return [kind.__name__, [plain(item, depth + 1) for item in sorted(value, key=repr)]]
    if kind is dict:
        return ["dict", [[plain(key, depth + 1), plain(item, depth + 1)] for key, item in value.items()]]
    raise TypeError(f"a result of the kind {kind.__name__}, which is no plain value")


def _main() -> None:
    """Run a program and calls, line by line."""
    source, target = sys.stdin, os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - where all that it prints goes
    os.dup2(nowhere.fileno(), 1)
    order = json.loads(source.readline())
    for name in MODULES & set(re.findall(r"\w+", order["source"])):
        with contextlib.suppress(ImportError):
            __import__(name)
    world: dict[str, Any] = {"__name__": "program", "__builtins__": builtins}
    answer: dict[str, Any] = {"result": confine(order["limits"])}
    sys.stdout = sys.stderr = nowhere

    def say(content: Mapping[str, Any]) -> None:
        target.write(json.dumps(content) + "\n")
        target.flush()

    say(answer)
    for line in source:
        text = json.loads(line)["call"]
        try:
            if text is None:
                exec(compile(order["source"], "<program>", "exec"), world)
                answer = {"result": None}
            else:
                answer = {"result": plain(eval(compile(text, "<call>", "eval"), world))}
        except BaseException as error:  # whatever a program raises, SystemExit among it
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        say(answer)


if __name__ == "__main__":
    _main()
