package hostconfig

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// AptSource is where apt finds packages beside those of the distribution, in the
// terms of sources.list(5).
type AptSource struct {
	Types         []string // "deb", "deb-src"
	URIs          []string
	Suites        []string // those that end with / are folders and have no components
	Components    []string
	Architectures []string // none: the host's own
	Key           string   // ASCII-armoured; empty trusts the keys of the distribution
}

// aptPrefix keeps sources of the user's apart from those of images.
const aptPrefix = "beam-"

// Texts of a source.
var (
	AptName = Form{
		fits: shaped(`^[a-z0-9][a-z0-9-]{0,39}$`), rule: "use 1 to 40 of the characters a-z, 0-9 and -, beginning with a letter or a digit",
	}
	AptType = Form{fits: shaped(`^deb(-src)?$`), rule: `use "deb" or "deb-src"`}
	AptURI  = Form{
		fits: isAptURI, rule: `use an address that begins with https://, http:// or file:/, such as "https://packages.example.com/debian"`,
		taken: hasCredentials, other: `it holds a user or a password, which every plan would show; let host.files bring them, as a file in /etc/apt/auth.conf.d`, secret: true,
	}
	AptSuite = Form{
		fits: shaped(`^[A-Za-z0-9._~+-]+(/[A-Za-z0-9._~+-]+)*/?$|^/([A-Za-z0-9._~+-]+/)*$`),
		rule: `use the name of a suite, such as "trixie" or "stable", or a folder that ends with /, such as "/" or "./"`,
	}
	AptComponent    = Form{fits: shaped(`^[A-Za-z0-9._~+-]+(/[A-Za-z0-9._~+-]+)*$`), rule: `use the name of a component, such as "main"`}
	AptArchitecture = Form{fits: shaped(`^[a-z0-9][a-z0-9-]*$`), rule: `use the name of an architecture, such as "amd64"`}
	// AptKey is OpenPGP's armor (RFC 9580, section 6.2), which apt reads from a file
	// that ends with .asc.
	AptKey = Form{
		fits: isPublicKey,
		rule: `use a public key in ASCII armour, all of it from "` + beginKey + `" to "` + endKey + `", as "gpg --armor --export" prints it`,
	}
)

func isAptURI(text string) bool {
	u, err := url.Parse(text)
	if err != nil || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return false
	}
	return (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && IsPort(u.Port()) || u.Scheme == "file" && strings.HasPrefix(u.Path, "/")
}

// What a key in ASCII armour stands between.
const beginKey, endKey = "-----BEGIN PGP PUBLIC KEY BLOCK-----", "-----END PGP PUBLIC KEY BLOCK-----"

// Armored is what a host gets of a key or a certificate in armour: lines that end as
// those of Unix do, and nothing around them.
func Armored(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }

// isPublicKey says that the text is armoured keys, one after the other, and nothing
// else.
func isPublicKey(text string) bool {
	blocks := strings.SplitAfter(Armored(text), endKey)
	rest := blocks[len(blocks)-1]
	return rest == "" && len(blocks) > 1 && !slices.ContainsFunc(blocks[:len(blocks)-1], func(block string) bool { return !isKeyBlock(strings.TrimSpace(block)) })
}

// isKeyBlock says that what is in the armour is whole, and begins with a public key
// (RFC 9580, section 10.1). Which kinds of keys apt can use, its version knows.
func isKeyBlock(text string) bool {
	if !strings.HasPrefix(text, beginKey+"\n") {
		return false
	}
	block, err := armor.Decode(strings.NewReader(text))
	if err != nil {
		return false
	}
	packets := packet.NewOpaqueReader(block.Body)
	first, err := packets.Next()
	if err != nil || first.Tag != tagPublicKey {
		return false
	}
	for err == nil {
		_, err = packets.Next()
	}
	return errors.Is(err, io.EOF)
}

// tagPublicKey is the type of a packet with a public key (RFC 9580, section 5).
const tagPublicKey = 6

func (s AptSource) validate(name string) error {
	errs := []error{AptName.check("the name of a source in host.apt_sources", name)}
	of := func(setting string) string { return fmt.Sprintf("%s of the source %q", setting, name) }
	for _, list := range []struct {
		setting string
		values  []string
		form    Form
	}{
		{"types", s.Types, AptType}, {"uris", s.URIs, AptURI}, {"suites", s.Suites, AptSuite},
		{"components", s.Components, AptComponent}, {"architectures", s.Architectures, AptArchitecture},
	} {
		for _, value := range list.values {
			errs = append(errs, list.form.check(of(list.setting), value))
		}
	}
	if fault := AptKey.Fault(s.Key); s.Key != "" && fault != "" {
		errs = append(errs, fmt.Errorf("%s: %s", of("key"), fault))
	}
	if fault := s.Fault(); fault != "" {
		errs = append(errs, fmt.Errorf("host.apt_sources: the source %q %s", name, fault))
	}
	return errors.Join(errs...)
}

// Fault says why the parts of a source do not go together; empty where they do.
func (s AptSource) Fault() string {
	folders := 0
	for _, suite := range s.Suites {
		if strings.HasSuffix(suite, "/") {
			folders++
		}
	}
	switch {
	case len(s.URIs) == 0 || len(s.Suites) == 0 || len(s.Types) == 0:
		return "lacks uris, suites or types; name at least one of each"
	case folders > 0 && folders < len(s.Suites):
		return "has suites and folders; write those that end with / as a source of their own"
	case folders > 0 && len(s.Components) > 0:
		return "has components, and its suites are folders; leave components out, or the / at the end"
	case folders == 0 && len(s.Components) == 0:
		return `has no components; name them, such as "main", or end the suite with / where it is a folder`
	}
	return ""
}

// files are the source and its key. They are there before packages are installed.
func (s AptSource) files(name string) []File {
	var text strings.Builder
	field := func(name string, values ...string) {
		if len(values) > 0 {
			text.WriteString(name + ": " + strings.Join(values, " ") + "\n")
		}
	}
	field("Types", s.Types...)
	field("URIs", s.URIs...)
	field("Suites", s.Suites...)
	field("Components", s.Components...)
	field("Architectures", s.Architectures...)
	var files []File
	if s.Key != "" {
		key := "/etc/apt/keyrings/" + aptPrefix + name + ".asc"
		field("Signed-By", key)
		files = append(files, File{Path: key, Mode: "0644", Content: Armored(s.Key) + "\n", Brought: true})
	}
	return append(files, File{Path: "/etc/apt/sources.list.d/" + aptPrefix + name + ".sources", Mode: "0644", Content: text.String(), Brought: true})
}
