package hostconfig

import (
	"errors"
	"slices"
)

// Service says how systemd runs a node's release.
type Service struct {
	LimitNOFILE      int      // how many files and sockets the release may have open
	Nice             int      // its priority; the lower, the more of the processor it gets
	EnvironmentFiles []string // read as root at each start; of two that set a variable the later one wins
	WritablePaths    []string // folders outside the release that it may write to
	Hardening        string   // HardeningStrict, HardeningStandard or HardeningOff
}

// Values of Service.Hardening.
const (
	HardeningStrict   = "strict"   // the release sees and writes no more than it needs
	HardeningStandard = "standard" // it is kept from the system and from privileges
	HardeningOff      = "off"      // it may do what its user may do, sudo included
)

// Hardenings are the values of Service.Hardening.
var Hardenings = []string{HardeningStrict, HardeningStandard, HardeningOff}

// DefaultService is how a release runs where nobody says otherwise.
var DefaultService = Service{LimitNOFILE: 262144, Hardening: HardeningStrict}

// Numbers of a service. The kernel lets no process have more files than
// fs.nr_open, and BEAM nodes that talk to each other need some hundred.
var (
	FileLimits = Range{1024, 1 << 20}
	NiceLevels = Range{-20, 19}
)

// Told is the service as the description of a host has it: nil for the default,
// which hosts of earlier versions run with.
func (s *Service) Told() *Service {
	if s == nil || s.same(DefaultService) {
		return nil
	}
	return s
}

func (s *Service) same(other Service) bool {
	return s.LimitNOFILE == other.LimitNOFILE && s.Nice == other.Nice && s.Hardening == other.Hardening &&
		slices.Equal(s.EnvironmentFiles, other.EnvironmentFiles) && slices.Equal(s.WritablePaths, other.WritablePaths)
}

// service is how the node's release runs.
func (n Node) service() Service {
	if n.Service == nil {
		return DefaultService
	}
	return *n.Service
}

func (s Service) validate(app, user string) error {
	errs := []error{
		FileLimits.check("release.service.limit_nofile", s.LimitNOFILE),
		NiceLevels.check("release.service.nice", s.Nice),
		oneOf("release.service.hardening", s.Hardening, Hardenings),
	}
	for _, file := range s.EnvironmentFiles {
		errs = append(errs, EnvironmentFile.check("release.service.environment_files", file))
	}
	for _, folder := range s.WritablePaths {
		errs = append(errs, WritablePath(app, user).check("release.service.writable_paths", folder))
	}
	return errors.Join(errs...)
}
