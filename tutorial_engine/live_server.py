"""Live server: MkDocs' development server, with pages that are made when somebody asks for them."""

from __future__ import annotations

import errno
import re
import threading
from collections.abc import Callable, Iterable
from socketserver import TCPServer
from typing import TYPE_CHECKING

from mkdocs.exceptions import MkDocsException
from mkdocs.livereload import LiveReloadServer

from .live_site import LiveSite
from .watching import watch_closely

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Scripts and styles of the theme, and fonts, which a reload need not fetch again.
_SAME_FOR_LONG = re.compile(r"^assets/.+(?:\.[0-9a-f]{8}\.min\.(?:css|js)|\.woff2)$")
_LASTS = ("Cache-Control", "max-age=86400, immutable")
# So long an editor may take for one save.
_SAVING_S = 0.03


def serve_live(server: LiveReloadServer, site: LiveSite, build_whole: Callable[[], None]) -> None:
    """Let a server keep a site live.

    Args:
        build_whole: MkDocs' own way of building the site again.
    """
    site.touch()
    server.build_delay = _SAVING_S
    watch_closely(server)
    server.watch(str(site.sentinel))
    serve_request = server.get_app()

    if serve_request is None:
        raise ValueError("a server that serves nothing cannot be kept live")

    def make_what_is_asked_for(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        address = environ["PATH_INFO"].removeprefix(server.mount_path).strip("/")
        for kind in ("md", "ipynb"):
            site.make(f"{address}.{kind}")

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            lasts = status.startswith("200") and _SAME_FOR_LONG.search(address)
            return start_response(status, [*headers, *([_LASTS] if lasts else [])], exc_info)

        return serve_request(environ, start)

    server.set_app(make_what_is_asked_for)
    server.builder = lambda: site.build(build_whole)
    _begin_when_listening(server, site.begin)


def _begin_when_listening(server: TCPServer, begin: Callable[[], None]) -> None:
    """Let a server call `begin`, beside it, as soon as it listens, and say in a line if it cannot."""
    bind, activate = server.server_bind, server.server_activate
    host, port, *_ = (str(each) for each in server.server_address)

    def bind_() -> None:
        try:
            bind()
        except OSError as error:
            why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used: {error}"
            # It has not begun, so there is nothing to end, and MkDocs would wait for it.
            server.shutdown = lambda: None  # type: ignore[method-assign]  # of this server alone
            raise MkDocsException(
                f"{host}:{port} {why}; give another address with --dev-addr"
            ) from None

    def activate_() -> None:
        activate()
        threading.Thread(target=begin, daemon=True).start()

    server.server_bind = bind_  # type: ignore[method-assign]  # of this server alone
    server.server_activate = activate_  # type: ignore[method-assign]  # likewise
