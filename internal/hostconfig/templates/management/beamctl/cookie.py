"""How a node gets another cookie while it runs: each node is given it beside the
old one (stage), one of them has all that are connected use it (switch), and then
each lets it be the one that a restart uses (adopt). Every step may be cut off and
repeated. The dialer, which the VM evaluates, does what only the VM can do."""

import hashlib
import json
import os
import re
import secrets as random
import time
from typing import Any, Optional

from beamctl import host

# Its folder is root's: the node's user reads the file and cannot replace it.
STAGED = "/etc/beam/cookie.staged"
# Written by the dialer: the cookie that the VM uses.
RUNNING = "/run/beam/cookie"
# The dialer writes it once the release is up.
NODES = "/run/beam/nodes"
REQUEST = "/run/beam-request"
ANSWER = "/run/beam/answer"

ANSWER_TIMEOUT_S = 15
ADOPT_TIMEOUT_S = 10
POLL_INTERVAL_S = 0.1


def report(settings: dict[str, Any]) -> dict[str, str]:
    """What a node's report says of its cookies."""
    found = {
        "cookie_fingerprint": of_file(settings["cookie_file"]),
        "cookie_staged": of_file(STAGED),
        "cookie_running": of_file(RUNNING),
    }
    return {key: value or "" for key, value in found.items() if value or key == "cookie_fingerprint"}


def status(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": 1,
        "file": of_file(settings["cookie_file"]),
        "staged": of_file(STAGED),
        "running": of_file(RUNNING),
    }


def secrets(settings: dict[str, Any]) -> set[str]:
    return {content(path) or "" for path in (settings["cookie_file"], STAGED, RUNNING)}


def content(path: str) -> Optional[str]:
    """The cookie in a file. auth.erl drops newlines at its end, and so does this."""
    try:
        with open(path, encoding="latin-1", newline="") as file:
            return file.read().rstrip("\n")
    except FileNotFoundError:
        return None


def fingerprint(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("latin-1")).hexdigest()[:12]


def of_file(path: str) -> Optional[str]:
    cookie = content(path)
    return None if cookie is None else fingerprint(cookie)


def stage(settings: dict[str, Any], text: bytes) -> None:
    cookie = parse(text)
    # Asked for while another cookie was staged.
    host.remove(REQUEST)
    owner = owner_of(settings["cookie_file"])
    replace(STAGED, cookie, os.geteuid(), owner.st_gid, 0o640)


def parse(text: bytes) -> str:
    """The cookie on stdin, by the rules for one. What is wrong with it is told
    without repeating it."""
    try:
        given = json.loads(text)
        version, cookie = given["version"], given["cookie"]
    except (ValueError, KeyError, TypeError) as error:
        raise host.Refused("stdin is not a cookie in JSON") from error
    if version != 1:
        raise host.Refused(f"stdin has version {version!r}, and this host reads version 1")
    if not (isinstance(cookie, str) and re.fullmatch(r"(?![-+])[ -~]{0,254}[!-~]", cookie)):
        raise host.Refused("the cookie is not one that every node would take as it is")
    return cookie


def owner_of(path: str) -> os.stat_result:
    try:
        return os.stat(path)
    except FileNotFoundError as error:
        raise host.Refused("this node has no cookie yet; its first boot has not come so far") from error


def switch(wanted: str) -> dict[str, Any]:
    """Has the VM switch itself and all nodes that it is connected with."""
    if of_file(STAGED) != wanted:
        raise host.Refused(f"the cookie {wanted} is not staged here; stage it first")
    ask_id = random.token_hex(8)
    host.write(REQUEST, f'{{<<"{ask_id}">>, switch}}.\n')
    try:
        answers = await_answer(ask_id)
    finally:
        host.remove(REQUEST)
    return {
        "version": 1,
        "nodes": [name for how, name in answers if how == "switched"],
        "failed": [name for how, name in answers if how != "switched"],
    }


def await_answer(ask_id: str) -> list[list[str]]:
    """What the dialer says of each node: how it went, and the node's name."""
    deadline = time.monotonic() + ANSWER_TIMEOUT_S
    while time.monotonic() < deadline:
        first, *lines = host.read(ANSWER).splitlines() or [""]
        if first == ask_id:
            return [line.split(" ", 1) for line in lines]
        time.sleep(POLL_INTERVAL_S)
    raise host.Refused("the node did not switch to the staged cookie in time; is the release running?")


def adopt(settings: dict[str, Any], wanted: str) -> None:
    """Cut off after the first step, the same cookie is in both files, which is as
    good as one."""
    path = settings["cookie_file"]
    staged = content(STAGED)
    if staged is not None and fingerprint(staged) == wanted:
        owner = owner_of(path)
        replace(path, staged, owner.st_uid, owner.st_gid, 0o400)
        host.remove(STAGED)
    elif of_file(path) != wanted:
        raise host.Refused(f"the cookie {wanted} is neither staged nor in use here; stage it first")
    await_running(wanted)


def await_running(wanted: str) -> None:
    """The dialer takes over what the cookie's file has. A VM whose dialer has not
    begun yet will do so when it does."""
    deadline = time.monotonic() + ADOPT_TIMEOUT_S
    while os.path.exists(NODES) and of_file(RUNNING) != wanted:
        if time.monotonic() >= deadline:
            raise host.Refused("the file has the cookie, and the running node still uses another; restart beam.service")
        time.sleep(POLL_INTERVAL_S)


def replace(path: str, text: str, uid: int, gid: int, mode: int) -> None:
    """Replaces a file in one step that a power cut does not undo. At no time can
    others read it, and what an earlier try left is written over."""
    new = path + ".new"
    host.remove(new)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fchown(file.fileno(), uid, gid)
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    os.rename(new, path)
    host.sync(os.path.dirname(path))
