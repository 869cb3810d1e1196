package hostconfig

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ArchiveURL is where a release is fetched from, exactly as it stands. curl
// refuses spaces and what is not ASCII.
var ArchiveURL = Form{
	fits: func(text string) bool { return isFetchable(text) && !isOtherArchive(text) },
	rule: `use the address of a .tar.gz that begins with https:// or http:// and names a host, such as "https://example.com/chat-0.1.0.tar.gz", ` +
		"with a port from 1 to 65535 if it has one, and %20 for a space and the like for what is not ASCII",
	taken: hasCredentials, other: secretFree, secret: true,
}

// secretFree is the rule for every URL of a configuration: it is no secret to
// Terraform, which shows it in plans and keeps it in the state.
const secretFree = "it holds a user or a password, which every plan would show; use an address that needs none, such as one that is signed for a limited time" //nolint:gosec // a sentence about passwords

func isFetchable(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && IsPort(u.Port()) && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// isOtherArchive says that by its name the file is one that tar with gzip, which
// hosts unpack releases with, does not read.
func isOtherArchive(text string) bool {
	u, err := url.Parse(text)
	others := []string{".7z", ".bz2", ".deb", ".ez", ".rar", ".rpm", ".tar", ".tbz2", ".txz", ".xz", ".zip", ".zst"}
	return err == nil && slices.Contains(others, strings.ToLower(path.Ext(u.Path)))
}

func isHTTPS(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Host != "" && IsPort(u.Port())
}

// IsPort says that the text is a port of TCP, or none.
func IsPort(text string) bool {
	number, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && number > 0
}

// authority is what stands before the path of a URL, well formed or not.
var authority = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*:)?/*([^/?#]*@)`)

func hasCredentials(text string) bool { return authority.MatchString(text) }

// withoutCredentials hides them, and a query, which may be a signature.
func withoutCredentials(text string) string {
	text = authority.ReplaceAllString(text, "$1//…@")
	before, _, signed := strings.Cut(text, "?")
	if signed {
		return before + "?…"
	}
	return text
}
