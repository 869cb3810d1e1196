"""The archive of a release, as it comes in."""

import hashlib
from typing import IO

MAX_SIZE = 2 << 30
CHUNK = 1 << 20


class Failed(Exception):
    """Tells why there is no such release. The text has no secret in it: neither
    the query of a URL nor the value of a header."""


def receive(source: IO[bytes], file: IO[bytes]) -> tuple[str, int]:
    """Copies an archive and returns its SHA-256 and its size."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > MAX_SIZE:
            raise Failed(f"the archive has more than {MAX_SIZE >> 30} GiB")
        digest.update(chunk)
        file.write(chunk)
    return digest.hexdigest(), size


def check(found: str, sha256: str) -> None:
    if found != sha256.lower():
        raise Failed(f"the release's SHA-256 is {found}, not {sha256.lower()}; it is not used")
