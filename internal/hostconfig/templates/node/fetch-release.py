#!/usr/bin/python3 -I
"""Fetches the release of this node and makes the app's root lead to it. The boot
runs it; it may be run again by hand."""

import sys

sys.path.insert(0, "/usr/local/lib/beam")

from release import store  # noqa: E402
from release.archive import Failed  # noqa: E402

# The download has been tried again where that could help.
FINAL = 65


if __name__ == "__main__":
    settings = store.config()
    try:
        store.fetch(settings["source"])
        store.activate(settings["source"]["sha256"], settings["keep"])
    except Failed as failed:
        print(failed, file=sys.stderr)
        sys.exit(FINAL)
