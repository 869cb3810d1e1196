package hostconfig

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// keysFile holds the account's SSH keys that may log in as the host's user, on hosts
// with Management: the first boot moves those there that DigitalOcean gave the host,
// so that authorized_keys are left to people. sshd reads both.
const keysFile = "/etc/beam/user.keys"

// keysHead is the first line of a keysFile that was filled: one without keys is not
// empty.
const keysHead = "# The keys of ssh_keys: others belong into ~/.ssh/authorized_keys\n"

// keysPart is what PartKeys of a host is that lets in the keys of these ids and
// fingerprints, in whichever order they are named.
func keysPart(names []string) string {
	return fingerprint(slices.Compact(slices.Sorted(slices.Values(names))))
}

// addKeys gives a host with Management what it needs to be told keys.
func (d *Document) addKeys(b Base) error {
	if b.Management == nil {
		return nil
	}
	// What an image brings there was another host's.
	d.Files = append(d.Files, File{Path: keysFile, Mode: "0644", Part: PartKeys})
	return d.addSteps(b, []templateStep{{"keys", "set whose SSH keys log in", "management/keys.sh"}})
}

// TellKeys puts PartKeys into the bundle: these public keys, as the account has them,
// may log in as the host's user, and no others that the provider told before.
func (b *Bundle) TellKeys(public []string) error {
	var content strings.Builder
	content.WriteString(keysHead)
	for i, line := range public {
		key, _, options, rest, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil || len(options)+len(rest) > 0 {
			return fmt.Errorf("key %d of ssh_keys is not in the form of OpenSSH's public keys: name another in its place", i+1)
		}
		content.Write(ssh.MarshalAuthorizedKey(key)) // without its comment, which may be any text
	}
	b.Parts[PartKeys] = map[string]string{keysFile: content.String()}
	return nil
}
