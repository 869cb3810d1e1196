"""What a load balancer can say of its servers, and how it gets others."""

import csv
import ipaddress
import json
import os
import re
import shutil
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from beamctl import apply, changes, host

UNIT = "haproxy.service"
SOCKET = "/run/haproxy/admin.sock"
CONFIG = "/etc/haproxy/haproxy.cfg"
# The backend; its servers are the last lines.
NODES = "/etc/haproxy/beam/nodes.cfg"
# Read by HAProxy when it starts; an empty one holds the version alone.
STATE, NO_STATE = "/etc/haproxy/beam/server-state", "1\n"
BACKEND = "nodes"
SERVER = "  server "
# Is there while HAProxy may run with something else than its files, as putting
# those back does not reload it. It goes with a boot: HAProxy begins with them.
DUE = "/run/beamctl-reload-due"

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
SOCKET_TIMEOUT_S = 5
RELOAD_TIMEOUT_S = 15
# Longer than timeout http-keep-alive: for so long a client that idles may ask once more.
IDLE_S = 11
# Between two looks at whether the last client has gone.
LEAVE_INTERVAL_S = 0.2
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


def set_nodes(settings: dict[str, Any], text: bytes) -> None:
    wanted = [line_of(server) for server in parse(text)]
    file = {"content": balancing(host.read(NODES), wanted), "mode": "0644", "owner": ""}
    change(settings, apply.changed({NODES: file}), {})


def take(settings: dict[str, Any], text: bytes) -> None:
    """Takes a bundle over. The servers stay as set_nodes told them."""
    bundle = apply.parse(text, settings["parts"])
    servers_told = server_lines(host.read(NODES))

    def fit(_part: str, path: str, content: str) -> str:
        return balancing(content, servers_told) if path == NODES else content

    change(settings, apply.changed(apply.fitted(bundle, settings["parts"], fit)), {})


def change(settings: dict[str, Any], files: apply.Files, note: dict[str, Any],
           first: Callable[[], None] = lambda: None) -> None:
    """Has HAProxy run with other files, or with those that it failed to take over
    before."""
    ours = stale() or any(path not in apply.SETTINGS for path in files)

    def take_over() -> None:
        first()
        apply.settle(files)
        if ours:
            check(settings)
            reload()

    if files or ours:
        changes.make(files, note, take_over, undo)


def stale() -> bool:
    """Whether HAProxy runs with something else than its files."""
    running = {(server["name"], server["address"]) for server in servers()}
    return os.path.exists(DUE) or running != {(s["name"], f"{s['address']}:{s['port']}") for s in listed()}


def undo(paths: Iterable[str], note: dict[str, Any]) -> None:
    for folder in note.get("remove", []):
        shutil.rmtree(folder, ignore_errors=True)
    apply.settle(paths)
    if os.path.exists(DUE):
        reload()


def balancing(text: str, servers_told: list[str]) -> str:
    """The file of the nodes with other servers."""
    kept = [line for line in text.splitlines() if not line.startswith(SERVER)]
    return "\n".join(kept + servers_told) + "\n"


def server_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(SERVER)]


def line_of(server: dict[str, Any]) -> str:
    return f"{SERVER}{server['name']} {server['address']}:{server['port']} cookie {server['name']}"


def listed() -> list[dict[str, Any]]:
    """The servers that HAProxy is to have."""
    found = []
    for line in server_lines(host.read(NODES)):
        name, at = line.split()[1:3]
        address, _, port = at.rpartition(":")
        found.append({"name": name, "address": address, "port": int(port)})
    return found


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


def check(settings: dict[str, Any]) -> None:
    """Lets HAProxy judge its files before it has to run with them. What it says may
    show a line of theirs."""
    done = host.run("haproxy", "-c", "-f", CONFIG, "-f", NODES)
    if done.returncode != 0:
        raise host.Refused("haproxy refuses the configuration: " + host.hide(host.said(done), secrets(settings)))


def reload() -> None:
    """Has a new process take over the sockets. It takes over what is known of the
    servers that stay, too: it would count a server that is down as up. The file
    is emptied afterwards, because a later restart must not find it."""
    if host.run("systemctl", "is-active", "--quiet", UNIT).returncode != 0:
        host.remove(DUE)  # it will read its files when it starts
        return
    host.write(DUE, "")
    wanted, before = listed(), worker()
    leaving = retire(wanted)
    try:
        host.write(STATE, kept_state(wanted))
        done = host.run("systemctl", "reload", UNIT)
        if done.returncode != 0:
            raise host.Refused("haproxy was not reloaded: " + done.stderr.strip())
        await_worker(before, {s["name"] for s in wanted})
    except (host.Refused, OSError):
        set_state(leaving, "ready")
        raise
    finally:
        host.write(STATE, NO_STATE)
    host.remove(DUE)


def let_go(seconds: int) -> None:
    """Parts with clients that another load balancer answers by now. Processes from
    before a reload close a connection with their next answer, or when it idles, and
    end with their last one; what lasts longer, such as a WebSocket, is given so many
    seconds. With none, nobody is waited for."""
    if seconds == 0:
        return
    reload()
    deadline = time.monotonic() + max(seconds, IDLE_S)
    while former_workers() and time.monotonic() < deadline:
        time.sleep(LEAVE_INTERVAL_S)


def former_workers() -> set[str]:
    """The processes that serve whom they served before a reload."""
    now = worker()
    status = host.read(f"/proc/{now}/status") if now else ""
    parent = re.search(r"^PPid:\s*(\d+)$", status, re.MULTILINE)
    if not parent:
        return set()
    return set(host.read(f"/proc/{parent[1]}/task/{parent[1]}/children").split()) - {now}


def worker() -> str:
    """The number of the process that has HAProxy's sockets."""
    found = re.search(r"^Pid: (.*)$", ask("show info"), re.MULTILINE)
    return found.group(1) if found else ""


def retire(wanted: list[dict[str, Any]]) -> set[str]:
    """Leads no new visitors to the servers that leave, and returns them. After a
    reload the old process still answers clients that keep their connection, once
    each; whom it serves there, a node that goes waits for. It must not be told that
    these servers are down: that would end what they serve."""
    staying = {(s["name"], f"{s['address']}:{s['port']}") for s in wanted}
    found = servers()
    leaving = {s["name"] for s in found if (s["name"], s["address"]) not in staying}
    if not any(s["up"] for s in found if s["name"] not in leaving):
        return set()  # nobody else could answer
    set_state(leaving, "drain")
    return leaving


def set_state(names: Iterable[str], state: str) -> None:
    for name in names:
        ask(f"set server {BACKEND}/{name} state {state}")


def kept_state(wanted: list[dict[str, Any]]) -> str:
    staying = {(s["name"], s["address"], str(s["port"])) for s in wanted}
    kept = []
    for line in ask("show servers state " + BACKEND).splitlines():
        words = line.split()
        if len(words) <= STATE_PORT or words[0] == "#" or (
                words[STATE_NAME], words[STATE_ADDRESS], words[STATE_PORT]) in staying:
            kept.append(line)
    return "\n".join(kept) + "\n"


def await_worker(before: str, names: set[str]) -> None:
    """Waits until HAProxy runs with its files: systemd calls a reload done that has
    only begun, and one that fails leaves the old process as it was."""
    deadline = time.monotonic() + RELOAD_TIMEOUT_S
    while worker() in ("", before) or {s["name"] for s in servers()} != names:
        if time.monotonic() >= deadline:
            raise host.Refused("haproxy was reloaded, and still runs with what it had before")
        time.sleep(0.2)
