package hostconfig

import (
	"slices"
	"strings"
)

// systemNames are users and groups that exist on a host or come with a package
// it gets. Taking a user over would hand its files to people; and a user gets a
// group of its own name, so that useradd refuses one whose group exists.
var systemNames = slices.Concat(
	// base-passwd of Debian and Ubuntu: users, then groups that are not users.
	[]string{
		"root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy", "www-data",
		"backup", "list", "irc", "gnats", "nobody",
	},
	[]string{
		"adm", "tty", "disk", "kmem", "dialout", "fax", "voice", "cdrom", "floppy", "tape", "sudo", "audio", "dip",
		"operator", "src", "shadow", "utmp", "video", "sasl", "plugdev", "staff", "users", "nogroup",
	},
	// udev, cron and what else the images of DigitalOcean hold.
	[]string{
		"input", "kvm", "render", "sgx", "netdev", "crontab", "messagebus", "polkitd", "sshd", "ssh", "syslog", "uuidd",
		"tcpdump", "tss", "chrony", "ntp", "ntpsec", "landscape", "pollinate", "lxd", "rdma", "fwupd-refresh",
		"usbmux", "dnsmasq", "dhcpcd", "clock", "plocate", "mlocate", "snap_daemon", "do-agent",
	},
	// What a host serves with, and what comes along.
	[]string{"haproxy", "postgres", "ssl-cert", "epmd", "fail2ban", ManagementUser},
	// cloud-init's word for the user that the image would have.
	[]string{"default"},
)

// MayOwn says that a host may have a user of the name without the user's own doing:
// of those that packages bring, many begin with _.
func MayOwn(name string) bool { return isSystemName(name) || strings.HasPrefix(name, "_") }

// isSystemName also knows the users that systemd makes for its services, of
// which each version has more.
func isSystemName(name string) bool {
	return slices.Contains(systemNames, name) || strings.HasPrefix(name, "systemd-")
}
