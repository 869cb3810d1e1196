"""Lets other nodes fetch an archive from this one."""

import functools
import http.server
import os
import select
import shutil
import sys
import threading
import time
from typing import Any

from beamctl import host, node
from release import store

SOCKET_TIMEOUT_S = 60


class Share(http.server.BaseHTTPRequestHandler):
    """Answers with one file at one path."""

    timeout = SOCKET_TIMEOUT_S

    def __init__(self, path: str, file: str, *args: Any) -> None:
        self.shared, self.file = path, file
        super().__init__(*args)

    def do_GET(self) -> None:
        if self.path != self.shared:
            return self.send_error(404)
        with open(self.file, "rb") as file:
            self.send_response(200)
            self.send_header("Content-Type", "application/gzip")
            self.send_header("Content-Length", str(os.path.getsize(self.file)))
            self.end_headers()
            shutil.copyfileobj(file, self.wfile, 1 << 20)

    def log_message(self, *args: Any) -> None:
        pass  # nobody reads it


def share(sha256: str, seconds: str) -> None:
    """Serves the archive to other nodes until the time is over or stdin ends, as
    it does with the connection."""
    if not store.has(sha256):
        raise host.Refused(f"this node has no archive of the release {store.key(sha256)}")
    address, port = node.address(), store.config()["share_port"]
    if not address:
        raise host.Refused("this node does not know its address yet")
    handler = functools.partial(Share, "/" + sha256.lower(), store.archive(sha256))
    try:
        server = http.server.ThreadingHTTPServer((address, port), handler)
    except OSError as error:
        raise host.Refused(f"cannot share the release at {address}:{port}: {error.strerror}") from error
    server.daemon_threads = True
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"sharing at {address}:{port}", flush=True)
        await_end(time.monotonic() + int(seconds))
        server.shutdown()


def await_end(deadline: float) -> None:
    while (left := deadline - time.monotonic()) > 0:
        if select.select([sys.stdin], [], [], left)[0] and not os.read(sys.stdin.fileno(), 4096):
            return
