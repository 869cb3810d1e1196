package hostconfig

import "errors"

// validate reports what the scripts of every host could not be told exactly.
func (b Base) validate() error {
	errs := []error{
		UserName.check("host.user", b.User),
		Locale.check("host.locale", b.Locale),
		SSHPorts.check("host.ssh_port", b.SSHPort),
		SwapMiB.check("host.swap_mib", b.SwapMiB),
	}
	for _, name := range b.Packages {
		errs = append(errs, PackageName.check("host.packages", name))
	}
	if b.Management != nil {
		errs = append(errs, b.Management.validate())
	}
	return errors.Join(append(errs, b.Brought.validate(b.User))...)
}
