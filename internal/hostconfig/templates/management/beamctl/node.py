"""What a node can say of itself, its peers and its database."""

import ipaddress
import os
import re
import socket
import time
import urllib.parse
from typing import Any

from beamctl import cookie, host, releases
from epmd import long_names, registered_port

UNIT = "beam.service"
NODE_ENV = "/etc/beam/node.env"
ENVIRONMENT = "/etc/beam/env"
# Written by the dialer, which the VM evaluates once the release is up.
NODES = "/run/beam/nodes"
# What the dialer dials: terms of Erlang, each with one quoted atom.
PEERS = ["/etc/beam/peers", "/var/lib/beam-node/learned"]
HOSTS = "/etc/hosts"
LOGIN_WORKS = "/run/beamctl-login-works"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"

CONNECT_TIMEOUT_S = 2
MAX_PROBES = 32


def report(settings: dict[str, Any]) -> dict[str, Any]:
    found = {"node": node(settings), "release": releases.report()}
    if not settings.get("database"):
        return {"service": host.service(UNIT), **found}
    access = login(settings)
    return {"service": host.service(UNIT, since_login(access["ok"])), **found, "database": access}


def since_login(works: bool) -> str:
    """From when on a crash of the release says something about the release: one
    that needs its database may crash until it can log in. The time of a file
    keeps when it could for the first time."""
    if not works:
        if os.path.exists(LOGIN_WORKS):
            os.remove(LOGIN_WORKS)
        return host.RECENTLY
    if not os.path.exists(LOGIN_WORKS):
        host.write(LOGIN_WORKS, "")
    age = time.time() - os.path.getmtime(LOGIN_WORKS)
    return f"-{int(age)}s" if age < 120 else host.RECENTLY


def ready(found: dict[str, Any]) -> bool:
    """Hosts that are gone for good are remembered for a day, so that only nodes
    whose host answers are waited for."""
    coming = [peer for peer in found["node"]["missing"] if peer["state"] != "no_host"]
    return bool(found["node"]["started"] and not coming and found.get("database", {"ok": True})["ok"])


def secrets(settings: dict[str, Any]) -> set[str]:
    return cookie.secrets(settings) | releases.secrets()


def node(settings: dict[str, Any]) -> dict[str, Any]:
    name = re.search(r"^RELEASE_NODE=(.*)$", host.read(NODE_ENV), re.MULTILINE)
    connected = host.read(NODES).split()
    own = name.group(1) if name else ""
    return {
        "name": own,
        **cookie.report(settings),
        "started": os.path.exists(NODES),
        "nodes": connected,
        "missing": probe_all(known_peers() - {own, *connected}, settings["epmd_port"]),
    }


def address() -> str:
    """The address in the node's name, once it is known."""
    found = re.search(r"^RELEASE_NODE=.*@([0-9.]+)$", host.read(NODE_ENV), re.MULTILINE)
    return found.group(1) if found else ""


def known_peers() -> set[str]:
    return {name for path in PEERS for name in long_names(host.read(path))}


def probe_all(names: set[str], epmd_port: int) -> list[dict[str, str]]:
    if not names:
        return []
    import concurrent.futures  # takes long to load, and mostly nobody is missing

    with concurrent.futures.ThreadPoolExecutor(MAX_PROBES) as pool:
        return list(pool.map(lambda name: probe(name, epmd_port), sorted(names)))


def probe(name: str, epmd_port: int) -> dict[str, str]:
    """How far a connection to the node comes."""
    basename, _, address = name.partition("@")
    state, detail = "answers", ""
    try:
        port = registered_port(address, epmd_port, basename, CONNECT_TIMEOUT_S)
        if port:
            try:
                socket.create_connection((address, port), CONNECT_TIMEOUT_S).close()
            except OSError as error:
                state, detail = "no_port", f"port {port}: {error}"
        else:
            state, detail = "no_node", "epmd there does not know the name"
    except ConnectionRefusedError:
        state, detail = "no_node", "no epmd runs there"
    except OSError as error:
        state, detail = "no_host", f"port {epmd_port}: {error}"
    return {"name": name, "state": state, "detail": detail}


def login(settings: dict[str, Any]) -> dict[str, Any]:
    """Logs in to the cluster's database as the app does, over TLS and sure of the
    server. psql gets the password through its environment, which other users
    cannot see."""
    url = urllib.parse.urlsplit(host.environment(ENVIRONMENT).get("DATABASE_URL", ""))
    if url.hostname != settings.get("database"):
        return {"ok": True, "detail": "the app uses another database"}
    done = host.run("psql", "-X", "-A", "-t", "-q", "-w", "-c", "SELECT 1", env={
        "PGHOST": url.hostname or "",
        "PGPORT": str(url.port or 5432),
        "PGUSER": urllib.parse.unquote(url.username or ""),
        "PGPASSWORD": urllib.parse.unquote(url.password or ""),
        "PGDATABASE": urllib.parse.unquote(url.path[1:]),
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": AUTHORITIES,
        "PGCONNECT_TIMEOUT": "5",
    })
    said = " ".join(host.tail(done.stderr.splitlines()))
    return {"ok": done.stdout.strip() == "1", "detail": said}


def set_database(settings: dict[str, Any], address: str) -> None:
    """Puts another address for the database's name into the hosts file."""
    try:
        ipaddress.IPv4Address(address)
    except ValueError as error:
        raise host.Refused(f"{address} is not an IPv4 address") from error
    name = settings.get("database")
    if not name:
        raise host.Refused("this node has no database")
    lines = [line for line in host.read(HOSTS).splitlines() if line.split()[1:] != [name]]
    host.write(HOSTS, "\n".join([*lines, f"{address} {name}"]) + "\n")
