"""Waits for those whom a release serves, when nobody is led to it any more."""

import time

# Tables of the kernel's connections (proc(5)); addresses and ports are in hex.
TABLES = ["/proc/net/tcp", "/proc/net/tcp6"]
LOCAL, REMOTE, STATE = 1, 2, 3
ESTABLISHED = "01"
# HAProxy lets a client that it held a connection of when it was told of other
# nodes ask once more, for as long as its timeout http-keep-alive.
LINGER_S = 11
# How long what came so late is given to end.
LATE_S = 10
# A load balancer's health check is over between two looks.
INTERVAL_S = 0.1


def drain(port: int, seconds: int) -> None:
    """Returns when the port serves nobody and nobody can come back to it any more.
    Those whom it served in the beginning are given so many seconds to end; with
    none, nobody is waited for."""
    if seconds == 0:
        return
    begun, first = time.monotonic(), connections(port)
    limit = max(seconds, LINGER_S)
    while (waited := time.monotonic() - begun) < limit + LATE_S:
        now = connections(port)
        if waited >= LINGER_S and not now or waited >= limit and not now - first:
            return
        time.sleep(INTERVAL_S)


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
