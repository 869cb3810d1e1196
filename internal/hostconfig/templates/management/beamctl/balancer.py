"""What a load balancer can say of its servers, and how it gets others."""

import csv
import ipaddress
import json
import os
import re
import socket
import time
from collections.abc import Iterable
from typing import Any

from beamctl import host

UNIT = "haproxy.service"
SOCKET = "/run/haproxy/admin.sock"
CONFIG = "/etc/haproxy/haproxy.cfg"
# The backend; its servers are the last lines.
NODES = "/etc/haproxy/beam/nodes.cfg"
# Read by HAProxy when it starts; an empty one holds the version alone.
STATE, NO_STATE = "/etc/haproxy/beam/server-state", "1\n"
BACKEND = "nodes"

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
SOCKET_TIMEOUT_S = 5
RELOAD_TIMEOUT_S = 15
# How long a server that leaves may take for the requests that it has.
RETIRE_TIMEOUT_S = 5
# Columns of `show servers state` (HAProxy's management guide, 9.3).
STATE_NAME, STATE_ADDRESS, STATE_PORT = 3, 4, 18


def report(_settings: dict[str, Any]) -> dict[str, Any]:
    return {"service": host.service(UNIT), "servers": servers()}


def ready(found: dict[str, Any]) -> bool:
    return bool(found["servers"]) and all(server["up"] for server in found["servers"])


def secrets(_settings: dict[str, Any]) -> set[str]:
    password = re.search(r"^  stats auth '[^:]*:(.*)'$", host.read(CONFIG), re.MULTILINE)
    return {password.group(1) if password else ""}


def ask(command: str) -> str:
    """Sends a command to HAProxy's socket. Without HAProxy the answer is empty."""
    try:
        with socket.socket(socket.AF_UNIX) as conn:
            conn.settimeout(SOCKET_TIMEOUT_S)
            conn.connect(SOCKET)
            conn.sendall(command.encode() + b"\n")
            return conn.makefile(errors="replace").read()
    except OSError:
        return ""


def rows() -> list[dict[str, str]]:
    """The statistics of each server."""
    stat = csv.DictReader(ask("show stat").removeprefix("# ").splitlines())
    return [row for row in stat if row["pxname"] == BACKEND and row["svname"] not in ("FRONTEND", "BACKEND")]


def servers() -> list[dict[str, Any]]:
    return [server(row) for row in rows()]


def server(row: dict[str, str]) -> dict[str, Any]:
    # A star marks a check that is under way; before its first one a server
    # counts as up without proof.
    check = row["check_status"].removeprefix("* ")
    said = [check, row["check_code"], row["last_chk"] or row["check_desc"]]
    return {
        "name": row["svname"],
        "address": row["addr"],
        "up": row["status"].startswith("UP") and check.endswith("OK"),
        "check": " ".join(word for word in said if word) or row["status"],
    }


def set_nodes(text: bytes) -> None:
    wanted = parse(text)
    old = host.read(NODES)
    backend = [line for line in old.splitlines() if not line.startswith("  server ")]
    lines = [f"  server {s['name']} {s['address']}:{s['port']} cookie {s['name']}" for s in wanted]
    new = "\n".join(backend + lines) + "\n"
    if new == old:
        return
    check(new)
    host.write(NODES, new)
    if host.run("systemctl", "is-active", "--quiet", UNIT).returncode != 0:
        return  # it will read the file when it starts
    try:
        reload(wanted)
    except host.Refused:
        host.write(NODES, old)
        raise


def parse(text: bytes) -> list[dict[str, Any]]:
    try:
        wanted: list[dict[str, Any]] = json.loads(text)["servers"]
        found = [(s["name"], s["address"], s["port"]) for s in wanted]
    except (ValueError, KeyError, TypeError) as error:
        raise host.Refused("stdin is not a list of servers") from error
    for name, address, port in found:
        if not (isinstance(name, str) and re.fullmatch(NAME, name)):
            raise host.Refused(f"{name!r} is not a server's name")
        if not (isinstance(address, str) and is_ipv4(address)):
            raise host.Refused(f"{name}: {address!r} is not an IPv4 address")
        if not (type(port) is int and 0 < port < 65536):
            raise host.Refused(f"{name}: {port!r} is not a port")
    if len({name for name, _, _ in found}) < len(found):
        raise host.Refused("two servers have one name")
    return wanted


def is_ipv4(text: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(text))
    except ValueError:
        return False


def check(new: str) -> None:
    """Lets HAProxy judge the file before it takes the old one's place."""
    candidate = NODES + ".new"
    host.write(candidate, new)
    try:
        done = host.run("haproxy", "-c", "-q", "-f", CONFIG, "-f", candidate)
    finally:
        os.remove(candidate)
    if done.returncode != 0:
        raise host.Refused("haproxy refuses the servers: " + " ".join(host.tail(done.stderr.splitlines())))


def reload(wanted: list[dict[str, Any]]) -> None:
    """Has a new process take over the sockets. It takes over what is known of the
    servers that stay, too: it would count a server that is down as up. The file
    is emptied afterwards, because a later restart must not find it."""
    leaving = retire(wanted)
    host.write(STATE, kept_state(wanted))
    try:
        done = host.run("systemctl", "reload", UNIT)
        if done.returncode != 0:
            set_state(leaving, "ready")
            raise host.Refused("haproxy was not reloaded: " + done.stderr.strip())
        await_servers({s["name"] for s in wanted})
    finally:
        host.write(STATE, NO_STATE)


def retire(wanted: list[dict[str, Any]]) -> set[str]:
    """Sends nobody any more to the servers that leave, and returns them. After a
    reload the old process still answers clients that keep their connection, once
    each, and these servers may be gone by then."""
    staying = {(s["name"], f"{s['address']}:{s['port']}") for s in wanted}
    found = servers()
    leaving = {s["name"] for s in found if (s["name"], s["address"]) not in staying}
    if not any(s["up"] for s in found if s["name"] not in leaving):
        return set()  # nobody else could answer
    set_state(leaving, "drain")
    deadline = time.monotonic() + RETIRE_TIMEOUT_S
    while busy(leaving) and time.monotonic() < deadline:
        time.sleep(0.1)
    # Clients whose cookie names a server that drains still come to it.
    set_state(leaving, "maint")
    return leaving


def set_state(names: Iterable[str], state: str) -> None:
    for name in names:
        ask(f"set server {BACKEND}/{name} state {state}")


def busy(names: set[str]) -> bool:
    return any(int(row["scur"]) for row in rows() if row["svname"] in names)


def kept_state(wanted: list[dict[str, Any]]) -> str:
    staying = {(s["name"], s["address"], str(s["port"])) for s in wanted}
    kept = []
    for line in ask("show servers state " + BACKEND).splitlines():
        words = line.split()
        if len(words) <= STATE_PORT or words[0] == "#" or (
                words[STATE_NAME], words[STATE_ADDRESS], words[STATE_PORT]) in staying:
            kept.append(line)
    return "\n".join(kept) + "\n"


def await_servers(names: set[str]) -> None:
    deadline = time.monotonic() + RELOAD_TIMEOUT_S
    while {s["name"] for s in servers()} != names:
        if time.monotonic() >= deadline:
            raise host.Refused("haproxy was reloaded, and still has other servers")
        time.sleep(0.2)
