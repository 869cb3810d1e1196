"""The releases in a node's store, as they are asked for over SSH."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from beamctl import host
from release import store
from release.archive import Failed, check, receive

MAX_SOURCE = 1 << 20
# Settings of the store that a host keeps for life.
FIXED = ("name", "root", "user", "share_port")


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    try:
        yield
    except Failed as failed:
        raise host.Refused(str(failed)) from failed


def fetch() -> None:
    """Fetches the release that stdin describes."""
    with refusing():
        store.fetch(json.loads(sys.stdin.buffer.read(MAX_SOURCE)))


def receive_archive(sha256: str) -> None:
    """Takes the archive of a release from stdin."""
    def write(path: str) -> None:
        with open(path, "wb") as file:
            found, _ = receive(sys.stdin.buffer, file)
        check(found, sha256)
    with refusing():
        store.put(sha256, write)


def activate(sha256: str, keep: int) -> str:
    """Lets the release run from the next start on, and returns what restore needs."""
    with refusing():
        return store.activate(sha256, keep)


def restore(before: str) -> None:
    store.restore(before)


def migrate(sha256: str) -> None:
    """Runs the migration of a release, whichever runs now."""
    if not os.path.isdir(store.folder(sha256)):
        raise host.Refused(f"the release {store.key(sha256)} is not in this node's store")
    unit = f"beam-migrate@{store.key(sha256)}.service"
    done = host.run("systemctl", "start", unit, timeout=None)
    if done.returncode != 0:
        said = host.journal(unit) or host.tail(done.stderr.splitlines())
        raise host.Refused("\n".join(["the migration failed:", *said]))


def check_settings(text: str) -> None:
    """Refuses settings of the store that are those of another node."""
    try:
        told = dict(json.loads(text))
    except (ValueError, TypeError) as error:
        raise host.Refused("the settings of releases are not in JSON") from error
    for name in FIXED:
        if told.get(name) != store.config()[name]:
            raise host.Refused(f"{name} of the settings of releases cannot change on a host that runs")


def report() -> dict[str, Any]:
    settings = store.config()
    program = os.path.join(settings["root"], "bin", settings["name"])
    return {
        "running": store.running(),
        "stored": store.stored(),
        "program": program,
        "elsewhere": "" if os.path.exists(program) else elsewhere(settings["root"]),
    }


def elsewhere(root: str) -> str:
    """Where a release lies that the node does not start, because it was put into
    a folder within the right one."""
    for name in sorted(os.listdir(root)) if os.path.isdir(root) else []:
        place = os.path.join(root, name)
        if os.path.isfile(os.path.join(place, "releases", "start_erl.data")):
            return place
    return ""


def secrets() -> set[str]:
    """What a URL and headers may hold that nobody else should see."""
    source = store.config().get("source") or {}
    return {source.get("url", "").partition("?")[2], *(source.get("headers") or {}).values()}
