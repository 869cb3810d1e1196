package hostconfig_test

import (
	"os"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

func TestFormsSayWhatTheyRefuse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		form              hostconfig.Form
		accepted, refused []string
	}{
		{
			hostconfig.UserName,
			[]string{"deploy", "d", "my-app_2", "systemd"},
			[]string{
				"", "Deploy", "2deploy", "deploy ", "jürgen", strings.Repeat("d", 33),
				"root", "beamctl", "systemd-network", "systemd-oom", "messagebus", "operator", "staff", "haproxy", "postgres", "sudo", "default",
			},
		},
		{
			hostconfig.Locale,
			[]string{"en_US.UTF-8", "C.UTF-8", "de_DE.UTF-8", "en_IN", "en_IN.UTF-8", "sr_RS@latin", "ca_ES@valencia"},
			[]string{"", "C", "en_EN.UTF-8", "de_DE", "de_DE.ISO-8859-1", "de_DE.utf8", "en_US.UTF-8\n", "sr_RS@latin.UTF-8", "xx_XX.UTF-8", "en_US@euro.UTF-8"},
		},
		{
			hostconfig.Email,
			[]string{"ops@example.com", "a.b+c@xn--mller-kva.example", "o'neill@example.com", "ops@localhost"},
			[]string{
				"", "ops", "ops@müller.example", "jürgen@example.com", "-x@example.com", "a..b@example.com", ".a@example.com", `"a b"@example.com`,
				"Ops <ops@example.com>", "ops@[192.0.2.1]", "ops@example.com\n", "ops@-example.com", strings.Repeat("o", 250) + "@example.com",
			},
		},
		{
			hostconfig.DomainName,
			[]string{"chat.example.com", "xn--mller-kva.example"},
			[]string{"", "chat", "*.example.com", "müller.example", "chat.example.com.", "192.0.2.1", "a.b c.example", strings.Repeat("a.", 127) + "example"},
		},
		{
			hostconfig.ArchiveURL,
			[]string{
				"https://example.com/chat.tar.gz", "http://[2001:db8::1]:8080/[RELEASE]/{1,2}.tar.gz?sig=a%20b#x", "https://example.com/a@b.tar.gz",
				"https://example.com/releases/assets/123", "https://example.com/chat.tgz", "https://example.com/get?file=chat.zip",
			},
			[]string{
				"", "chat.tar.gz", "https://example.com/chat.zip", "https://example.com/chat.TAR?sig=a", "https://example.com/chat.tar.xz", "ftp://example.com/chat.tar.gz", "https:///chat.tar.gz", "https://:443/x", "https://example.com/my chat.tar.gz",
				"https://example.com/für.tar.gz", "https://example.com/\n", "https://deploy:pass@example.com/x", "https://token@example.com/x", "https://:pass@example.com",
				"https://example.com:99999/chat.tar.gz", "https://example.com:0/chat.tar.gz",
			},
		},
		{hostconfig.DirectoryURL, []string{"https://ca.example.com/directory"}, []string{"https://a:b@ca.example.com", "https://ca.example.com:65536", "", "http://ca.example.com", "https://", "https://ca\n", "ca.example.com"}},
		{hostconfig.HostHeader, []string{"localhost", "chat.example.com:65535"}, []string{"", "a b", "localhost:", "localhost:99999"}},
		{hostconfig.AptURI, []string{"https://example.com:8443/debian", "file:/srv"}, []string{"https://example.com:99999/debian", "ftp://example.com"}},
		{hostconfig.DatabaseUser, []string{"chat", "_chat2", "select", strings.Repeat("u", 57)}, []string{"", "Chat", "my-chat", "pg_chat", "public", strings.Repeat("u", 58)}},
		{
			hostconfig.PackageName,
			[]string{"htop", "libstdc++6", "g++", "docker.io", "iptables"},
			[]string{
				"", "h", "Htop", "htop=3.0", "htop/sid", "-y", "htop:amd64", "htop-",
				"firewalld", "iptables-persistent", "netfilter-persistent", "uruk", "sudo-ldap", "sysvinit-core",
			},
		},
		{hostconfig.Migration, []string{"", "Chat.Release.migrate()\n"}, []string{"a\x00b"}},
	} {
		for _, text := range tt.accepted {
			if fault := tt.form.Fault(text); fault != "" {
				t.Errorf("%q is refused: %s", text, fault)
			}
		}
		for _, text := range tt.refused {
			if tt.form.Fault(text) == "" {
				t.Errorf("%q is accepted", text)
			}
		}
	}
}

// A URL that is refused may hold a secret all the same.
func TestURLsAreShownWithoutTheirSecrets(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://deploy:pass@example.com/chat.tar.gz":    "https://…@example.com/chat.tar.gz",
		"ftp://deploy:p%20a@s@example.com/x?sig=pass":    "ftp://…@example.com/x?…",
		"https://deploy:pa ss@example.com:x/chat.tar.gz": "https://…@example.com:x/chat.tar.gz",
		"deploy:pass@example.com/chat.tar.gz":            "deploy://…@example.com/chat.tar.gz",
		"https://example.com/a b.tar.gz?token=pass":      "https://example.com/a b.tar.gz?…",
	} {
		if got := hostconfig.ArchiveURL.Show(text); got != want {
			t.Errorf("%s is shown as %s, want %s", text, got, want)
		}
	}
}

// The list of locales is glibc's: nothing in it is unknown to this machine.
func TestLocalesAreThoseOfGlibc(t *testing.T) {
	t.Parallel()
	for _, line := range testtool.File(t, "/usr/share/i18n/SUPPORTED") {
		name, charset, _ := strings.Cut(line, " ")
		fault := hostconfig.Locale.Fault(name)
		if charset == "UTF-8" && fault != "" {
			t.Errorf("%s is refused: %s", name, fault)
		}
		if charset != "UTF-8" && fault == "" {
			t.Errorf("%s is accepted and has the character set %s", name, charset)
		}
	}
}

// A folder of the system cannot be a file: writing it would end the first boot.
func TestFoldersOfDebianAreNoFiles(t *testing.T) {
	t.Parallel()
	for _, at := range testtool.File(t, "/var/lib/dpkg/info/base-files.list") {
		if about, err := os.Stat(at); err == nil && about.IsDir() && !strings.HasPrefix(at, "/usr/share/") && hostconfig.FilePath("").Fault(at) == "" {
			t.Errorf("%s is accepted", at)
		}
	}
}

// A group of the system has no user of its name, and cannot be the user's.
func TestUsersAndGroupsOfDebianAreTaken(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"/usr/share/base-passwd/passwd.master", "/usr/share/base-passwd/group.master"} {
		for _, line := range testtool.File(t, list) {
			if name, _, _ := strings.Cut(line, ":"); hostconfig.UserName.Fault(name) == "" {
				t.Errorf("%s of %s is accepted", name, list)
			}
		}
	}
}
