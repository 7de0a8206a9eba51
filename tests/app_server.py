"""A lab as an app, as `aigc app` starts it, for tests."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab_server import ROOT, Server, accepts


@contextmanager
def app_server(home: Path, lab: str | Path, **environment: str) -> Iterator[Server]:
    """Start it with a home of its own: the lab of a number, or any notebook, which needs AIGC_OUT of its own."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER_")}
    plain |= {"HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config"), "PYTHONPATH": str(ROOT), **environment}
    command = [sys.executable, "-m", "aigc_kit.cli", "app", str(lab), "--no-browser", "--out", str(home / "out")]
    if isinstance(lab, Path):
        plain["AIGC_OUT"] = str(home / "out")
        serve = "import sys; from pathlib import Path; from aigc_kit.teach.notebooks import app"
        command = [sys.executable, "-c", f"{serve}; app.serve(Path(sys.argv[1]), browser=False)", str(lab)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=plain, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    )
    reader = threading.Thread(target=process.stdout.read, daemon=True)
    deadline = time.monotonic() + 900
    try:
        said = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=(\w+)", said)
        assert found, said + process.stdout.read()
        reader.start()  # a full pipe would stop the server
        while not accepts(int(found[1])):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        yield Server(int(found[1]), found[2], process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(300)
        if reader.ident is not None:
            reader.join(10)
        process.stdout.close()
