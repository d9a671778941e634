"""A web server on this machine that serves one file, in all the ways that downloads go wrong."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """What the server does, changed by the test as it goes on.

    `cut_after` ends each answer after so many bytes.
    """

    content: bytes
    url: str = ""
    status: int = 200
    cut_after: int | None = None
    ranges: bool = True
    sent: int = 0
    requests: list[str | None] = field(default_factory=list)


@contextmanager
def serving(content: bytes) -> Iterator[Served]:
    """Serve `content` on 127.0.0.1 until the block ends."""
    served = Served(content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handling", (Handler,), {"served": served}))
    served.url = f"http://127.0.0.1:{server.server_port}/model.pth"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers for the server whose `served` it is given."""

    served: Served

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.served.requests.append(asked)
        if self.served.status != 200:
            self.send_error(self.served.status)
            return
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
        if not self.served.ranges:
            start = 0
        if start >= len(self.served.content):
            self.send_error(416)
            return
        self._head(start, partial=asked is not None and self.served.ranges)
        self._body(self.served.content[start:])

    def _head(self, start: int, *, partial: bool) -> None:
        whole = len(self.served.content)
        self.send_response(206 if partial else 200)
        self.send_header("Content-Length", str(whole - start))
        if partial:
            self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        self.end_headers()

    def _body(self, rest: bytes) -> None:
        self._send(rest if self.served.cut_after is None else rest[: self.served.cut_after])
        if self.served.cut_after is not None:
            self.close_connection = True

    def _send(self, data: bytes) -> None:
        try:
            self.wfile.write(data)
            self.wfile.flush()
            self.served.sent += len(data)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_args: object) -> None:
        """Keep the test's output clean."""
