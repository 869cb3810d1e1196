"""Reads what a running host is told, a bundle, and makes settings count that
every kind of host has."""

import glob
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from beamctl import changes, host, keys

# The first boot's steps, each a program; a step can be carried out again.
STEPS = "/usr/local/lib/beam/steps/"
STEP_TIMEOUT_S = 1200
# The files that a step reads, with the form of their content: steps run as root.
# One without a step counts as soon as it is there.
SETTINGS = {
    "/etc/beam/packages": ("packages", r"([a-z0-9][a-z0-9+.-]*\n)+"),
    "/etc/beam/locale": ("locale", r"(C|[a-z]{2,3}_[A-Z]{2})(@[a-z]+)?\.UTF-8\n"),
    "/etc/beam/swap-mib": ("swap", r"[0-9]{1,5}\n"),
    "/etc/beam/unattended-upgrades": ("unattended-upgrades", r"(on|off)\n"),
    "/etc/beam/fail2ban": ("fail2ban", r"(on|off)\n"),
    keys.FILE: ("", keys.FORM),
}
RESTART = {"drain_seconds": int, "rollback": bool, "patience_seconds": int}
CHECK = {"port": int, "path": str, "host": str}

Manifest = dict[str, dict[str, dict[str, str]]]
Files = dict[str, dict[str, str]]
# Changes the content of a file of a part into what this host is to have.
Fit = Callable[[str, str, str], str]


def parse(text: bytes, manifest: Manifest) -> dict[str, Any]:
    """The bundle, if it is whole and this host may take all of it."""
    try:
        bundle = dict(json.loads(text))
        version, parts = bundle["version"], dict(bundle["parts"])
    except (ValueError, KeyError, TypeError) as error:
        raise host.Refused("stdin is not a bundle in JSON") from error
    if version != 1:
        raise host.Refused(f"the bundle has version {version!r}, and this host reads version 1")
    unknown = sorted(set(bundle) - {"version", "parts", "release", "restart"})
    if unknown:
        raise host.Refused(f"the bundle has {unknown[0]!r}, which this host does not know")
    for part, files in parts.items():
        check_part(part, files, manifest)
    check_release(bundle.get("release"), "release" in manifest)
    check_restart(bundle.get("restart"), "release" in manifest)
    return bundle


def check_part(part: str, files: Any, manifest: Manifest) -> None:
    if part not in manifest:
        raise host.Refused(f"this host has no part {part!r}")
    if not (isinstance(files, dict) and all(isinstance(content, str) for content in files.values())):
        raise host.Refused(f"the part {part} is not a list of files")
    for path in files:
        if path not in manifest[part]:
            raise host.Refused(f"{path!r} is no file of the part {part}")
    for path in manifest[part]:
        if path not in files:
            raise host.Refused(f"the part {part} lacks {path}")
        if path in SETTINGS and not re.fullmatch(SETTINGS[path][1], files[path]):
            raise host.Refused(f"what {path} shall hold is not of the form that this host takes")


def check_release(release: Any, runs_releases: bool) -> None:
    if release is None:
        return
    if not runs_releases:
        raise host.Refused("this host runs no releases")
    if not (has_fields(release, {"sha256": str, "keep": int}) and re.fullmatch(r"[0-9a-fA-F]{64}", release["sha256"])):
        raise host.Refused("the bundle's release is none")


def check_restart(restart: Any, runs_releases: bool) -> None:
    if restart is None:
        return
    if not runs_releases:
        raise host.Refused("this host runs no releases")
    check = restart.get("check") if isinstance(restart, dict) else None
    if not (has_fields(restart, RESTART) and (check is None or has_fields(check, CHECK))):
        raise host.Refused("the bundle does not say how to restart")


def has_fields(given: Any, fields: dict[str, type]) -> bool:
    return isinstance(given, dict) and all(type(given.get(name)) is kind for name, kind in fields.items())


def fitted(bundle: dict[str, Any], manifest: Manifest, fit: Fit) -> Files:
    """The files of the bundle as this host is to have them."""
    return {
        path: {
            "content": fit(part, path, content),
            "mode": manifest[part][path]["mode"],
            "owner": manifest[part][path].get("owner", ""),
        }
        for part, contents in bundle["parts"].items()
        for path, content in contents.items()
    }


def changed(files: Files) -> Files:
    """Those that the host has otherwise."""
    return {path: file for path, file in files.items() if changes.differs(path, file)}


def unfitted(_part: str, _path: str, content: str) -> str:
    return content


def settle(paths: Iterable[str]) -> None:
    """Carries the steps out that make changed settings count."""
    others = set(paths)
    for path, (step, _) in SETTINGS.items():
        if step and path in others:
            programs = glob.glob(f"{STEPS}[0-9][0-9]-{step}")
            done = host.run(programs[0] if programs else step, timeout=STEP_TIMEOUT_S)
            if done.returncode != 0:
                raise host.Refused(f"the step {step} failed: {host.said(done)}")
