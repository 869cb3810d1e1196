"""The releases that a node keeps. Each has a folder, named by the beginning of its
archive's SHA-256, and beside it the archive itself, for other nodes. The one that
runs is where the link at the app's root leads."""

import contextlib
import fcntl
import json
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from release.archive import Failed

CONFIG = "/etc/beam/release.json"
STORE = "/var/lib/beam/releases"
UNPACK = "/usr/local/lib/beam/unpack-release"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Beside the app's root, what was deployed there by hand.
DEPLOYED = ".deployed"


def config() -> dict[str, Any]:
    with open(CONFIG) as file:
        return dict(json.load(file))


def key(sha256: str) -> str:
    return sha256.lower()[:16]


def folder(sha256: str) -> str:
    return os.path.join(STORE, key(sha256))


def archive(sha256: str) -> str:
    return folder(sha256) + ".tar.gz"


def has(sha256: str) -> bool:
    return os.path.isdir(folder(sha256)) and os.path.exists(archive(sha256))


def fetch(source: dict[str, Any]) -> None:
    """Puts a release into the store, from a URL or from another node."""
    from release.download import download  # HTTP takes long to load, and few who use the store fetch

    sha256 = source["sha256"]
    port = config()["share_port"]  # unless the other node has another one
    nodes = [address if ":" in address else f"{address}:{port}" for address in source.get("from") or []]
    urls = [source["url"]] if source.get("url") else [f"http://{node}/{sha256.lower()}" for node in nodes]
    put(sha256, lambda path: download(urls, source.get("headers") or {}, sha256, path))


def put(sha256: str, write: Callable[[str], None]) -> None:
    """Puts a release into the store, unless it is there. Write is given a path for
    the archive and has to check what it writes there."""
    os.makedirs(STORE, exist_ok=True)
    os.chmod(STORE, 0o755)
    with locked():
        if has(sha256):
            return
        for left in os.listdir(STORE):
            if left.startswith(".new."):  # of a run that was interrupted
                shutil.rmtree(os.path.join(STORE, left))
        try:
            with tempfile.TemporaryDirectory(prefix=".new.", dir=STORE) as work:
                add(sha256, write, work)
        except OSError as error:
            raise Failed(f"the release cannot be stored: {error.strerror or error}") from error


def add(sha256: str, write: Callable[[str], None], work: str) -> None:
    packed = os.path.join(work, "release.tar.gz")
    write(packed)
    if not os.path.isdir(folder(sha256)):
        root = unpack(packed, os.path.join(work, "release"))
        own(root)
        os.sync()  # a folder that is there must be whole, whenever power fails
        os.rename(root, folder(sha256))
    os.chmod(packed, 0o600)
    os.rename(packed, archive(sha256))


@contextlib.contextmanager
def locked() -> Iterator[None]:
    with open(os.path.join(STORE, ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def unpack(packed: str, target: str) -> str:
    """Unpacks an archive as the user who runs the release, who so can do no more
    with it than with the release itself. Returns the release's folder."""
    settings = config()
    os.mkdir(target)
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = pwd.getpwnam(settings["user"])
        os.chown(target, user.pw_uid, user.pw_gid)
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    with open(packed, "rb") as file:
        done = subprocess.run([UNPACK, settings["name"]], cwd=target, stdin=file, capture_output=True,
                              text=True, errors="replace", env={"PATH": PATH, "LC_ALL": "C"}, **as_user)
    if done.returncode != 0:
        raise Failed(done.stderr.strip())
    return os.path.normpath(os.path.join(target, done.stdout.strip()))


def owner() -> str:
    settings = config()
    return "root" if settings["read_only"] else str(settings["user"])


def own(root: str) -> None:
    """Gives the release its folder, or shuts it."""
    commands = [["chmod", "-R", "u+rwX,g+rX,g-w,o-rwx", root]]
    if os.geteuid() == 0:
        commands.insert(0, ["chown", "-R", "-P", f"{owner()}:{config()['user']}", root])
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        if done.returncode != 0:
            raise Failed(done.stderr.strip())


def fit_owner(root: str) -> None:
    """Whether a release is shut may have changed since it was stored."""
    if pwd.getpwuid(os.stat(root).st_uid).pw_name != owner():
        own(root)


def running() -> str:
    """The release where the link leads; empty for none and for one that was put
    there by hand."""
    root = str(config()["root"])
    return os.path.basename(os.readlink(root)) if os.path.islink(root) else ""


def stored() -> list[str]:
    """All releases, the one that was used last first."""
    found = os.listdir(STORE) if os.path.isdir(STORE) else []
    return sorted((name for name in found if re.fullmatch(r"[0-9a-f]{16}", name)), key=used, reverse=True)


def used(name: str) -> float:
    """Activating a release sets the time of its archive."""
    return os.path.getmtime(archive(name)) if os.path.exists(archive(name)) else 0.0


def activate(sha256: str, keep: int) -> str:
    """Makes the link lead to a release of the store and returns where it led
    before, for restore. Of the others it keeps so many that there are `keep` in
    all, but always the one that ran before."""
    if not os.path.isdir(folder(sha256)):
        raise Failed(f"the release {key(sha256)} is not in this node's store")
    with locked():
        fit_owner(folder(sha256))
        before = running()
        link(folder(sha256))
        if os.path.exists(archive(sha256)):
            os.utime(archive(sha256))
        spared = [name for name in (key(sha256), before) if name]
        others = [name for name in stored() if name not in spared]
        for name in others[max(0, keep - len(set(spared))):]:
            remove(name)
    return before


def restore(before: str) -> None:
    """Makes the link lead where it led before activate, whether or not that came
    to an end."""
    root = config()["root"]
    if before:
        fit_owner(folder(before))
        return link(folder(before))
    if os.path.islink(root):
        os.unlink(root)
        if os.path.isdir(root + DEPLOYED):
            os.rename(root + DEPLOYED, root)


def link(target: str) -> None:
    root = config()["root"]
    if os.path.isdir(root) and not os.path.islink(root):
        shutil.rmtree(root + DEPLOYED, ignore_errors=True)
        os.rename(root, root + DEPLOYED)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(root + ".new")
    os.symlink(target, root + ".new")
    os.rename(root + ".new", root)  # in one step


def remove(name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(archive(name))
    shutil.rmtree(folder(name))
