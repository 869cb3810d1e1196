#!/usr/bin/env bash
# Usage: setup.sh go|tests|hosts|lint
# Installs with apt, on Debian and Ubuntu, the programs that the tests judge
# rendered files with, and those that real hosts or linters take; or Go alone.
# Elsewhere it only says what is missing: a test whose program is not there is
# skipped by name.
set -euo pipefail

# The program that is looked for, and the package that brings it.
packages=(go=golang-go)
[ "$1" = go ] || packages+=(
  erl=erlang-base
  elixir=elixir
  rebar3=rebar3
  haproxy=haproxy
  pg_createcluster=postgresql
  cloud-init=cloud-init
  systemd-analyze=systemd
  ufw=ufw
  fail2ban-client=fail2ban
  sshd=openssh-server
  nft=nftables
  visudo=sudo
  openssl=openssl
  gpg=gnupg
  locale-gen=locales
  python3=python3
  fakeroot=fakeroot
  shellcheck=shellcheck
)
[ "$1" != hosts ] || packages+=(
  debootstrap=debootstrap
  systemd-nspawn=systemd-container
  ip=iproute2
  nmap=nmap
  pebble=pebble
  curl=curl
  ssh=openssh-client
)
[ "$1" != lint ] || packages+=(
  flake8=flake8
  mypy=mypy
)

missing=()
for entry in "${packages[@]}"; do
  PATH="$PATH:/usr/sbin:/sbin" command -v "${entry%%=*}" >/dev/null || missing+=("${entry#*=}")
done

# From 1.21 on, Go fetches the version that go.mod asks for.
enough_go() {
  local minor
  minor=$(go version | sed -E 's/.* go1\.([0-9]+).*/\1/')
  [ "$minor" -ge 21 ] || { echo "Go 1.21 or newer is needed; this is $(go version)" >&2; return 1; }
}

if [ ${#missing[@]} -eq 0 ]; then
  enough_go
  exit
fi

if ! command -v apt-get >/dev/null; then
  echo "Not installed: ${missing[*]}"
  exit 0
fi

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Packages of servers start them at once. policy-rc.d is Debian's way to say
# no: the tests start servers of their own, on ports of their own.
if [ ! -e /usr/sbin/policy-rc.d ]; then
  printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
  as_root chmod 755 /usr/sbin/policy-rc.d
  trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
fi

# cloud-init is wanted for its schema check only; this file keeps it from
# configuring this machine at the next boot.
if [[ " ${missing[*]} " == *" cloud-init "* ]]; then
  as_root mkdir -p /etc/cloud
  as_root touch /etc/cloud/cloud-init.disabled
fi

# Debian 12's own Go is older than 1.21. Its backports, on the mirror that this
# machine uses, have a newer one.
backports=/etc/apt/sources.list.d/beam-backports.list
add_backports() {
  local mirror
  # shellcheck disable=SC2016 # apt-get fills it in
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $1" | head -n 1)
  echo "deb $mirror $1-backports main" | as_root tee "$backports" >/dev/null
  printf 'Package: golang-*\nPin: release n=%s-backports\nPin-Priority: 500\n' "$1" |
    as_root tee /etc/apt/preferences.d/beam-backports >/dev/null
  as_root apt-get update -qq
}

echo "Installing ${missing[*]}"
as_root apt-get update -qq
if [[ " ${missing[*]} " == *" golang-go "* ]] && [ ! -e "$backports" ] && grep -q '^VERSION_CODENAME=bookworm' /etc/os-release; then
  add_backports bookworm
fi
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends "${missing[@]}" </dev/null >/dev/null
enough_go
