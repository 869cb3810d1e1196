"""What every host can say of itself."""

import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.parse
from collections.abc import Iterable
from typing import Any, Optional, Union

SETTINGS = "/etc/beam/management.json"
ENVIRONMENTS = ["/etc/beam/env", "/etc/beam/migrate.env"]
BOOT_STEP = "/var/lib/beam/boot-step"
BOOT_LOG = "/var/log/cloud-init-output.log"
BOOT_UNIT = "beam-boot.service"
# cloud-init writes it when all its stages have ended (man cloud-init).
BOOT_RESULT = "/run/cloud-init/result.json"
# Keeps its word, which takes it half a second, once a boot has ended well.
BOOT_ENDED = "/run/beamctl-boot-ended"
ENDED_WELL = ("done", "degraded")
# How it tells that what starts BOOT_UNIT failed.
BOOT_ERROR = re.compile(r"\('scripts[-_]user',")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

LOG_LINES = 15
LINE_LENGTH = 500
COMMAND_TIMEOUT_S = 15
RECENTLY = "-2min"
# systemd's SD_MESSAGE_UNIT_RESTART_SCHEDULED (systemd/sd-messages.h).
RESTART_SCHEDULED = "MESSAGE_ID=5eb03494b6584870a536b337290809b3"
# So many restarts in a short time are no accident.
CRASH_LOOP = 3
# Codes of waitid(2): killed by a signal, with or without a core dump.
KILLED = ("2", "3")


class Refused(Exception):
    """Tells the caller why nothing was changed."""


def unexpected(error: Exception) -> str:
    """Where an error came from that nothing expects."""
    at = error.__traceback__
    while at and at.tb_next:
        at = at.tb_next
    where = f" in {os.path.basename(at.tb_frame.f_code.co_filename)}, line {at.tb_lineno}" if at else ""
    return f"{type(error).__name__}{where}: {error}"


def settings() -> dict[str, Any]:
    with open(SETTINGS) as file:
        return dict(json.load(file))


def read(path: str) -> str:
    """The content of a file; empty where there is none."""
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def write(path: str, content: str, mode: int = 0o644, owner: str = "") -> None:
    """Replaces a file in one step, which a power cut does not undo. What a cut
    leaves begins with a dot, so that no program takes it for its own."""
    folder = os.path.dirname(path)
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix=".beam-", delete=False,
                                     encoding="utf-8", errors="surrogateescape", newline="") as file:
        try:
            file.write(content)
            file.flush()
            if owner:
                ids: list[Union[int, str]] = [int(name) if name.isdigit() else name for name in owner.split(":")]
                shutil.chown(file.name, ids[0], ids[1])
            os.chmod(file.name, mode)
            os.fsync(file.fileno())
            os.rename(file.name, path)
        except BaseException:
            os.remove(file.name)
            raise
    sync(folder)


def remove(path: str) -> None:
    """Removes a file, if it is there."""
    try:
        os.remove(path)
    except FileNotFoundError:
        return
    sync(os.path.dirname(path))


