"""How a node takes over what it is told, and how its release is restarted and
stopped without cutting off those whom it serves."""

import math
import os
import time
from collections.abc import Iterable
from typing import Any, Optional

from beamctl import apply, changes, host, node, releases
from beamctl.drain import drain
from release import store

# beam.service gives the release 90 seconds to stop.
STOP_TIMEOUT_S = 120
LOOK_INTERVAL_S = 1
# That it has started is cheap to see, and little is missing then.
STARTED_INTERVAL_S = 0.2
CHECK_TIMEOUT_S = 5


class NotWell(host.Refused):
    """A release that did not come up: why, and what it printed last."""

    def __init__(self, reason: str, log: list[str]) -> None:
        super().__init__(reason)
        self.reason, self.log = reason, "\n".join(["", *log])


def take(settings: dict[str, Any], text: bytes) -> None:
    """Takes a bundle over."""
    bundle = apply.parse(text, settings["parts"])
    files = apply.changed(apply.fitted(bundle, settings["parts"], fit))
    restart, release = bundle.get("restart"), bundle.get("release")
    peers = host.read(node.NODES).split()
    if restart:
        drain(settings["http_port"], restart["drain_seconds"])
    failures: list[NotWell] = []

    def take_over() -> None:
        apply.settle(files)
        if release:
            releases.activate(release["sha256"], release["keep"])
        if restart:
            start()
            failures.extend(await_well(settings, restart, restart.get("check"), peers))
        if failures and restart["rollback"]:
            raise failures[0]

    note = {"release": releases.report()["running"] if release else None, "restart": bool(restart)}
    try:
        changes.make(files, note, take_over, undo)
    except NotWell as failure:
        raise rolled_back(settings, restart, peers, failure) from failure
    if failures:
        raise host.Refused(f"did not come up with what it was told: {failures[0].reason}{failures[0].log}")


def migrate(settings: dict[str, Any], sha256: str, text: bytes) -> None:
    """Runs the migration of a release as the bundle says, in the environment that
    the release is to run in. The node has all of it as before afterwards: what runs
    on it is still another release."""
    bundle = apply.parse(text, settings["parts"])
    changes.begin(apply.changed(apply.fitted(bundle, settings["parts"], fit)), {"release": None, "restart": False})
    try:
        releases.migrate(sha256)
    finally:
        changes.recover(undo)


def fit(part: str, path: str, content: str) -> str:
    """Fills in what only the node itself knows: its address. Of how releases are
    kept it takes what may change: root reads the rest, and follows it."""
    if path == store.CONFIG:
        releases.check_settings(content)
    if part != "vm":
        return content
    own = node.address()
    if not own:
        raise host.Refused("this node does not know its address yet; its first boot has not come so far")
    return content.replace("@ADDRESS@", own).replace("@ADDRESS_TUPLE@", "{" + own.replace(".", ",") + "}")


def undo(paths: Iterable[str], note: dict[str, Any]) -> None:
    if note["release"] is not None:
        releases.restore(note["release"])
    if note["restart"]:
        start()
    apply.settle(paths)


def await_well(settings: dict[str, Any], restart: dict[str, Any], check: Optional[dict[str, Any]],
               peers: list[str]) -> list[NotWell]:
    """Waits for the release that was just started. Returns why it is not well, if
    it is not. A node that waits for its first release is."""
    since = f"@{math.ceil(time.time())}"
    deadline = time.monotonic() + restart["patience_seconds"]
    while os.path.exists(settings["program"]):
        service = host.service(node.UNIT, since)
        reason = unwell(settings, service, check, peers)
        crashed = service["restarts"] >= host.CRASH_LOOP
        if crashed:
            reason = crash(service)
        if not reason:
            break
        if crashed or time.monotonic() >= deadline:
            return [not_well(settings, reason)]
        await_start()
    return []


