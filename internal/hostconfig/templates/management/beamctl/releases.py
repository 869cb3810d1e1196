"""The releases in a node's store."""

from typing import Any

from beamctl import host


def report() -> dict[str, Any]:
    return {"running": ""}


def activate(sha256: str, _keep: int) -> str:
    raise host.Refused(f"the release {sha256[:16]} is not in this node's store")


def restore(_before: str) -> None:
    """There is no other one."""
