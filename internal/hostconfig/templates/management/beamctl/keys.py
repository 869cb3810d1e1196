"""Whose SSH keys may log in as the host's user. The account's keys are in a file of
their own, which sshd reads beside authorized_keys: those are left to people."""

import json
from collections.abc import Iterable

from beamctl import changes, host

# Empty until the first boot has moved the keys there, or the host was told others.
FILE = "/etc/beam/user.keys"
HEAD = "# The keys of ssh_keys: others belong into ~/.ssh/authorized_keys\n"
FORM = r"#[^\n]*\n([a-z][a-z0-9@.-]* [A-Za-z0-9+/]+={0,2}\n)*"
# What DigitalOcean told the host; cloud-init writes it at each boot.
INSTANCE = "/run/cloud-init/instance-data.json"


def move(user: str) -> None:
    """Takes the keys that the host was made with out of authorized_keys, where
    cloud-init put them. What the host was told meanwhile counts in their stead."""
    keys = given()
    if not host.read(FILE):
        host.write(FILE, HEAD + "".join(f"{kind} {key}\n" for key, kind in keys.items()))
    for path in (f"/home/{user}/.ssh/authorized_keys", "/root/.ssh/authorized_keys"):
        file = changes.current(path)
        if file:
            kept = [line for line in file["content"].split("\n") if not lets_in(line, keys)]
            changes.place(path, {**file, "content": "\n".join(kept)})


def lets_in(line: str, keys: Iterable[str]) -> bool:
    """Whether a line of authorized_keys, which may have options, is for one of the keys."""
    return not line.startswith("#") and not set(keys).isdisjoint(line.split())


def given() -> dict[str, str]:
    """The keys that the host was made with, each with its type."""
    try:
        lines = [str(line).split() for line in json.loads(host.read(INSTANCE))["v1"]["public_ssh_keys"]]
    except (ValueError, KeyError, TypeError) as error:
        raise host.Refused(f"{INSTANCE} does not tell which SSH keys this host was made with") from error
    return {words[1]: words[0] for words in lines if len(words) > 1}
