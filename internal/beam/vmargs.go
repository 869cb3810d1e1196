package beam

import (
	"fmt"
	"path"
	"strings"
)

// CookiePlaceholder is what a release gets as RELEASE_COOKIE. Elixir's start
// script puts that variable on the VM's command line, where every user of the
// host can read it, so it must not be the cookie.
//
// ReleaseVMArgs gives the VM a second -setcookie. With two of them
// lib/kernel/src/auth.erl uses neither and reads ~/.erlang.cookie, as it does
// without any; this holds for OTP 24 to 27. Releases of rebar3 and plain erl
// get no -setcookie at all.
const CookiePlaceholder = "the-cookie-is-in-erlang.cookie"

// Names of the files in a Node's Dir.
const (
	VMArgsFile        = "vm.args"
	ReleaseVMArgsFile = "release.vm.args"
	RemoteVMArgsFile  = "remote.vm.args"
	SysConfigFile     = "cluster.config"
	PeersFile         = "peers"
	DialerFile        = "dialer.eval"
)

// Node is what a VM is told about itself and its cluster.
type Node struct {
	Basename         string
	PortMin, PortMax int      // ports of the distribution, both included
	Peers            []string // long names of nodes to dial
	Sync             string   // SyncOptional, SyncMandatory or SyncNone
	SyncTimeoutMS    int      // how long boot waits for the peers, in milliseconds
	Dir              string   // folder of the files rendered here
	LearnedFile      string   // where the dialer keeps the nodes that it met
	NodesFile        string   // where the dialer shows the nodes that it is connected with
	CookieFile       string   // the cookie that a restart uses
	StagedFile       string   // the cookie that takes its place, while a rotation is under way
	RunningFile      string   // where the dialer shows the cookie that the VM uses
	RequestFile      string   // what the host asks of the dialer
	AnswerFile       string   // what the dialer answers
}

// Values of Node.Sync: how boot waits for the peers.
const (
	SyncOptional  = "optional"  // until all are there or the time is over
	SyncMandatory = "mandatory" // until all are there; when the time is over boot fails
	SyncNone      = "none"      // not at all
)

// VMArgs is the args file of a VM that nothing else names: plain
// `erl -args_file`, and a rebar3 release by VMARGS_PATH. relx's start script
// looks for -name at the start of a line.
func (n Node) VMArgs() string {
	return n.nameArgs() + n.commonArgs()
}

// DistributionArgs are the flags of a VM of the cluster on a host that nothing else
// here is told: its name and its ports.
func (n Node) DistributionArgs() string {
	return n.nameArgs() + n.portArgs()
}

func (n Node) nameArgs() string {
	return "-name " + LongName(n.Basename, AddressToken) + "\n"
}

// ReleaseVMArgs is the args file of an Elixir release (RELEASE_VM_ARGS), whose
// start script gives the name and a cookie itself.
func (n Node) ReleaseVMArgs() string {
	return secondCookie + n.commonArgs()
}

// RemoteVMArgs is the args file of an Elixir release's `remote` and `rpc`
// (RELEASE_REMOTE_VM_ARGS). Such a VM calls the node and is never called, so it
// opens no port.
func (n Node) RemoteVMArgs() string {
	return secondCookie + "-dist_listen false\n"
}

const secondCookie = "-setcookie " + CookiePlaceholder + "\n"

// commonArgs comes after an application's own flags: of two equal -kernel
// parameters the later one wins, and so does the later -config.
func (n Node) commonArgs() string {
	var args strings.Builder
	args.WriteString(n.portArgs())
	// -config takes the path without its suffix.
	fmt.Fprintf(&args, "-config %s\n", strings.TrimSuffix(n.path(SysConfigFile), ".config"))
	fmt.Fprintf(&args, "-eval file:eval(%s)\n", escapeArgs(quoteString(n.path(DialerFile))))
	return args.String()
}

func (n Node) portArgs() string {
	return fmt.Sprintf("-kernel inet_dist_listen_min %d inet_dist_listen_max %d\n", n.PortMin, n.PortMax)
}

func (n Node) path(file string) string {
	return path.Join(n.Dir, file)
}

// escapeArgs protects the quotes of an Erlang string in an args file.
func escapeArgs(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
}
