"""The probe against other witnesses: psutil, the driver's own table, hand-made fonts and packages."""

import os
import sys
from types import ModuleType

import psutil
import pytest

from aigc_kit import device
from aigc_kit.core.units import MIB
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
    assert first == {"name": "NVIDIA A10", "total_bytes": 24564 * MIB, "free_bytes": 23012 * MIB, "compute": "8.6"}
    assert second["compute"] == "7.5"


@pytest.mark.skipif(sys.platform == "win32", reason="uses a shell script in place of the driver's tool")
@pytest.mark.parametrize(
    ("output", "code"), [("NVIDIA-SMI has failed", 9), ("", 0), ("a card, [N/A], [N/A], [N/A]", 0)]
)
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
