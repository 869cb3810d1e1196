"""Waits for those whom a release serves, when nobody is led to it any more."""

import time

# Tables of the kernel's connections (proc(5)); addresses and ports are in hex.
TABLES = ["/proc/net/tcp", "/proc/net/tcp6"]
LOCAL, REMOTE, STATE = 1, 2, 3
ESTABLISHED = "01"
# A load balancer's health check is over sooner than that.
INTERVAL_S = 1


def drain(port: int, seconds: int) -> None:
    """Returns when no connection to the port lasts, or when the time is over."""
    deadline = time.monotonic() + seconds
    before = connections(port)
    while before and time.monotonic() < deadline:
        time.sleep(min(INTERVAL_S, max(0.0, deadline - time.monotonic())))
        now = connections(port)
        if not now & before:
            return
        before = now


def connections(port: int) -> set[tuple[str, str]]:
    """Both ends of each connection to the port of this host."""
    found = set()
    for table in TABLES:
        try:
            with open(table) as file:
                rows = [line.split() for line in file]
        except FileNotFoundError:  # a host without IPv6
            continue
        found |= {(row[LOCAL], row[REMOTE]) for row in rows
                  if row[STATE] == ESTABLISHED and int(row[LOCAL].rpartition(":")[2], 16) == port}
    return found
