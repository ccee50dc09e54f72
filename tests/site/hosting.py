"""The built site as a host serves it: compressed, with the headers of caches and, if asked, of a content policy."""

from __future__ import annotations

import functools
import gzip
import http.server
import io
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

_COMPRESSED = (".html", ".css", ".js", ".json", ".svg", ".xml", ".txt", ".ipynb", ".py")


class _Host(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments, headers: Mapping[str, str], under: str, **options) -> None:
        self._more, self._under = headers, under
        super().__init__(*arguments, **options)

    def send_head(self) -> io.BytesIO | None:
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            if not self.path.partition("?")[0].endswith("/"):
                return super().send_head()  # which leads to the folder's own address
            path /= "index.html"
        status = HTTPStatus.OK
        if not path.is_file():
            status, path = HTTPStatus.NOT_FOUND, Path(self.directory, "404.html")
        content = path.read_bytes()
        self.send_response(status)
        if path.suffix in _COMPRESSED:
            content = _compressed(content)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(len(content)))
        age = 600 if path.suffix == ".html" else 31_536_000
        self.send_header("Cache-Control", f"max-age={age}")
        for name, value in self._more.items():
            self.send_header(name, value)
        self.end_headers()
        return io.BytesIO(content)

    def translate_path(self, path: str) -> str:
        if not path.startswith(self._under):
            return str(Path(self.directory, "nothing"))
        return super().translate_path(path[len(self._under) - 1 :])

    def log_message(self, *_) -> None:
        """Say nothing: what is measured is said at the end."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_) -> None:
        """Say nothing: a browser that is closed breaks off what it asked for."""


@functools.lru_cache(maxsize=512)
def _compressed(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


@contextmanager
def hosted(
    folder: Path, headers: Mapping[str, str] | None = None, under: str = "/"
) -> Iterator[str]:
    """Serve a folder on loopback, under a path that begins and ends with a slash; yield its address."""
    handler = functools.partial(_Host, directory=str(folder), headers=headers or {}, under=under)
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}{under}"
        finally:  # or the thread goes on asking a closed socket, without end and without a pause
            server.shutdown()
            thread.join()
