"""The probe against other witnesses: psutil, the driver's own table, hand-made fonts and packages."""

import os
import sys
from types import ModuleType, SimpleNamespace

import psutil
import pytest

from aigc_kit import device, doctor
from aigc_kit.core.units import GIB, MIB
from aigc_kit.media import fonts


def test_the_budget_of_this_machine_is_plausible():
    budget = device.probe()
    assert budget.origin == "probed"
    assert 0 < budget.ram_free_bytes <= psutil.virtual_memory().total
    assert 0 <= budget.free_bytes <= budget.total_bytes
    assert budget.disk_free_bytes > 0
    assert budget.capabilities["threads"] >= 1


def test_bandwidth_is_measured_and_plausible():
    assert 1e8 < device.measure_bandwidth(16 * MIB) < 1e13


def fake_tool(folder, name, output, code=0):
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat <<'EOF'\n{output}\nEOF\nexit {code}\n")
    path.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="uses a shell script in place of the driver's tool")
def test_gpus_are_read_as_the_driver_prints_them(tmp_path, monkeypatch):
    fake_tool(tmp_path, "nvidia-smi", "NVIDIA A10, 24564, 23012, 8.6\nTesla T4, 15360, 100, 7.5")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    first, second = device.gpus()
    figures = {"name": "NVIDIA A10", "total_bytes": 24564 * MIB, "free_bytes": 23012 * MIB, "compute": "8.6"}
    assert first == {**figures, "told_by": "driver"}
    assert second["compute"] == "7.5"


@pytest.mark.skipif(sys.platform == "win32", reason="uses a shell script in place of the driver's tool")
@pytest.mark.parametrize(("output", "code"), [("NVIDIA-SMI has failed", 9), ("", 0)])
def test_a_broken_driver_means_no_gpu(tmp_path, monkeypatch, output, code):
    fake_tool(tmp_path, "nvidia-smi", output, code)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert device.gpus() == []


def test_a_font_is_found_by_its_name(tmp_path, monkeypatch):
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "Latin.ttf").touch()
    monkeypatch.setattr(fonts, "_FONT_FOLDERS", (str(tmp_path / "fonts"),))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert fonts.system_font() is None
    (tmp_path / "fonts" / "NotoSansCJK-Regular.ttc").touch()
    assert fonts.system_font() == tmp_path / "fonts" / "NotoSansCJK-Regular.ttc"


def test_the_regular_weight_is_preferred(tmp_path, monkeypatch):
    monkeypatch.setattr(fonts, "_FONT_FOLDERS", (str(tmp_path),))
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in (
        "NotoSansCJK-Bold.ttc",
        "NotoSansCJK-Light.ttc",
        "NotoSansCJK-Regular.ttc",
        "NotoSerifCJK-Regular.ttc",
    ):
        (tmp_path / name).touch()
    assert fonts.system_font() == tmp_path / "NotoSansCJK-Regular.ttc"


def test_a_font_made_for_simplified_chinese_is_preferred(tmp_path, monkeypatch):
    monkeypatch.setattr(fonts, "_FONT_FOLDERS", (str(tmp_path),))
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("NotoSansCJKjp-Regular.otf", "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf"):
        (tmp_path / name).touch()
    assert fonts.system_font() == tmp_path / "NotoSansCJKsc-Regular.otf"
    (tmp_path / "NotoSansCJKsc-Regular.otf").unlink()
    assert fonts.system_font() == tmp_path / "NotoSansCJK-Regular.ttc"


