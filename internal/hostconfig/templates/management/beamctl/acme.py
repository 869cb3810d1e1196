"""What a load balancer has from its certificate authority, brought to the one that
follows it, so that HTTPS never stops."""

import base64
import binascii
import io
import json
import os
import re
import shutil
import tarfile
from typing import Any

from beamctl import balancer, host

FOLDER = "/etc/letsencrypt"
# The account, each certificate that there was, the links to the newest one, and
# how it is renewed (certbot's "Where are my certificates?").
KEPT = ["accounts", "archive", "live", "renewal"]
CERTIFICATE = "/etc/haproxy/certs/site.pem"
# Asks for the first certificate, on hosts that get it this way.
ASKING = "/usr/local/sbin/beam-certificate"
ASKING_UNIT = "beam-certificate.service"

# The folder of an account is named by its authority, with the port if it has one.
PATH = re.compile(r"letsencrypt/(accounts|archive|live|renewal)(/[A-Za-z0-9_][A-Za-z0-9._:-]*){0,6}")
# certbot's only links, from a certificate to its newest version.
LINK = re.compile(r"letsencrypt/live/[^/]+/[^/]+")
TARGET = re.compile(r"\.\./\.\./archive/[A-Za-z0-9_][A-Za-z0-9._-]*/[A-Za-z0-9_][A-Za-z0-9._-]*")


def export() -> dict[str, Any]:
    """The archive is null when there is no certificate yet."""
    if not (os.path.exists(ASKING) and os.path.exists(CERTIFICATE)):
        return {"version": 1, "archive": None}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in KEPT:
            if os.path.exists(os.path.join(FOLDER, name)):
                archive.add(os.path.join(FOLDER, name), "letsencrypt/" + name)
        archive.add(CERTIFICATE, "site.pem")
    return {"version": 1, "archive": base64.b64encode(packed.getvalue()).decode()}


def take(settings: dict[str, Any], text: bytes) -> None:
    """Takes it over, unless this host has a certificate of its own."""
    archive = parse(text)
    if not os.path.exists(ASKING):
        raise host.Refused("this load balancer gets no certificate from an authority")
    if not archive or os.path.exists(CERTIFICATE):
        return
    members = unpack(archive)
    certificate = members.pop("site.pem").decode()
    folders = [os.path.join(FOLDER, name) for name in KEPT]

    def write() -> None:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        write_all(members)

    # It would ask for a certificate of its own meanwhile.
    host.run("systemctl", "stop", ASKING_UNIT)
    file = {"content": certificate, "mode": "0600", "owner": ""}
    try:
        balancer.change(settings, {CERTIFICATE: file}, {"remove": folders}, write)
    except host.Refused:
        host.run("systemctl", "start", "--no-block", ASKING_UNIT)
        raise


def parse(text: bytes) -> bytes:
    try:
        given = json.loads(text)
        version, archive = given["version"], given["archive"]
        packed = base64.b64decode(archive, validate=True) if archive is not None else b""
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise host.Refused("stdin is not what export-acme prints") from error
    if version != 1:
        raise host.Refused(f"stdin has version {version!r}, and this host reads version 1")
    return packed


def unpack(packed: bytes) -> dict[str, Any]:
    """The files by their path, and links as their target in a string. Whatever
    would be written elsewhere than below the folder is refused, with all else."""
    found: dict[str, Any] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(packed), mode="r:*") as archive:
            for member in archive:
                if member.name == "site.pem" and member.isfile() or PATH.fullmatch(member.name) and member.isfile():
                    found[member.name] = archive.extractfile(member).read()  # type: ignore[union-attr]
                elif member.issym() and PATH.fullmatch(member.name) and LINK.fullmatch(member.name) \
                        and TARGET.fullmatch(member.linkname):
                    found[member.name] = member.linkname
                elif not (member.isdir() and PATH.fullmatch(member.name)):
                    raise host.Refused(f"the archive has {member.name!r}, which is not certbot's")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise host.Refused(f"the archive cannot be read: {error}") from error
    if "site.pem" not in found:
        raise host.Refused("the archive has no certificate")
    return found


def write_all(members: dict[str, Any]) -> None:
    for name, content in members.items():
        path = os.path.join(FOLDER, name.partition("/")[2])
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        if isinstance(content, str):
            os.symlink(content, path)
        else:
            host.write(path, content.decode("utf-8", "surrogateescape"), 0o600)