def sync(folder: str) -> None:
    """Makes the names in a folder outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def run(*command: str, env: Optional[dict[str, str]] = None,
        timeout: Optional[int] = COMMAND_TIMEOUT_S) -> subprocess.CompletedProcess[str]:
    """Runs a program. One that is missing or hangs has just failed."""
    env = {"PATH": PATH, "LC_ALL": "C", **(env or {})}
    try:
        return subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, errors="replace", timeout=timeout)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))


def boot() -> dict[str, Any]:
    how, _, step = read(BOOT_STEP).strip().partition(" ")
    status = boot_status(how == "done") if os.path.exists(BOOT_RESULT) else "running"
    unit = state(BOOT_UNIT)
    if unit == "activating":  # cloud-init ends after it, but it may be started once more by hand
        status = "running"
    # A boot that was cut off amid a step goes on before cloud-init ends.
    failed = bool(step) and (unit == "failed" or status != "running")
    return {
        "status": status,
        "step": step,
        "failed": failed,
        "log": boot_log(step) if step or status == "error" else [],
    }


def booted(found: dict[str, Any]) -> bool:
    return found["status"] in ENDED_WELL and not found["failed"]


def state(unit: str) -> str:
    return run("systemctl", "show", unit, "--property=ActiveState", "--value").stdout.strip()


def boot_status(steps_done: bool) -> str:
    """How the boot ended. One that ended well stays so until the next one."""
    ended = read(BOOT_ENDED)
    if ended:
        return ended
    status = cloud_init_status(steps_done)
    if status in ENDED_WELL:
        write(BOOT_ENDED, status)
    return status


def cloud_init_status(steps_done: bool) -> str:
    """Its own word. Steps that failed count no more once they are done."""
    done = run("cloud-init", "status", "--format", "json")
    if done.returncode == 1:
        return "done" if steps_done and only_steps_failed() else "error"
    if done.returncode == 2:
        return "degraded"
    try:
        running = json.loads(done.stdout)["status"] != "done"
    except (ValueError, KeyError):
        running = True
    return "running" if running else "done"


def only_steps_failed() -> bool:
    try:
        errors = json.loads(read(BOOT_RESULT))["v1"]["errors"]
    except (ValueError, KeyError):
        return False
    return bool(errors) and all(BOOT_ERROR.match(str(error)) for error in errors)


def boot_log(step: str) -> list[str]:
    """What the step printed; without a step, what cloud-init has to say."""
    lines = read(BOOT_LOG).splitlines()
    begin = "beam: " + step
    if not step or begin not in lines:
        return tail(lines)
    lines = lines[len(lines) - lines[::-1].index(begin):]
    end = [i for i, line in enumerate(lines) if line.startswith('beam: the step "')]
    return tail(lines[:end[0]] if end else lines)


def tail(lines: Iterable[str]) -> list[str]:
    """The last lines; a program that tries again and again says so once."""
    kept = [line.rstrip()[:LINE_LENGTH] for line in lines if line.strip()]
    repeats = [(line, len(list(group))) for line, group in itertools.groupby(kept)]
    return [line if count == 1 else f"{line} ({count} times)" for line, count in repeats[-LOG_LINES:]]


def said(done: subprocess.CompletedProcess[str]) -> str:
    """What a program that failed had to say, in one line."""
    return " ".join(tail((done.stderr or done.stdout).splitlines())) or f"exit status {done.returncode}"


def service(unit: str, since: str = RECENTLY) -> dict[str, Any]:
    """The state of a unit, and how often systemd started it again since then."""
    shown = run("systemctl", "show", unit, "--property=ActiveState,ExecMainCode,ExecMainStatus")
    values = dict(line.split("=", 1) for line in shown.stdout.splitlines() if "=" in line)
    status = int(values.get("ExecMainStatus", 0))
    killed = values.get("ExecMainCode") in KILLED
    active = values.get("ActiveState", "unknown")
    restarts = automatic_restarts(unit, since)
    return {
        "unit": unit,
        "state": active,
        "exit_code": 0 if killed else status,
        "signal": status if killed else 0,
        "restarts": restarts,
        "log": journal(unit) if active != "active" or restarts else [],
    }


def automatic_restarts(unit: str, since: str) -> int:
    found = run("journalctl", "--no-pager", "--quiet", "--output=cat", "--since=" + since,
                RESTART_SCHEDULED, "UNIT=" + unit)
    return len(found.stdout.splitlines())


def journal(unit: str) -> list[str]:
    """What the unit's programs printed last."""
    return tail(run("journalctl", "--no-pager", "--quiet", "--output=cat", "--lines=50",
                    "_SYSTEMD_UNIT=" + unit).stdout.splitlines())


# Variables that the host itself sets and that are no secrets.
PUBLIC = {"PORT", "PHX_SERVER", "PHX_HOST", "POOL_SIZE", "LANG"}
# Shorter ones are hidden as whole words only, and those of up to three
# characters not at all: they are in every log, and anyone could guess them.
LONG, SHORT = 8, 4
HIDDEN = "[hidden]"


def environment(path: str) -> dict[str, str]:
    """The variables of a file that the provider wrote for systemd's
    EnvironmentFile=: all in double quotes, four characters escaped."""
    found = re.findall(r'^(\w+)="((?:[^"\\]|\\.)*)"', read(path), re.MULTILINE | re.DOTALL)
    return {name: re.sub(r'\\(["\\`$])', r"\1", value) for name, value in found}


def secrets() -> set[str]:
    found: set[str] = set()
    for path in ENVIRONMENTS:
        for name, value in environment(path).items():
            if name not in PUBLIC:
                found |= {value, *value.splitlines(), *url_secrets(value)}
    return found


def url_secrets(text: str) -> set[str]:
    try:
        parts = urllib.parse.urlsplit(text)
        password = parts.password or ""
    except ValueError:
        return set()
    return {password, urllib.parse.unquote(password)}


def hide(text: str, hidden: set[str]) -> str:
    """The text without secrets, and without credentials in any URL."""
    for value in sorted(hidden, key=len, reverse=True):
        if len(value) >= LONG:
            text = text.replace(value, HIDDEN)
        elif len(value) >= SHORT:
            text = re.sub(r"(?<!\w)" + re.escape(value) + r"(?!\w)", lambda _: HIDDEN, text)
    text = re.sub(r"(\w://)[^/@\s]+@", r"\1" + HIDDEN + "@", text)
    return re.sub(r"SCRAM-SHA-256\$\S+", HIDDEN, text)


FREE_TEXT = {"log", "detail", "check"}


def without_secrets(part: Any, hidden: set[str], free: bool = False) -> Any:
    """The report with its free texts cleaned. Names and addresses stay."""
    if isinstance(part, dict):
        return {key: without_secrets(value, hidden, free or key in FREE_TEXT) for key, value in part.items()}
    if isinstance(part, list):
        return [without_secrets(value, hidden, free) for value in part]
    return hide(part, hidden) if free and isinstance(part, str) else part
