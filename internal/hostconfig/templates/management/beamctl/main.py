#!/usr/bin/python3 -I
"""Tells how this host is, and takes the few changes that hosts take while they
run. Over SSH the user beamctl can run this and nothing else.

usage: beamctl status                 print a report as JSON
       beamctl await SECONDS          the same once the host is as it should be,
                                      has failed for good, or the time is over
       beamctl set-nodes              on a load balancer: balance the servers that
                                      stdin lists as JSON
       beamctl set-database ADDRESS   on a node: the database is at this address
       beamctl check-database         on a node: exit with 0 if the app can log in
       beamctl apply                  take over the parts that stdin has as JSON, all or none
       beamctl stop SECONDS           on a node: end the release for good, once nobody
                                      is served any more or the time is over
       beamctl let-go SECONDS         on a load balancer: part with clients that another
                                      one answers by now, or that so much time is given
       beamctl export-acme            on a load balancer: print what it has from its
                                      certificate authority
       beamctl import-acme            on a load balancer: take that over from stdin
       beamctl recover                undo a change that was cut off
       beamctl move-keys              leave authorized_keys to people, see keys.py
       beamctl cookie                 on a node: print the fingerprints of its cookies
       beamctl stage-cookie           on a node: keep the cookie that stdin has as JSON
                                      for a switch
       beamctl switch-cookie FINGERPRINT
                                      on a node: have all connected nodes use the
                                      staged cookie
       beamctl adopt-cookie FINGERPRINT
                                      on a node: let the staged cookie be the one
       beamctl fetch-release          on a node: store the release that stdin
                                      describes as JSON
       beamctl store-release SHA256   on a node: store the archive on stdin
       beamctl share-release SHA256 SECONDS
                                      on a node: let others fetch that archive
                                      while stdin is open
       beamctl migrate SHA256         on a node: run the migration of that release, with
                                      the parts that stdin has as JSON
"""

import fcntl
import importlib
import json
import os
import re
import sys
import time
from collections.abc import Callable
from typing import Any

sys.path.insert(0, "/usr/local/lib/beam")

from beamctl import changes, host, keys  # noqa: E402

LOCK = "/run/beamctl.lock"
ROLES = {"node": "node", "load-balancer": "balancer", "database": "database"}
# What takes over what a host of the role is told, and undoes it.
CHANGERS = {"node": "restart", "load-balancer": "balancer", "database": "database"}
AWAIT_INTERVAL_S = 0.5
# Shorter than whoever tells a host waits for it.
BOOT_TIMEOUT_S = 480
MAX_STDIN = 1 << 20

SETTINGS = host.settings()
ROLE = importlib.import_module("beamctl." + ROLES[SETTINGS["role"]])


def report() -> dict[str, Any]:
    found = {"version": 1, "role": SETTINGS["role"], "boot": host.boot()}
    if host.booted(found["boot"]):
        found.update(ROLE.report(SETTINGS))
    return dict(host.without_secrets(found, host.secrets() | ROLE.secrets(SETTINGS)))


def status() -> None:
    print(json.dumps(report()))


def await_host(seconds: str) -> None:
    deadline = time.monotonic() + int(seconds)
    found = report()
    while not settled(found) and time.monotonic() < deadline:
        time.sleep(AWAIT_INTERVAL_S)
        found = report()
    print(json.dumps(found))


def settled(found: dict[str, Any]) -> bool:
    """Whether the host is as it should be, or will not be without help."""
    if not host.booted(found["boot"]):
        return bool(found["boot"]["failed"] or found["boot"]["status"] == "error")
    crashes = found["service"]["restarts"] >= host.CRASH_LOOP and found.get("database", {"ok": True})["ok"]
    return bool(crashes or ROLE.ready(found))


def set_nodes() -> None:
    ROLE.set_nodes(SETTINGS, sys.stdin.buffer.read(MAX_STDIN))


def set_database(address: str) -> None:
    ROLE.set_database(SETTINGS, address)


def apply() -> None:
    changer().take(SETTINGS, sys.stdin.buffer.read(MAX_STDIN))


def await_boot() -> None:
    """What is told amid a boot would meet programs that are not there yet. A boot
    that failed is not waited for: what is told may mend it."""
    deadline = time.monotonic() + BOOT_TIMEOUT_S
    boot = host.boot()
    while boot["status"] == "running" and not boot["failed"]:
        if time.monotonic() >= deadline:
            raise host.Refused(f"the host still boots: {boot['step'] or 'before the first step'}")
        time.sleep(AWAIT_INTERVAL_S)
        boot = host.boot()


