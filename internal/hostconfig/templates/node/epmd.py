"""Names of nodes, and the epmd of another host that knows them."""

import re
import socket
import struct
from typing import Optional

# Messages of the EPMD protocol (erts, "Distribution Protocol").
PORT_PLEASE2_REQ, PORT2_RESP = 122, 119


def long_names(terms: str) -> list[str]:
    """The long names in terms of Erlang, each with one quoted atom."""
    return re.findall(r"'([^'\\]+@[0-9.]+)'", terms)


def registered_port(address: str, epmd_port: int, basename: str, timeout_s: float) -> Optional[int]:
    """The distribution port of the node that is known there by this name, or None
    when it knows no such node. Raises OSError where no epmd answers."""
    question = bytes([PORT_PLEASE2_REQ]) + basename.encode()
    with socket.create_connection((address, epmd_port), timeout_s) as epmd:
        epmd.sendall(struct.pack(">H", len(question)) + question)
        answer = epmd.makefile("rb").read(4)
    if len(answer) < 4 or answer[0] != PORT2_RESP or answer[1] != 0:
        return None
    port: int = struct.unpack(">H", answer[2:])[0]
    return port
