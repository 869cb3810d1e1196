#!/bin/bash
# Writes a script that runs Terraform or OpenTofu and tells its version by itself,
# and prints the script's path. Tests ask for the version some two hundred times, and
# the program takes 0.2 s to tell it. Several run at once: each does with one processor.
#   front.sh PROGRAM
set -euo pipefail

cli=$1
front=$PWD/.cache/cli/$(basename "$cli")
version=$("$cli" version -json | tr -d '\n')

mkdir -p "$(dirname "$front")"
cat >"$front" <<END
#!/bin/sh
if [ "\$*" = "version -json" ]; then
  printf '%s\\n' ${version@Q}
else
  GOMAXPROCS=1 exec ${cli@Q} "\$@"
fi
END
chmod +x "$front"
echo "$front"
