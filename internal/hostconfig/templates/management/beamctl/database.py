"""What the database's host can say of Postgres."""

import glob
import os
from collections.abc import Iterable
from typing import Any

from beamctl import apply, changes, host

DATA = "/srv/postgresql"
# Only a cluster has it: users may bring other files for any version.
CLUSTERS = "/etc/postgresql/*/main/postgresql.conf"


def report(settings: dict[str, Any]) -> dict[str, Any]:
    return {"service": host.service(unit()), "postgres": postgres(settings)}


def take(settings: dict[str, Any], text: bytes) -> None:
    bundle = apply.parse(text, settings["parts"])
    files = apply.changed(apply.fitted(bundle, settings["parts"], apply.unfitted))
    changes.make(files, {}, lambda: apply.settle(files), undo)


def undo(paths: Iterable[str], _note: dict[str, Any]) -> None:
    apply.settle(paths)


def ready(found: dict[str, Any]) -> bool:
    postgres = found["postgres"]
    return bool(postgres["mounted"] and postgres["ready"] and not postgres["missing_roles"])


def secrets(_settings: dict[str, Any]) -> set[str]:
    return set()


def unit() -> str:
    versions = [path.split("/")[-3] for path in sorted(glob.glob(CLUSTERS))]
    return f"postgresql@{versions[-1]}-main.service" if versions else "postgresql.service"


def postgres(settings: dict[str, Any]) -> dict[str, Any]:
    answer = host.run("pg_isready")
    found = {
        "mounted": os.path.ismount(DATA),
        "ready": answer.returncode == 0,
        "missing_roles": [],
        "detail": (answer.stdout + answer.stderr).strip(),
    }
    if found["ready"]:
        roles = ask("SELECT rolname FROM pg_roles WHERE rolcanlogin")
        found["missing_roles"] = [role for role in settings["roles"] if role not in roles]
        found["ready"] = settings["name"] in ask("SELECT datname FROM pg_database")
        if not found["ready"]:
            found["detail"] = f"there is no database {settings['name']}"
    return found


def ask(query: str) -> list[str]:
    """The rows of a query that the administrator of Postgres asks."""
    return host.run("runuser", "-u", "postgres", "--", "psql", "-X", "-A", "-t", "-q",
                    "-d", "postgres", "-c", query).stdout.splitlines()
