"""Probe the hardware: free memory by driver or kernel."""

import os
import platform
import shutil
import subprocess
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
        A Budget for the first CUDA device that torch can use, else for the CPU. torch is imported only when the
        driver reports a GPU and torch is a CUDA build.
    """
    cuda = _cuda_budget()
    if cuda is not None:
        return cuda
    free, info = free_ram(), _cpu_info()
    bf16 = "avx512_bf16" in info or "amx_bf16" in info
    able = FrozenMap(threads=threads(), bf16=bf16, fused_attention=True)
    speed = measure_bandwidth() if bandwidth else None
    total = psutil.virtual_memory().total
    return Budget("cpu", cpu_name(), free, total, free, paths.disk_free(), able, bandwidth=speed)


def gpus() -> list[dict[str, str | int]]:
    """List the driver's GPUs: name, bytes, compute capability.

    Source: `nvidia-smi --query-gpu`; it sees the memory of all processes.
    """
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
            "total_bytes": int(float(total) * MIB),
            "free_bytes": int(float(free) * MIB),
            "compute": compute.strip(),
        }
        for name, total, free, compute in rows
        if total.strip().replace(".", "").isdigit() and free.strip().replace(".", "").isdigit()
    ]


def cpu_name() -> str:
    """Read the processor's name, as the system gives it."""
    names = [line.partition(":")[2].strip() for line in _cpu_info().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


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
    if not gpus():
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
    able = FrozenMap(threads=threads(), compute=compute, bf16=modern, fused_attention=modern)
    return Budget("cuda", torch.cuda.get_device_name(), free, total, free_ram(), paths.disk_free(), able)
