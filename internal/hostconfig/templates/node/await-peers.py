#!/usr/bin/python3 -I
"""Waits for the node's peers to start, and leaves the VM what remains of the time.

usage: await-peers PEERS EPMD_PORT TIMEOUT_MS FOLDER STAGED

The VM asks each peer once, when it starts, and from then on waits to be called
(lib/kernel/src/kernel_config.erl). A peer does not call nodes that are younger
than itself, so a VM that starts a second before its peer would wait for nothing
until sync_nodes_timeout is over. It is started when its peers are there.

While another cookie is STAGED, the peers may use that one and refuse the VM until
its dialer has tried both. So it does not wait for them itself.
"""

import concurrent.futures
import glob
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from epmd import long_names, registered_port  # noqa: E402

INTERVAL_S = 0.25
CONNECT_TIMEOUT_S = 2
MAX_QUESTIONS = 32


def peers(file: str) -> list[str]:
    """The names in the file; none where there is no file."""
    try:
        with open(file, encoding="utf-8") as terms:
            return long_names(terms.read())
    except OSError:
        return []


def missing(name: str, epmd_port: int) -> bool:
    basename, _, address = name.partition("@")
    try:
        return registered_port(address, epmd_port, basename, CONNECT_TIMEOUT_S) is None
    except OSError:
        return True


def wait(waited_for: list[str], epmd_port: int, deadline: float) -> None:
    with concurrent.futures.ThreadPoolExecutor(MAX_QUESTIONS) as pool:
        while waited_for and time.monotonic() < deadline:
            answers = pool.map(lambda name: missing(name, epmd_port), waited_for)
            waited_for = [name for name, is_missing in zip(waited_for, answers) if is_missing]
            if waited_for:
                time.sleep(INTERVAL_S)


def main(file: str, epmd_port: str, timeout_ms: str, folder: str, staged: str) -> None:
    deadline = time.monotonic() + int(timeout_ms) / 1000
    wait(peers(file), int(epmd_port), deadline)
    # The VM takes no 0, and prefers its flags to its configuration.
    remaining_ms = max(1, int((deadline - time.monotonic()) * 1000))
    settings = f"-kernel sync_nodes_timeout {remaining_ms}\n"
    if os.path.exists(staged):
        settings += "-kernel sync_nodes_optional [] -kernel sync_nodes_mandatory []\n"
    for args in glob.glob(folder + "/vm.args*"):
        with open(args, "a", encoding="utf-8") as flags:
            flags.write(settings)


main(*sys.argv[1:])
