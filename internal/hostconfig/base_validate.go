package hostconfig

import (
	"errors"
	"fmt"
	"regexp"
)

var (
	// useradd's default rule (NAME_REGEX of Debian's adduser).
	userName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	// Debian Policy, 5.6.1 "Source".
	packageName = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)
	localeName  = regexp.MustCompile(`^(C|POSIX|[a-z]{2,3}(_[A-Z]{2})?)(@[a-z]+)?(\.UTF-8)?(@[a-z]+)?$`)
)

// validate reports what the scripts of every host could not be told exactly.
func (b Base) validate() error {
	errs := []error{
		match("host.user", b.User, userName, "a lower-case letter, then at most 31 lower-case letters, digits, _ and -"),
		match("host.locale", b.Locale, localeName, "a UTF-8 locale such as en_US.UTF-8"),
	}
	if b.User == "root" {
		errs = append(errs, errors.New("host.user is root, which must not log in; choose another name"))
	}
	if b.User == ManagementUser {
		errs = append(errs, fmt.Errorf("host.user is %s, which the provider itself logs in as; choose another name", ManagementUser))
	}
	if b.SSHPort < 1 || b.SSHPort > 65535 {
		errs = append(errs, fmt.Errorf("host.ssh_port is %d; it must be 1 to 65535", b.SSHPort))
	}
	if b.SwapMiB < 0 {
		errs = append(errs, fmt.Errorf("host.swap_mib is %d; it must be 0, for none, or more", b.SwapMiB))
	}
	for _, name := range b.Packages {
		errs = append(errs, match("host.packages", name, packageName, "the name of a Debian package"))
	}
	if b.Management != nil {
		errs = append(errs, b.Management.validate())
	}
	return errors.Join(errs...)
}
