"""Firefox, driven by WebDriver BiDi: what a page does there, with real keys and a real pointer.

Playwright drives a Firefox that it has built itself; this drives the one that readers have. Commands and events are
those of <https://www.w3.org/TR/webdriver-bidi/>.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

NAMES = ("firefox-esr", "firefox")
KEYS = {"Tab": "\ue004", "Enter": "\ue006", "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Escape": "\ue00c"}
_LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
_LONGEST = 60  # seconds that a command may take


class Firefox:
    """One window of a Firefox that listens.

    Attributes:
        problems: what pages have written to the console as errors, and scripts that failed.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: WebSocketClientConnection) -> None:
        self._loop, self._socket = loop, socket
        self._numbers = itertools.count(1)
        self.problems: list[str] = []
        self._send("session.new", capabilities={})
        self._send("session.subscribe", events=["log.entryAdded"])
        # In the first tab nothing takes keys: its window has the focus, the page in it never gets it.
        self._context = self._send("browsingContext.create", type="tab")["context"]

    def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message = json.dumps({"id": number, "method": method, "params": parameters})

        async def answer() -> dict[str, Any]:
            await self._socket.write_message(message)
            while True:
                said = json.loads(await self._socket.read_message() or "{}")
                if said.get("method") == "log.entryAdded" and said["params"]["level"] == "error":
                    self.problems.append(said["params"]["text"])
                if said.get("id") == number:
                    return said

        said = self._loop.run_until_complete(asyncio.wait_for(answer(), _LONGEST))
        if said["type"] != "success":
            raise RuntimeError(f"{method}: {said['message']}")
        return said["result"]

    def goto(self, url: str, *, width: int = 1200, height: int = 900) -> None:
        """Open a page at a width in CSS pixels, and wait until it has loaded."""
        viewport = {"width": width, "height": height}
        self._send("browsingContext.setViewport", context=self._context, viewport=viewport)
        self._send("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Return a JavaScript expression's value, a promise's when it is kept, as JSON has it."""
        said = self._send(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then(value => JSON.stringify(value ?? null))",
            target={"context": self._context},
            awaitPromise=True,
        )
        if said["type"] != "success":
            raise RuntimeError(f"{said['exceptionDetails']['text']}\n{expression}")
        return json.loads(said["result"]["value"])

    def until(self, condition: str) -> bool:
        """Say whether a JavaScript condition comes true within some seconds."""
        return self.evaluate(
            f"""new Promise(done => {{
                const began = performance.now();
                const look = () => {{
                    if ({condition}) done(true);
                    else if (performance.now() - began > 8000) done(false);
                    else setTimeout(look, 50);
                }};
                look();
            }})"""
        )

    def hover(self, selector: str) -> None:
        """Move the pointer to the middle of the first element that a selector finds and a reader sees."""
        self._point(selector)

    def click(self, selector: str) -> None:
        """Click where `hover` moves the pointer."""
        self._point(
            selector, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}
        )

    def _point(self, selector: str, *actions: dict[str, Any]) -> None:
        x, y = self.evaluate(
            f"""(() => {{
                const found = [...document.querySelectorAll({json.dumps(selector)})];
                const element = found.find(it => it.checkVisibility() && it.getClientRects().length);
                if (!element) throw new Error("nothing on the page is " + {json.dumps(selector)});
                element.scrollIntoView({{ block: "center", behavior: "instant" }});
                const box = element.getBoundingClientRect();
                return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
            }})()"""
        )
        moved = {"type": "pointerMove", "x": x, "y": y}
        self._act({"type": "pointer", "id": "mouse", "actions": [moved, *actions]})

    def press(self, *keys: str) -> None:
        """Press keys one after the other: names of `KEYS`, or single characters."""
        pressed = [
            {"type": kind, "value": KEYS.get(key, key)}
            for key in keys
            for kind in ("keyDown", "keyUp")
        ]
        self._act({"type": "key", "id": "keyboard", "actions": pressed})

    def _act(self, source: dict[str, Any]) -> None:
        self._send("input.performActions", context=self._context, actions=[source])

    def screenshot(self, path: Path) -> None:
        """Write what the window shows as PNG."""
        said = self._send("browsingContext.captureScreenshot", context=self._context)
        path.write_bytes(base64.b64decode(said["data"]))


def installed() -> str | None:
    """Return the path of a Firefox, None if there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def firefox(scheme: str = "light") -> Iterator[Firefox]:
    """Start a Firefox with an empty profile, whose system prefers a scheme; end it afterwards."""
    path = installed()
    if path is None:
        raise FileNotFoundError(f"no {' or '.join(NAMES)} is installed")
    with tempfile.TemporaryDirectory() as profile:
        prefers_dark = int(scheme == "dark")
        Path(profile, "user.js").write_text(
            f'user_pref("ui.systemUsesDarkTheme", {prefers_dark});\n'
            'user_pref("datareporting.policy.dataSubmissionEnabled", false);\n',
            encoding="utf-8",
        )
        command = [path, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        loop = asyncio.new_event_loop()
        try:
            assert process.stderr
            listening = next(filter(None, map(_LISTENING.search, process.stderr)), None)
            if listening is None:
                raise RuntimeError("Firefox ended before it listened")
            socket = loop.run_until_complete(asyncio.wait_for(_connected(listening[1]), _LONGEST))
            yield Firefox(loop, socket)
        finally:
            process.terminate()
            process.wait(30)
            loop.close()


async def _connected(address: str) -> WebSocketClientConnection:
    # A screenshot comes as one message.
    return await websocket_connect(f"{address}/session", max_message_size=100_000_000)
