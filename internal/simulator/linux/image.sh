#!/bin/sh
# Builds a base image of Debian that resembles the one at DigitalOcean.
# usage: image.sh SUITE FOLDER [MIRROR]
#
# What such an image comes with is installed. What a cluster's hosts install
# besides lies in the image as a repository of packages: hosts really install
# it, and need no way out for it. Only what would take most of the time is there
# before, and no host notices it: libraries, and fail2ban, which is switched off.
set -eu
suite=$1 root=$2
shift 2
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

installed='apt-utils ca-certificates cloud-init curl dbus e2fsprogs fail2ban iproute2 iputils-ping
  locales nftables openssh-server perl procps python3-systemd sudo
  systemd systemd-sysv ufw unattended-upgrades'
offered='build-essential certbot elixir erlang-dev erlang-nox git haproxy
  postgresql postgresql-client rebar3'

in_image() { chroot "$root" "$@"; }

debootstrap --variant=minbase "$suite" "$root" "$@"
# No service starts while its package is installed here.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 0755 "$root/usr/sbin/policy-rc.d"
# Hosts are thrown away: dpkg need not wait for the disk.
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"

in_image apt-get -q update
libraries=$(in_image apt-cache depends --recurse --important haproxy postgresql |
  sed -n 's/^ *\(Pre\)\{0,1\}Depends: \(lib[^<>]*\)$/\2/p' | sort -u)
# shellcheck disable=SC2086 # names of packages hold no spaces
in_image apt-get -q -y --no-install-recommends install $installed $libraries
in_image systemctl disable fail2ban.service
echo 'en_US.UTF-8 UTF-8' >>"$root/etc/locale.gen"
in_image locale-gen
in_image apt-get clean
# shellcheck disable=SC2086
in_image apt-get -q -y --no-install-recommends --download-only install $offered
mkdir "$root/opt/packages"
mv "$root"/var/cache/apt/archives/*.deb "$root/opt/packages/"
in_image sh -c 'cd /opt/packages && apt-ftparchive packages . >Packages'
echo 'deb [trusted=yes] file:/opt/packages ./' >"$root/etc/apt/sources.list"
rm -rf "$root"/etc/apt/sources.list.d/*
in_image apt-get -q update

# The network is set up before the host boots, as at DigitalOcean. The
# repository is this image's own. It lies with the host's user data.
cat >"$root/etc/cloud/cloud.cfg.d/95-droplet.cfg" <<'CONFIG'
datasource_list: [ConfigDrive, None]
network: {config: disabled}
apt: {preserve_sources_list: true}
CONFIG
# In a container systemd leaves the block devices in fstab alone. What shall
# grow does so before it is mounted: afterwards it would take CAP_SYS_RESOURCE.
cat >"$root/etc/systemd/system/droplet-volumes.service" <<'UNIT'
[Unit]
Description=Volumes that fstab names
DefaultDependencies=no
After=systemd-remount-fs.service
Before=local-fs.target
[Service]
Type=oneshot
ExecStart=sh -c 'findmnt -sno SOURCE -t ext4 -O x-systemd.growfs | xargs -rI @ sh -c "e2fsck -fp @; resize2fs @"'
ExecStart=mount --all --types ext4,xfs
UNIT
in_image systemctl add-wants local-fs.target droplet-volumes.service
# Hosts share the kernel's memory; each is shown its own size.
cat >"$root/etc/systemd/system/proc-meminfo.mount" <<'UNIT'
[Unit]
Description=Size of the droplet's memory
DefaultDependencies=no
Before=sysinit.target
ConditionPathExists=/usr/lib/droplet/meminfo
[Mount]
What=/usr/lib/droplet/meminfo
Where=/proc/meminfo
Options=bind
UNIT
in_image systemctl add-wants sysinit.target proc-meminfo.mount
# Each host has an identity of its own.
rm -f "$root"/etc/ssh/ssh_host_* "$root/usr/sbin/policy-rc.d"
: >"$root/etc/machine-id"
: >"$root/etc/resolv.conf"