def recover() -> None:
    """Every command that changes something does this first."""
    changes.recover(changer().undo)


def changer() -> Any:
    return importlib.import_module("beamctl." + CHANGERS[SETTINGS["role"]])


def move_keys() -> None:
    keys.move(SETTINGS["user"])


def stop(seconds: str) -> None:
    changer().stop(SETTINGS, int(seconds))


def let_go(seconds: str) -> None:
    ROLE.let_go(int(seconds))


def export_acme() -> None:
    print(json.dumps(acme().export()))


def import_acme() -> None:
    acme().take(SETTINGS, sys.stdin.buffer.read(MAX_STDIN))


def acme() -> Any:
    return importlib.import_module("beamctl.acme")


def check_database() -> None:
    login = ROLE.login(SETTINGS)
    if not login["ok"]:
        raise host.Refused(login["detail"])


def cookie() -> None:
    print(json.dumps(ROLE.cookie.status(SETTINGS)))


def stage_cookie() -> None:
    ROLE.cookie.stage(SETTINGS, sys.stdin.buffer.read(MAX_STDIN))


def switch_cookie(fingerprint: str) -> None:
    print(json.dumps(ROLE.cookie.switch(fingerprint)))


def adopt_cookie(fingerprint: str) -> None:
    ROLE.cookie.adopt(SETTINGS, fingerprint)


def fetch_release() -> None:
    ROLE.releases.fetch()


def store_release(sha256: str) -> None:
    ROLE.releases.receive_archive(sha256)


def share_release(sha256: str, seconds: str) -> None:
    importlib.import_module("beamctl.share").share(sha256, seconds)


def migrate(sha256: str) -> None:
    changer().migrate(SETTINGS, sha256, sys.stdin.buffer.read(MAX_STDIN))


COMMANDS: list[tuple[set[str], str, Callable[..., None]]] = [
    ({"node", "load-balancer", "database"}, r"status", status),
    ({"node", "load-balancer", "database"}, r"await ([0-9]{1,3})", await_host),
    ({"load-balancer"}, r"set-nodes", set_nodes),
    ({"node"}, r"set-database ([0-9.]{7,15})", set_database),
    ({"node"}, r"check-database", check_database),
    ({"node", "load-balancer", "database"}, r"apply", apply),
    ({"node"}, r"stop ([0-9]{1,4})", stop),
    ({"load-balancer"}, r"let-go ([0-9]{1,4})", let_go),
    ({"load-balancer"}, r"export-acme", export_acme),
    ({"load-balancer"}, r"import-acme", import_acme),
    ({"node", "load-balancer", "database"}, r"recover", recover),
    ({"node", "load-balancer", "database"}, r"move-keys", move_keys),
    ({"node"}, r"cookie", cookie),
    ({"node"}, r"stage-cookie", stage_cookie),
    ({"node"}, r"switch-cookie ([0-9a-f]{12})", switch_cookie),
    ({"node"}, r"adopt-cookie ([0-9a-f]{12})", adopt_cookie),
    ({"node"}, r"fetch-release", fetch_release),
    ({"node"}, r"store-release ([0-9a-fA-F]{64})", store_release),
    ({"node"}, r"share-release ([0-9a-fA-F]{64}) ([0-9]{1,3})", share_release),
    ({"node"}, r"migrate ([0-9a-fA-F]{64})", migrate),
]


# They change nothing, and others need not wait for them.
UNLOCKED = (status, await_host, share_release, cookie)


def asked() -> str:
    """What sshd was asked to run, else this program's own arguments."""
    return os.environ.get("SSH_ORIGINAL_COMMAND", " ".join(sys.argv[1:]))


def main(command: str) -> int:
    for roles, form, run in COMMANDS:
        match = re.fullmatch(form, command)
        if match and SETTINGS["role"] in roles:
            if run is apply:
                await_boot()
            with open(LOCK, "w") as lock:
                if run not in UNLOCKED:
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    recover()
                run(*match.groups())
            return 0
    print("beamctl: not a command of this host", __doc__, sep="\n", file=sys.stderr)
    return 2


if __name__ == "__main__":
    os.umask(0o077)
    try:
        sys.exit(main(asked()))
    except Exception as failed:
        said = str(failed) if isinstance(failed, host.Refused) else host.unexpected(failed)
        print("beamctl:", host.hide(said, host.secrets() | ROLE.secrets(SETTINGS)), file=sys.stderr)
        sys.exit(1)
