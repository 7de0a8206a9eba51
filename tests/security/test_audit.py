"""The audit of installed packages: what it finds is found in packages made for it; what it does not do, it says."""

import base64
import hashlib
from importlib.metadata import Distribution

import pytest

from aigc_kit.doctor import audit
from aigc_kit.doctor.audit import pins


@pytest.fixture
def package(tmp_path):
    """A little installed package, as a function of its metadata."""

    def make(name="thing", version="1.0", licence="License-Expression: MIT", content=b"x = 1\n"):
        info = tmp_path / f"{name}-{version}.dist-info"
        info.mkdir()
        (tmp_path / f"{name}.py").write_bytes(content)
        digest = base64.urlsafe_b64encode(hashlib.sha256(b"x = 1\n").digest()).rstrip(b"=").decode()
        (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{licence}\n")
        (info / "RECORD").write_text(f"{name}.py,sha256={digest},6\n")
        return {name: Distribution.at(info)}

    return make


def states(findings):
    return [finding.state for finding in findings]


def test_pins(package, monkeypatch):
    monkeypatch.setattr(audit, "pins", lambda: {"thing": "1.0"})
    assert states(audit.pinned(package())) == ["ok"]
    monkeypatch.setattr(audit, "pins", lambda: {"thing": "1.1"})
    (wrong,) = audit.pinned(package(version="1.0.1"))
    assert wrong.state == "bad" and wrong.text == "thing 1.0.1 is installed, 1.1 is pinned"
    (missing,) = audit.pinned(package(name="other"))
    assert missing.text == "other 1.0 is not pinned"


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("License-Expression: Apache-2.0 OR BSD-3-Clause", "ok"),
        ("Classifier: License :: OSI Approved :: MIT License", "ok"),
        ("License: BSD", "ok"),
        ("License-Expression: AGPL-3.0-or-later", "bad"),
        ("License: Proprietary", "bad"),
        ("Summary: none", "bad"),
    ],
)
def test_licences(package, line, state):
    assert states(audit.licences(package(licence=line))) == [state]


def test_a_file_that_was_changed_since_it_was_installed(package):
    assert states(audit.unchanged(package())) == ["ok"]
    (changed,) = audit.unchanged(package(name="other", content=b"x = 2\n"))
    assert changed.state == "bad" and "other.py was changed" in changed.text


def test_what_this_environment_needs_is_known():
    needed = audit.closure()
    assert {"torch", "numpy", "pytest", "dask", "distributed"} <= set(needed) and "aigc-kit" not in needed
    assert all(name in pins() for name in ("torch", "numpy", "distributed"))
    assert [finding.state for finding in audit.pinned(needed) if finding.state == "bad"] == []


def test_what_it_does_not_do_is_said():
    assert "known vulnerabilities were not looked up" in audit.no_vulnerabilities().text
