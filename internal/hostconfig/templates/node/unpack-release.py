#!/usr/bin/python3 -I
"""Unpacks the archive of a release, which is on stdin, into the current folder and
prints the folder in it that holds the release. It runs as the user who runs the
release.

usage: unpack-release NAME
"""

import glob
import os
import subprocess
import sys

HOLD_ENV = "/usr/local/lib/beam/hold-env"
# What a release of mix or rebar3 starts, besides bin.
PROGRAMS = ["erts-*/bin/*", "releases/*/elixir", "releases/*/iex"]


def main(name: str) -> None:
    tar = subprocess.run(["tar", "-xz", "--no-same-owner"], capture_output=True, text=True, errors="replace")
    if tar.returncode != 0:
        last = tar.stderr.strip().splitlines()[-3:]
        sys.exit("the archive cannot be unpacked; it has to be a .tar.gz: " + "; ".join(last))
    # Some archives hold the release in one folder of its name.
    for root in (".", name):
        if os.path.isfile(os.path.join(root, "bin", name)) and not os.path.islink(root):
            mend(root, name)
            subprocess.run([HOLD_ENV, root], check=True)
            print(root)
            return
    sys.exit(f"the release has no program bin/{name}: " + found_instead(name))


def mend(root: str, name: str) -> None:
    """Makes programs of an archive executable that has lost who may run what."""
    if os.access(os.path.join(root, "bin", name), os.X_OK):
        return
    for pattern in ["bin/*", *PROGRAMS]:
        for path in glob.glob(os.path.join(glob.escape(root), pattern)):
            if os.path.isfile(path):
                os.chmod(path, os.stat(path).st_mode | 0o110)


def found_instead(name: str) -> str:
    """What is in the archive, and what to do about it."""
    releases = sorted(os.path.relpath(os.path.dirname(folder))
                      for folder, _, files in os.walk(".")
                      if os.path.basename(folder) == "releases" and "start_erl.data" in files)
    for root in releases:
        if os.path.isfile(os.path.join(root, "bin", name)):
            return (f"it is in {root}, not at the top of the archive. "
                    f"Pack it with: tar -C {root} -czf {name}.tar.gz .")
    if releases:
        programs = sorted(os.listdir(os.path.join(releases[0], "bin")))
        return (f"the archive holds a release in {releases[0]} with the programs {', '.join(programs)}. "
                "Set release.name to the name of the release.")
    top = sorted(os.listdir("."))[:10]
    return (f"the archive holds no release, at its top are: {', '.join(top) or 'nothing'}. "
            "Pack what `mix release` or `rebar3 tar` makes, and set release.name to its name.")


if __name__ == "__main__":
    main(sys.argv[1])
