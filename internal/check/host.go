package check

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

var (
	// userName is what adduser of Debian and Ubuntu takes by default.
	userName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	// locale is one of UTF-8 as /usr/share/i18n/SUPPORTED lists them.
	locale = regexp.MustCompile(`^(C|[a-z]{2,3}_[A-Z]{2})(@[a-z]+)?\.UTF-8$`)
	// packageName is section 5.6.7 of Debian's policy.
	packageName = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)
)

// systemUsers exist on a host, or come with a package it gets: taking one over
// would hand its files to people.
var systemUsers = []string{
	"root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy", "www-data", "backup",
	"list", "irc", "nobody", "messagebus", "sshd", "syslog", "epmd", "haproxy", "postgres",
}

const maxSwapMiB = 64 * 1024

func hostProblems(h cluster.Host) []Problem {
	path := []string{"host"}
	found := slices.Concat(
		userProblems(h),
		matches(at(path, "locale"), h.Locale, locale, "Use a UTF-8 locale such as \"en_US.UTF-8\" or \"C.UTF-8\"."),
		within(at(path, "swap_mib"), h.SwapMiB, 0, maxSwapMiB, " MiB"),
		within(at(path, "ssh_port"), h.SSHPort, minPort, maxPort, ""),
	)
	for _, name := range h.Packages {
		if !packageName.MatchString(name) {
			found = append(found, Problem{
				Path:    at(path, "packages"),
				Summary: "Invalid package",
				Detail:  fmt.Sprintf("%q is not the name of a Debian package, such as \"htop\" or \"libvips42\".", name),
			})
		}
	}
	for _, tool := range h.Toolchain {
		if !slices.Contains([]string{cluster.ToolErlang, cluster.ToolElixir, cluster.ToolNodejs}, tool) {
			found = append(found, Problem{
				Path:    at(path, "toolchain"),
				Summary: "Invalid toolchain",
				Detail:  fmt.Sprintf("%q is not known. Use %s.", tool, quoted([]string{cluster.ToolErlang, cluster.ToolElixir, cluster.ToolNodejs})),
			})
		}
	}
	return found
}

func userProblems(h cluster.Host) []Problem {
	if slices.Contains(systemUsers, h.User) {
		return []Problem{{
			Path:    []string{"host", "user"},
			Summary: "Invalid user",
			Detail:  fmt.Sprintf("user is %q, which belongs to the system. Use a name of its own, such as \"deploy\".", h.User),
		}}
	}
	return matches([]string{"host", "user"}, h.User, userName,
		"Use 1 to 32 of the characters a-z, 0-9, _ and -, beginning with a letter.")
}