@pytest.mark.parametrize(("compute", "modern"), [((7, 5), False), ((8, 0), True), ((8, 9), True), ((9, 0), True)])
def test_a_gpu_has_bf16_from_compute_8_on(monkeypatch, compute, modern):
    class Cuda:
        is_available = staticmethod(lambda: True)
        mem_get_info = staticmethod(lambda: (10 * MIB, 24 * MIB))
        get_device_capability = staticmethod(lambda: compute)
        get_device_name = staticmethod(lambda: "a card")
        get_device_properties = staticmethod(lambda place: None)

    stand_in = ModuleType("torch")
    stand_in.cuda = Cuda
    monkeypatch.setitem(sys.modules, "torch", stand_in)
    monkeypatch.setattr(device, "gpus", lambda: [{"name": "a card"}])
    monkeypatch.setattr(device, "torch_build", lambda: "2.13.0+cu126")
    budget = device.probe()
    assert (budget.device, budget.free_bytes, budget.total_bytes) == ("cuda", 10 * MIB, 24 * MIB)
    assert budget.capabilities["bf16"] is modern
    assert budget.capabilities["fused_attention"] is modern


@pytest.mark.skipif(sys.platform == "win32", reason="uses a shell script in place of the driver's tool")
def test_bytes_that_are_no_text_do_no_harm(tmp_path, monkeypatch):
    path = tmp_path / "nvidia-smi"
    path.write_bytes(b"#!/bin/sh\nprintf 'caf\\351, 100, 50, 8.6\\n'\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert device.gpus()[0]["free_bytes"] == 50 * MIB


class SeesOne:
    """torch.cuda on a machine whose GPU shares the host's memory."""

    is_available = staticmethod(lambda: True)
    device_count = staticmethod(lambda: 1)
    mem_get_info = staticmethod(lambda place=0: (100 * GIB, 120 * GIB))
    get_device_capability = staticmethod(lambda place=0: (12, 1))
    get_device_name = staticmethod(lambda place=0: "NVIDIA GB10")
    get_device_properties = staticmethod(lambda place=0: SimpleNamespace(is_integrated=1))


@pytest.fixture
def torch_sees_one(monkeypatch):
    stand_in = ModuleType("torch")
    stand_in.cuda = SeesOne
    monkeypatch.setitem(sys.modules, "torch", stand_in)
    monkeypatch.setattr(device, "torch_build", lambda: "2.13.0+cu130")


def no_figures(folder, monkeypatch, output="NVIDIA GB10, [N/A], [N/A], 12.1"):
    if output is not None:
        fake_tool(folder, "nvidia-smi", output)
    monkeypatch.setenv("PATH", str(folder) if output is None else f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.skipif(sys.platform == "win32", reason="uses a shell script in place of the driver's tool")
@pytest.mark.parametrize(
    "output",
    [
        "NVIDIA GB10, [N/A], [N/A], 12.1",
        "NVIDIA GB10, Not Supported, [N/A], 12.1",
        "",
        None,
        "NVIDIA GB10, 122880, [Insufficient Permissions], 12.1",
        "NVIDIA GB10, [Unknown Error], 102400, 12.1",
        "NVIDIA GB10, 1.2.3, 5, 12.1",
    ],
)
def test_without_figures_of_the_driver_torchs_own_are_taken(output, tmp_path, monkeypatch, torch_sees_one):
    no_figures(tmp_path, monkeypatch, output)
    (gpu,) = device.gpus()
    assert gpu == {
        "name": "NVIDIA GB10", "total_bytes": 120 * GIB, "free_bytes": 100 * GIB, "compute": "12.1", "told_by": "torch"
    }  # fmt: skip
    budget = device.probe()
    assert (budget.device, budget.name, budget.free_bytes) == ("cuda", "NVIDIA GB10", 100 * GIB)
    assert budget.unified
    (finding,) = [f for f in doctor.examine() if f.name == "NVIDIA GB10"]
    assert "100 GiB of 120 GiB free (torch)" in finding.text
    assert not [f for f in doctor.examine() if "none that" in f.text]


@pytest.mark.skipif(sys.platform == "win32", reason="uses a shell script in place of the driver's tool")
def test_a_gpu_that_nobody_has_figures_of_is_still_told(tmp_path, monkeypatch):
    no_figures(tmp_path, monkeypatch)
    monkeypatch.setattr(device, "torch_build", lambda: "2.13.0+cpu")
    (gpu,) = device.gpus()
    assert (gpu["name"], gpu["total_bytes"], gpu["free_bytes"]) == ("NVIDIA GB10", None, None)
    (finding,) = [f for f in doctor.examine() if f.name == "NVIDIA GB10"]
    assert "not known" in finding.text
    assert device.probe().device == "cpu"


def test_torch_is_asked_only_where_a_driver_of_its_kind_is(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    for build, library, asked in (
        ("2.13.0+cpu", True, False), (None, True, False), ("2.13.0+cu126", False, False), ("2.13.0+cu126", True, True),
        ("2.13.0+rocm6.4", False, True),
    ):  # fmt: skip
        monkeypatch.setattr(device, "torch_build", lambda build=build: build)
        monkeypatch.setattr(device, "_has_library", lambda name, library=library: library)
        assert device._torch_may_see_one() is asked, build


@pytest.fixture
def mac(monkeypatch):
    """A Mac with 16 GiB, of which Apple's GPU may take 10.7 and has taken 1."""
    stand_in = ModuleType("torch")
    stand_in.backends = SimpleNamespace(mps=SimpleNamespace(is_available=lambda: True))
    stand_in.mps = SimpleNamespace(
        recommended_max_memory=lambda: int(10.7 * GIB), driver_allocated_memory=lambda: GIB, empty_cache=lambda: None
    )
    stand_in.cuda = SimpleNamespace(is_available=lambda: False)
    monkeypatch.setitem(sys.modules, "torch", stand_in)
    monkeypatch.setattr(device, "torch_build", lambda: "2.13.0")
    monkeypatch.setattr(device, "apple_gpu", lambda: True)
    monkeypatch.setattr(device, "gpus", lambda: [])
    monkeypatch.setattr(device.platform, "mac_ver", lambda: ("15.2", ("", "", ""), "arm64"))
    monkeypatch.setattr(device, "_apple_name", lambda: "Apple M2")
    monkeypatch.setattr(device, "_cpu_info", lambda: "")


def test_apples_gpu_is_probed_with_the_memory_that_it_shares(mac, monkeypatch):
    monkeypatch.setattr(device, "free_ram", lambda: 20 * GIB)
    budget = device.probe()
    assert (budget.device, budget.name) == ("mps", "Apple M2")
    assert (budget.free_bytes, budget.total_bytes) == (int(10.7 * GIB) - GIB, int(10.7 * GIB))
    assert budget.unified and budget.capabilities["bf16"] and not budget.capabilities["fused_attention"]
    monkeypatch.setattr(device, "free_ram", lambda: 4 * GIB)
    assert device.probe().free_bytes == 4 * GIB
    monkeypatch.setattr(device.platform, "mac_ver", lambda: ("13.6", ("", "", ""), "arm64"))
    assert not device.probe().capabilities["bf16"]


def test_the_doctor_tells_of_apples_gpu(mac):
    (finding,) = [f for f in doctor.examine() if f.name == "Apple GPU"]
    assert "never ran" in finding.text and "PYTORCH_ENABLE_MPS_FALLBACK" in finding.text and "float16" in finding.text


def test_on_a_mac_what_the_gpu_lacks_is_done_on_the_cpu(monkeypatch):
    from aigc_kit.models import compat

    monkeypatch.setattr(compat.sys, "platform", "darwin")
    monkeypatch.delenv("PYTORCH_ENABLE_MPS_FALLBACK", raising=False)
    compat.set_allocator()
    assert os.environ["PYTORCH_ENABLE_MPS_FALLBACK"] == "1"
    monkeypatch.setenv("PYTORCH_ENABLE_MPS_FALLBACK", "0")
    compat.set_allocator()
    assert os.environ["PYTORCH_ENABLE_MPS_FALLBACK"] == "0"
