package beam

import (
	"path"
	"strings"
)

// Where a release lies on a host and what runs it.
const (
	ReleasesDir = "/opt"         // holds the app's folder
	ConfigDir   = "/etc/beam"    // a Node's Dir on a host
	Service     = "beam.service" // the systemd unit that runs the release
)

// EdeliverConfig is the content of .deliver/config, with which edeliver deploys
// an app over SSH as the given user. Hosts are the nodes' public addresses; the
// first one also builds. Without hosts it is empty.
func EdeliverConfig(app, user string, hosts []string) string {
	if len(hosts) == 0 {
		return ""
	}
	return strings.NewReplacer(
		"@APP@", quoteShell(app),
		"@USER@", quoteShell(user),
		"@BUILD_HOST@", quoteShell(hosts[0]),
		"@BUILD_AT@", quoteShell(path.Join("/tmp/edeliver", app, "builds")),
		"@HOSTS@", quoteShell(strings.Join(hosts, " ")),
		"@DELIVER_TO@", quoteShell(ReleasesDir),
		"@VM_ARGS@", quoteShell(path.Join(ConfigDir, VMArgsFile)),
		"@ROOT@", quoteShell(path.Join(ReleasesDir, app)),
		"@SERVICE@", Service,
	).Replace(edeliverSource)
}

func quoteShell(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// edeliverSource is short, because Terraform shows all of it whenever the nodes
// change.
const edeliverSource = `#!/usr/bin/env bash
# .deliver/config for edeliver. It calls plain ssh: where sshd listens on a port
# other than 22, name that port in ~/.ssh/config.
APP=@APP@
USING_DISTILLERY=false
BUILD_HOST=@BUILD_HOST@
BUILD_USER=@USER@
BUILD_AT=@BUILD_AT@
PRODUCTION_HOSTS=@HOSTS@
PRODUCTION_USER=@USER@
DELIVER_TO=@DELIVER_TO@
LINK_VM_ARGS=@VM_ARGS@
# A release comes packed in a folder of its name: it belongs where systemd starts it.
post_extract_release_archive() {
  __remote "
    set -e
    cd $DELIVER_TO/$APP
    if [ -d $APP/releases ]; then rm -rf bin erts-* lib releases; mv $APP/* .; rmdir $APP; fi
    if [ ! -x bin/$APP ]; then echo 'there is no program $DELIVER_TO/$APP/bin/$APP: the release must be called $APP' >&2; exit 1; fi
    if [ ! $DELIVER_TO/$APP -ef @ROOT@ ]; then echo 'systemd runs what is in' @ROOT@', and this release is in $DELIVER_TO/$APP: set DELIVER_TO and APP to where systemd looks' >&2; exit 1; fi
    sudo systemctl restart @SERVICE@
    if ! systemctl is-active --quiet @SERVICE@; then echo 'the release does not run: journalctl -u @SERVICE@ tells why' >&2; exit 1; fi
  "
}
`
