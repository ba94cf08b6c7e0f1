"""A headless Chromium, driven over its pipe: pages are opened, keys pressed, values asked for."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from types import TracebackType
from typing import Any

PATH = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
KEYS = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39,
        "ArrowDown": 40, "Home": 36, "End": 35}
# The browser reads its descriptor 3 and writes to 4.
START = """import fcntl, os, sys
down, up = (fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3])
os.dup2(down, 3)
os.dup2(up, 4)
os.execv(sys.argv[3], sys.argv[3:])"""


class Browser:
    """One tab. What is asked of it waits for the answer; errors of pages are kept in `errors`.

    Source: Chrome DevTools Protocol, --remote-debugging-pipe: JSON between NUL bytes.
    """

    def __init__(self, width: int = 1200, height: int = 700) -> None:
        assert PATH is not None, "no chromium is installed"
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.folder = tempfile.TemporaryDirectory(prefix="browser", ignore_cleanup_errors=True)
        (down, self.into), (self.out, up) = os.pipe(), os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, str(down), str(up), PATH, "--headless", "--no-sandbox",
             "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe", "--no-first-run",
             f"--user-data-dir={self.folder.name}", f"--window-size={width},{height}"],
            pass_fds=(down, up), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self.folder.name})
        os.close(down)
        os.close(up)
        self.buffer, self.number, self.session = b"", 0, ""
        target = self.ask("Target.createTarget", url="about:blank")
        self.session = self.ask("Target.attachToTarget", targetId=target["targetId"],
                                flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=False)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.process.terminate()
        self.process.wait()
        os.close(self.into)
        os.close(self.out)
        self.folder.cleanup()

    def ask(self, method: str, **parameters: Any) -> Any:
        """What the browser answers. Raises RuntimeError where it cannot."""
        self.number += 1
        message: dict[str, Any] = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.into, json.dumps(message).encode() + b"\0")
        while True:
            told = self._told()
            if told.get("id") == self.number:
                if "error" in told:
                    raise RuntimeError(f"{method}: {told['error']['message']}")
                return told["result"]

    def _told(self) -> Any:
        while b"\0" not in self.buffer:
            read = os.read(self.out, 1 << 20)
            if not read:
                raise RuntimeError("the browser has gone")
            self.buffer += read
        line, _, self.buffer = self.buffer.partition(b"\0")
        told = json.loads(line)
        method, parameters = told.get("method"), told.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled":
            self.errors.append(str([arg.get("value") for arg in parameters["args"]]))
        elif method == "Log.entryAdded":
            self.errors.append(parameters["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            url = parameters["request"]["url"]
            if not url.startswith(("file:", "data:", "about:", "blob:")):
                self.requests.append(url)
        return told

    def open(self, uri: str, until: str = "true", **media: str) -> None:
        """Opens a page, and waits until an expression holds in it."""
        if media:
            self.ask("Emulation.setEmulatedMedia", features=[
                {"name": name.replace("_", "-"), "value": value} for name, value in media.items()])
        self.ask("Page.navigate", url=uri)
        self.run("new Promise(done => document.readyState === 'complete' ? done() : "
                 "addEventListener('load', () => done()))")
        self.wait(until)

    def wait(self, until: str, seconds: float = 60.0) -> None:
        """Waits until an expression holds. Raises RuntimeError where it does not, in time."""
        if not self.run("new Promise(done => { const end = performance.now() + "
                        f"{seconds * 1000}; const look = () => {{ if ({until}) done(true); else "
                        "if (performance.now() > end) done(false); else setTimeout(look, 5); }; "
                        "look(); })"):
            raise RuntimeError(f"never: {until}; {self.errors}")

    def run(self, script: str) -> Any:
        """The value of an expression, of a promise its result."""
        told = self.ask("Runtime.evaluate", expression=script, awaitPromise=True,
                        returnByValue=True)
        if "exceptionDetails" in told:
            details = told["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return told["result"].get("value")

    def press(self, *keys: str, shift: bool = False) -> None:
        for key in keys:
            event: Mapping[str, Any] = {
                "key": key, "modifiers": 8 if shift else 0,
                "windowsVirtualKeyCode": KEYS.get(key, ord(key[0].upper()))}
            text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
            self.ask("Input.dispatchKeyEvent", type="keyDown", text=text, **event)
            self.ask("Input.dispatchKeyEvent", type="keyUp", **event)

    def click(self, x: float, y: float, shift: bool = False) -> None:
        for type in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=type, x=x, y=y, button="left", clickCount=1,
                     modifiers=8 if shift else 0)

    def picture(self) -> bytes:
        """What is seen, as PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"])
