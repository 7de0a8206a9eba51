"""The only hardware probe. Free memory comes from the driver or the kernel, not from totals."""

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
    """What this machine has to give at this moment.

    Args:
        bandwidth: also measure how many bytes per second the processor reads from memory (about 0.2 s; CPU only).

    Returns:
        A Budget for the first CUDA device that torch can use, else for the CPU. torch is imported only when the
        driver reports a GPU and torch is a CUDA build.
    """
    cuda = _cuda_budget()
    if cuda is not None:
        return cuda
    free = free_ram()
    return Budget(
        device="cpu",
        name=cpu_name(),
        free_bytes=free,
        total_bytes=psutil.virtual_memory().total,
        ram_free_bytes=free,
        disk_free_bytes=paths.disk_free(),
        capabilities=FrozenMap(threads=threads(), bf16=_cpu_has_bf16(), fused_attention=True),
        bandwidth=measure_bandwidth() if bandwidth else None,
    )


def gpus() -> list[dict[str, str | int]]:
    """GPUs as the driver lists them: name, total and free bytes, compute capability. Empty without a driver.

    Source: `nvidia-smi --query-gpu`; it sees the memory of all processes.
    """
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = "--query-gpu=name,memory.total,memory.free,compute_cap"
    try:
        answer = subprocess.run(
            [tool, query, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=5,
            check=True,
        ).stdout
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
    """The processor's name, as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def threads() -> int:
    """Processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        return os.cpu_count() or 1


def free_ram() -> int:
    """Bytes of memory that this process can still get: the system's available memory, or the container's if less."""
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
    """Bytes per second that a matrix-vector product reads: what bounds the speed of a language model.

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


def _cpu_has_bf16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


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
    return Budget(
        device="cuda",
        name=torch.cuda.get_device_name(),
        free_bytes=free,
        total_bytes=total,
        ram_free_bytes=free_ram(),
        disk_free_bytes=paths.disk_free(),
        capabilities=FrozenMap(
            threads=threads(),
            compute=compute,
            bf16=compute >= (8, 0),
            fused_attention=compute >= (8, 0),
        ),
    )
