package beam

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// What names a node, joins it to the others or secures the way between them
// follows from the cluster. A node that is told otherwise leaves its cluster, so
// none of it may be set in its environment. This file is the one list of that.

// ownedVariables say where what they hold comes from instead.
var ownedVariables = map[string]string{
	"HOME":                   "the folder of the user who runs the release, set by host.user",
	"RELEASE_COOKIE":         ownCookie,
	"RELX_COOKIE":            ownCookie,
	"RELEASE_DISTRIBUTION":   "always \"name\" in a cluster",
	"RELEASE_NODE":           "the node's name, set by distribution.basename and the host's address",
	"RELEASE_TMP":            ownFolder,
	"RELX_OUT_FILE_PATH":     ownFolder,
	"RELEASE_VM_ARGS":        ownFlags,
	"RELEASE_REMOTE_VM_ARGS": ownFlags,
	"VMARGS_PATH":            ownFlags,
	"RELEASE_CONFIG_DIR":     ownFlags,
	"RELEASE_VSN":            "the version of the release, which its archive says",
	"ERL_EPMD_PORT":          "the port of epmd, set by distribution.epmd_port",
	"ERL_EPMD_ADDRESS":       "the host's own address",
	"ERL_DIST_PORT":          "a port for nodes without epmd, which they find each other through; its ports are set by distribution.port_min and port_max",
}

const (
	ownCookie = "the cookie, set by cookie"
	ownFolder = "a folder that systemd makes for the release"
	ownFlags  = "set by the host; the release's own vm.args counts as before"
)

// epmdVariables are those of epmd and of its clients (OTP's erts/epmd).
const epmdVariables = "ERL_EPMD_"

// flagVariables hold flags of the VM: those that erlexec reads
// (erts/etc/common/erlexec.c), and the one of Elixir's start script.
var flagVariables = regexp.MustCompile(`^(ERL_(A|Z|OTP[0-9]+_)?FLAGS|ELIXIR_ERL_OPTIONS)$`)

// ownedFlags are the flags of the VM that no variable may hold.
var ownedFlags = map[string]string{
	"-name":             "the node's name",
	"-sname":            "the node's name",
	"-setcookie":        "the cookie",
	"-home":             "where the cookie is",
	"-hidden":           "whether other nodes see this one",
	"-connect_all":      "whether nodes connect with all others",
	"-start_epmd":       waysToNodes,
	"-no_epmd":          waysToNodes,
	"-epmd_module":      waysToNodes,
	"-erl_epmd_port":    waysToNodes,
	"-dist_listen":      waysToNodes,
	"-proto_dist":       "how nodes talk to each other",
	"-ssl_dist_opt":     "how nodes talk to each other",
	"-ssl_dist_optfile": "how nodes talk to each other",
	"-args_file":        "a file of further flags, which may name or join the node",
	"-detached":         "whether systemd sees the VM run",
	"-remsh":            "whether the VM is a node or the shell of another one",
}

const waysToNodes = "how nodes find each other"

// ownedParameter are the parameters of the application kernel that do the same
// (lib/kernel/doc, "kernel").
var ownedParameter = regexp.MustCompile(`^(inet_dist_.*|erl_epmd_.*|sync_nodes_.*|connect_all|dist_auto_connect|dist_listen|epmd_module|global_groups)$`)

// checkOwned reports a variable that says what the cluster says. The error never
// repeats a value.
func checkOwned(name, value string) error {
	meaning, owned := ownedVariables[name]
	if !owned && strings.HasPrefix(name, epmdVariables) {
		meaning, owned = "a setting of epmd, which the host runs", true
	}
	if owned {
		return fmt.Errorf("%s is %s; remove it from the environment", name, meaning)
	}
	if name == "PATH" && !findsPrograms(value) {
		return errors.New("PATH lacks /usr/bin, where the release's own script finds its programs; name each folder, since $PATH stands for nothing in an environment")
	}
	if !flagVariables.MatchString(name) {
		return nil
	}
	if flag, meaning := ownedFlag(value); flag != "" {
		return fmt.Errorf("%s holds %s: %s. The cluster decides that; remove it from the variable, which may hold other flags", name, flag, meaning)
	}
	return nil
}

// findsPrograms says that a PATH leads to what every system has.
func findsPrograms(path string) bool {
	folders := strings.Split(path, ":")
	return slices.Contains(folders, "/usr/bin") || slices.Contains(folders, "/bin")
}

// unquoted takes off what erlexec does: "-name" and -na\me are -name to it.
var unquoted = strings.NewReplacer(`"`, "", "'", "", `\`, "")

// ownedFlag finds the first flag, or parameter of kernel, that the cluster sets.
func ownedFlag(flags string) (flag, meaning string) {
	ofKernel := false
	for _, word := range strings.Fields(unquoted.Replace(flags)) {
		if meaning, owned := ownedFlags[word]; owned {
			return word, meaning
		}
		if strings.HasPrefix(word, "-") || strings.HasPrefix(word, "+") {
			ofKernel = word == "-kernel"
		}
		if ofKernel && ownedParameter.MatchString(word) {
			return "-kernel " + word, waysToNodes
		}
	}
	return "", ""
}
