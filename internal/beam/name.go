// Package beam renders what an Erlang VM reads: node names, flags, system
// configuration, the peers it dials and the environment it runs in. It is pure
// and knows nothing of hosts, clouds or Terraform.
package beam

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// Tokens stand for a node's own IPv4 address, which is not known yet when its
// files are rendered. The host puts its address in their place at boot.
const (
	// AddressToken stands for the address, such as 10.0.0.5.
	AddressToken = "@ADDRESS@"
	// AddressTupleToken stands for the address as an Erlang term, such as
	// {10,0,0,5}.
	AddressTupleToken = "@ADDRESS_TUPLE@"
)

// At puts an IPv4 address in the place of the tokens.
func At(text string, address netip.Addr) string {
	term := "{" + strings.ReplaceAll(address.String(), ".", ",") + "}"
	return strings.NewReplacer(AddressToken, address.String(), AddressTupleToken, term).Replace(text)
}

// maxBasename keeps a long name well below an atom's 255 characters.
const maxBasename = 63

// basenamePattern is what net_kernel accepts before the @ (OTP's
// lib/kernel/src/net_kernel.erl, valid_name_head), less a leading - that would
// look like a flag.
var basenamePattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]*$`)

// LongName gives a node's long name. The basename must pass CheckBasename; the
// address is an IPv4 address or AddressToken.
func LongName(basename, address string) string {
	return basename + "@" + address
}

// CheckBasename reports why a string cannot stand before the @ of a node's
// name, or nil.
func CheckBasename(basename string) error {
	if len(basename) > maxBasename {
		return fmt.Errorf("the basename %q has %d characters; at most %d are allowed",
			basename, len(basename), maxBasename)
	}
	if !basenamePattern.MatchString(basename) {
		return fmt.Errorf("the basename %q is not allowed; use letters, digits, _ and -, and no - in front", basename)
	}
	return nil
}
