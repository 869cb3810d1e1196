"""Changes of files that are made whole or not at all. Before the first file is
touched, the journal keeps what each of them was. For as long as it is there, the
change is not known to be good: what is cut off is undone by the next command, or
before the host's services begin after a power cut."""

import json
import os
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Optional

from beamctl import host

JOURNAL = "/var/lib/beam/change.json"

# The content, mode and owner of a file; None for one that is not there.
File = Optional[dict[str, str]]
# Makes count what was put back. It is given the files' paths, and the note that
# the change was begun with.
Undo = Callable[[Iterable[str], dict[str, Any]], None]


def make(files: Mapping[str, File], note: dict[str, Any], take: Callable[[], None], undo: Undo) -> None:
    """Puts the files in place and has them taken over. When that is refused, all
    is as it was before."""
    try:
        begin(files, note)
        take()
    except host.Refused:
        recover(undo)
        raise
    except (OSError, LookupError) as error:  # LookupError: the owner of a file is nobody here
        recover(undo)
        raise host.Refused(f"it could not be written: {error}") from error
    except Exception as error:
        recover(undo)
        raise host.Refused(host.unexpected(error)) from error
    host.remove(JOURNAL)


def begin(files: Mapping[str, File], note: dict[str, Any]) -> None:
    kept = {path: current(path) for path in files}
    os.makedirs(os.path.dirname(JOURNAL), exist_ok=True)
    host.write(JOURNAL, json.dumps({"version": 1, "files": kept, "note": note}), 0o600)
    for path, file in files.items():
        place(path, file)


def recover(undo: Undo) -> None:
    """Undoes a change that did not come to its end, if there is one."""
    text = host.read(JOURNAL)
    if not text:
        return
    journal = json.loads(text)
    for path, file in journal["files"].items():
        place(path, file)
    try:
        undo(journal["files"], journal["note"])
    except Exception as error:
        print("beamctl: the files are as they were before, but", error, file=sys.stderr)
    host.remove(JOURNAL)


def place(path: str, file: File) -> None:
    if file is None:
        host.remove(path)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        host.write(path, file["content"], int(file["mode"], 8), file["owner"])


def current(path: str) -> File:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            found = os.fstat(file.fileno())
            return {
                "content": file.read(),
                "mode": f"{stat.S_IMODE(found.st_mode):04o}",
                "owner": "" if found.st_uid == os.geteuid() else f"{found.st_uid}:{found.st_gid}",
            }
    except FileNotFoundError:
        return None


def differs(path: str, file: dict[str, str]) -> bool:
    found = current(path)
    return found is None or found["content"] != file["content"]
