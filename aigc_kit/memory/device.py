"""Probe the hardware: free memory by driver or kernel."""

import ctypes
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import psutil

from aigc_kit.core import paths
from aigc_kit.core.types import Budget, FrozenMap
from aigc_kit.core.units import MIB
from aigc_kit.models.compat import set_allocator, torch_build


def probe(*, bandwidth: bool = False) -> Budget:
    """Probe what this machine has to give now.

    Args:
        bandwidth: also measure how many bytes per second the processor reads from memory (about 0.2 s; CPU only).

    Returns:
        A Budget for the first CUDA device that torch can use, else for Apple's GPU, else for the CPU. torch is imported
        only where there is a GPU, or a driver for one, and its build is not for the CPU alone.
    """
    gpu = _cuda_budget() or _mps_budget()
    if gpu is not None:
        return gpu
    free, info = free_ram(), _cpu_info()
    bf16 = "avx512_bf16" in info or "amx_bf16" in info
    able = FrozenMap(threads=threads(), bf16=bf16, fused_attention=True)
    speed = measure_bandwidth() if bandwidth else None
    total = psutil.virtual_memory().total
    return Budget("cpu", cpu_name(), free, total, free, paths.disk_free(), able, bandwidth=speed)


def gpus() -> list[dict[str, str | int | None]]:
    """List GPUs: name, bytes, compute capability, who told.

    Source: `nvidia-smi --query-gpu`, which sees the memory of all processes. Where it is absent, or has no figures of
    memory ("[N/A]" on machines whose GPU shares the host's), torch's own: `torch.cuda.mem_get_info`. Bytes are None
    where neither knows them; "told_by" is "driver" or "torch".
    """
    rows = _rows_of_driver()
    if rows and all(row[name] is not None for row in rows for name in ("total_bytes", "free_bytes")):
        return rows
    return _rows_of_torch() or rows


def _rows_of_driver() -> list[dict[str, str | int | None]]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = "--query-gpu=name,memory.total,memory.free,compute_cap"
    try:
        call = [tool, query, "--format=csv,noheader,nounits"]
        answer = subprocess.run(call, capture_output=True, text=True, errors="replace", timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    rows = (line.rsplit(",", 3) for line in answer.splitlines() if line.count(",") >= 3)
    return [
        {
            "name": name.strip(),
            "total_bytes": _mebibytes(total),
            "free_bytes": _mebibytes(free),
            "compute": compute.strip(),
            "told_by": "driver",
        }
        for name, total, free, compute in rows
    ]


def _mebibytes(text: str) -> int | None:
    """Read a column of MiB, None for "[N/A]"."""
    number = text.strip().removesuffix("MiB").strip()
    return int(float(number) * MIB) if re.fullmatch(r"\d+(?:\.\d+)?", number) else None


def _rows_of_torch() -> list[dict[str, str | int | None]]:
    """Ask torch, where it may see one."""
    if not _torch_may_see_one():
        return []
    set_allocator()
    import torch

    if not torch.cuda.is_available():
        return []
    rows: list[dict[str, str | int | None]] = []
    for place in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(place)
        compute = ".".join(map(str, torch.cuda.get_device_capability(place)))
        name = torch.cuda.get_device_name(place)
        rows.append({"name": name, "total_bytes": total, "free_bytes": free, "compute": compute, "told_by": "torch"})
    return rows


def _torch_may_see_one() -> bool:
    """Tell whether importing torch to ask is worth it."""
    build = torch_build() or ""
    if not build or "+cpu" in build:
        return False
    return (
        "rocm" in build or "torch" in sys.modules or _has_library("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
    )


def _has_library(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def apple_gpu() -> bool:
    """Tell whether this is a Mac with Apple's GPU."""
    return sys.platform == "darwin" and platform.machine() == "arm64"


def cpu_name() -> str:
    """Read the processor's name, as the system gives it."""
    names = [line.partition(":")[2].strip() for line in _cpu_info().splitlines() if line.startswith("model name")]
    return names[0] if names else _apple_name() or platform.processor() or platform.machine()


def _apple_name() -> str:
    """Ask macOS for its chip, such as "Apple M2"."""
    if not apple_gpu():
        return ""
    call = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
    try:
        return subprocess.run(call, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _cpu_info() -> str:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # macOS, Windows
        return ""


def threads() -> int:
    """Count the processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        return os.cpu_count() or 1


def free_ram() -> int:
    """Read what memory this process can get, in bytes.

    The system's available memory, or the container's if less.
    """
    available = psutil.virtual_memory().available
    for limit, usage in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ):
        try:
            left = int(Path(limit).read_text()) - int(Path(usage).read_text())
        except (OSError, ValueError):  # no such cgroup version, or "max"
            continue
        available = min(available, max(left, 0))
    return available


@cache
def measure_bandwidth(size: int = 256 * MIB) -> float:
    """Measure how many bytes a second the processor reads.

    In a matrix-vector product: what bounds the speed of a language model.

    Args:
        size: bytes of the matrix; larger than the processor's caches.

    Returns:
        The best of three passes, measured on this machine with numpy's BLAS on all its threads; once per process.
    """
    import numpy

    matrix = numpy.ones((size // 4 // 2048, 2048), dtype=numpy.float32)
    vector = numpy.ones(2048, dtype=numpy.float32)
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        matrix @ vector
        best = min(best, time.perf_counter() - start)
    return matrix.nbytes / best


def _cuda_budget() -> Budget | None:
    rows = gpus()
    if not rows:
        return None
    build = torch_build() or ""
    if "+cpu" in build or not build:
        return None
    set_allocator()
    import torch

    if not torch.cuda.is_available():
        return None
    free, total = torch.cuda.mem_get_info()
    compute = torch.cuda.get_device_capability()
    modern = compute >= (8, 0)
    shared = any(row["total_bytes"] is None for row in _rows_of_driver())
    shared = shared or bool(getattr(torch.cuda.get_device_properties(0), "is_integrated", False))
    able = FrozenMap(threads=threads(), compute=compute, bf16=modern, fused_attention=modern, unified=shared)
    return Budget("cuda", torch.cuda.get_device_name(), free, total, free_ram(), paths.disk_free(), able)


def _mps_budget() -> Budget | None:
    """Describe Apple's GPU, by what torch and the system say.

    Source: PyTorch 2.13, torch.mps.recommended_max_memory (Metal's recommendedMaxWorkingSetSize) and
    driver_allocated_memory. bfloat16 is there from macOS 14 on; float8 and fused attention are not.
    """
    if not apple_gpu() or not torch_build():
        return None
    set_allocator()
    import torch

    if not torch.backends.mps.is_available():
        return None
    most = int(torch.mps.recommended_max_memory())
    free = min(free_ram(), max(most - int(torch.mps.driver_allocated_memory()), 0))
    system = tuple(int(part) for part in platform.mac_ver()[0].split(".")[:1] if part.isdigit())
    able = FrozenMap(threads=threads(), bf16=system >= (14,), fused_attention=False, unified=True)
    return Budget("mps", cpu_name(), free, most, free_ram(), paths.disk_free(), able)
