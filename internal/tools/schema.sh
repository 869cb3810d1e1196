#!/usr/bin/env bash
# Usage: schema.sh CLI FOLDER
# Prints the schema of the provider built in FOLDER as JSON, in the form that
# tfplugindocs reads: under the name hashicorp/beam in Terraform's registry,
# whichever of Terraform and OpenTofu CLI is.
set -euo pipefail
cli=$1 folder=$(realpath "$2")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/cli.tfrc" <<END
provider_installation {
  dev_overrides { "hashicorp/beam" = "$folder" }
  direct {}
}
END
echo 'provider "beam" {}' >"$work/main.tf"
TF_CLI_CONFIG_FILE="$work/cli.tfrc" "$cli" -chdir="$work" providers schema -json |
  sed 's#registry.opentofu.org/#registry.terraform.io/#'