def await_start() -> None:
    """Pauses between two looks, at most until the release has started."""
    due = time.monotonic() + LOOK_INTERVAL_S
    time.sleep(STARTED_INTERVAL_S)
    while not os.path.exists(node.NODES) and time.monotonic() < due:
        time.sleep(STARTED_INTERVAL_S)


def start() -> None:
    """Has systemd restart the release, also one that was stopped for good. The old
    one has ended when this returns, and the new one may still be starting."""
    if host.state(node.UNIT) != "inactive":
        host.run("systemctl", "stop", node.UNIT, timeout=STOP_TIMEOUT_S)
    if host.run("systemctl", "--quiet", "is-enabled", node.UNIT).returncode != 0:
        host.run("systemctl", "enable", node.UNIT)
    done = host.run("systemctl", "start", "--no-block", node.UNIT)
    if done.returncode != 0:
        raise host.Refused(f"{node.UNIT} was not started: {host.said(done)}")


def crash(service: dict[str, Any]) -> str:
    how = f"signal {service['signal']}" if service["signal"] else f"exit status {service['exit_code']}"
    return f"it crashed {service['restarts']} times, last with {how}"


def not_well(settings: dict[str, Any], reason: str) -> NotWell:
    """The failure without the secrets that the node was told, which are not known
    any more once it is as it was before."""
    secrets = host.secrets() | node.secrets(settings)
    return NotWell(host.hide(reason, secrets), [host.hide(line, secrets) for line in host.journal(node.UNIT)])


def unwell(settings: dict[str, Any], service: dict[str, Any], check: Optional[dict[str, Any]], peers: list[str]) -> str:
    """What the node still lacks; empty when it is as it was before the restart."""
    if service["state"] != "active":
        return f"{node.UNIT} is {service['state']}"
    if not os.path.exists(node.NODES):
        return "the release has not started"
    # Peers that are gone, or stopped, are not waited for.
    lost = node.probe_all(set(peers) - set(host.read(node.NODES).split()), settings["epmd_port"])
    there = [peer["name"] for peer in lost if peer["state"] == "answers"]
    if there:
        return "it is not connected with " + ", ".join(there)
    return ask(check) if check else ""


def ask(check: dict[str, Any]) -> str:
    """What is wrong with the release's answer. It may listen on the node's own
    address alone."""
    import http.client  # takes long to load, and most commands ask nothing

    question, fault = f"GET {check['path']} on port {check['port']}", ""
    for at in ("127.0.0.1", node.address()):
        connection = http.client.HTTPConnection(at, check["port"], timeout=CHECK_TIMEOUT_S)
        try:
            connection.request("GET", check["path"], headers={"Host": check["host"]})
            status = connection.getresponse().status
            fault = "" if 200 <= status < 400 else f"{question} is answered with {status}"
        except (OSError, http.client.HTTPException) as error:
            fault = fault or f"{question} is not answered: {error}"
        finally:
            connection.close()
        if not fault:
            break
    return fault


def rolled_back(settings: dict[str, Any], restart: dict[str, Any], peers: list[str], failure: NotWell) -> host.Refused:
    """Waits until the node is well with what it ran before, and says what it came
    to. It is not asked: the question may belong to what it was told."""
    again = await_well(settings, restart, None, peers)
    if again:
        end = f", nor with what it ran before ({again[0].reason})"
    elif os.path.exists(settings["program"]):
        end = " and runs what it ran before"
    else:
        end = " and waits for a release, as before"
    return host.Refused(
        f"did not come up with what it was told ({failure.reason}, last log lines below){end}{failure.log}")


def stop(settings: dict[str, Any], seconds: int) -> None:
    """Ends the release for good."""
    if host.state(node.UNIT) != "inactive":
        drain(settings["http_port"], seconds)
    done = host.run("systemctl", "disable", "--now", node.UNIT, timeout=STOP_TIMEOUT_S)
    if done.returncode != 0:
        raise host.Refused(f"{node.UNIT} was not stopped: {host.said(done)}")
