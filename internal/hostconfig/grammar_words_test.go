package hostconfig_test

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// userDataPath stands for the user data itself among a host's files.
const userDataPath = "user data"

// statements are the lines of a file without comments and empty ones.
func statements(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "--") {
			found = append(found, line)
		}
	}
	return found
}

// matches are what the first group of the pattern finds in a text, sorted and each
// once.
func matches(pattern *regexp.Regexp, text string) []string {
	var found []string
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	slices.Sort(found)
	return slices.Compact(found)
}

var (
	unitSetting = regexp.MustCompile(`(?m)^([A-Za-z0-9]+)=(.*)$`)
	specifier   = regexp.MustCompile(`(%[A-Za-z])`)
	// choices are settings whose values came one by one.
	choices = []string{"Type", "KillMode", "OOMPolicy", "ProtectHome", "ProtectProc", "ProtectSystem", "Restart", "StandardOutput", "StandardError"}
)

// systemdWords are settings, chosen values and specifiers of units.
func systemdWords(f writtenFile) []string {
	if !strings.HasPrefix(f.Path, "/etc/systemd/system/") {
		return nil
	}
	words := matches(specifier, f.Content)
	for _, setting := range unitSetting.FindAllStringSubmatch(f.Content, -1) {
		name, value := setting[1], setting[2]
		words = append(words, name+"=")
		if slices.Contains(choices, name) {
			value, _, _ = strings.Cut(value, ":")
			words = append(words, name+"="+value)
		}
	}
	return words
}

// sshdWords are keywords, with the criteria of Match.
func sshdWords(f writtenFile) []string {
	var words []string
	if path.Dir(f.Path) == "/etc/ssh/sshd_config.d" {
		for _, line := range statements(f.Content) {
			fields := strings.Fields(line)
			words = append(words, fields[0])
			if fields[0] == "Match" {
				words = append(words, "Match "+fields[1])
			}
		}
	}
	return words
}

// cloudInitWords are keys of the user data.
func cloudInitWords(f writtenFile) []string {
	if f.Path != userDataPath {
		return nil
	}
	var document map[string]any
	if err := yaml.Unmarshal([]byte(f.Content), &document); err != nil {
		return []string{err.Error()}
	}
	return keysOf("", document)
}

func keysOf(above string, value any) []string {
	var keys []string
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			keys = append(append(keys, above+key), keysOf(above+key+".", inner)...)
		}
	case []any:
		for _, inner := range value {
			keys = append(keys, keysOf(above, inner)...)
		}
	}
	return keys
}

var (
	postgresSetting = regexp.MustCompile(`(?m)^([a-z_]+) = `)
	psqlCommand     = regexp.MustCompile(`(\\[a-z]+)`)
	initdbOption    = regexp.MustCompile(`(--[a-z-]+)`)
)

// postgresWords are settings of the server, also those that a step writes, kinds
// of rules in pg_hba.conf, commands of psql and options of initdb.
func postgresWords(f writtenFile) []string {
	switch {
	case f.Path == "/etc/beam/postgresql/pg_hba.conf":
		var words []string
		for _, line := range statements(f.Content) {
			fields := strings.Fields(line)
			words = append(words, "hba "+fields[0], "hba "+fields[len(fields)-1])
		}
		return words
	case f.Path == "/etc/beam/postgresql/postgresql.conf", strings.HasSuffix(f.Path, "-postgres-settings"):
		return matches(postgresSetting, f.Content)
	case f.Path == "/etc/beam/postgresql/roles.sql":
		return matches(psqlCommand, strings.Join(statements(f.Content), "\n"))
	case strings.HasSuffix(f.Path, "-postgres"):
		_, initdb, _ := strings.Cut(f.Content, "/initdb")
		initdb, _, _ = strings.Cut(initdb, ")")
		return prefixed("initdb ", matches(initdbOption, initdb))
	}
	return nil
}

func prefixed(prefix string, words []string) []string {
	for i := range words {
		words[i] = prefix + words[i]
	}
	return words
}

// createClusterWords are settings of createcluster.conf.
func createClusterWords(f writtenFile) []string {
	if path.Dir(f.Path) != "/etc/postgresql-common/createcluster.d" {
		return nil
	}
	return append(matches(postgresSetting, f.Content), matches(specifier, f.Content)...)
}

var sudoersWord = regexp.MustCompile(`(Defaults:|[a-z_]+ \+=|!?use_pty|ALL=|\([a-z]+\)|[A-Z]+:|"")`)

// sudoersWords are what a rule for one command is made of.
func sudoersWords(f writtenFile) []string {
	if path.Dir(f.Path) != "/etc/sudoers.d" {
		return nil
	}
	return matches(sudoersWord, strings.Join(statements(f.Content), "\n"))
}

var nftWord = regexp.MustCompile(`\b([a-z]+)\b`)

// nftWords are all words that are no names of this table's own.
func nftWords(f writtenFile) []string {
	if path.Ext(f.Path) != ".nft" {
		return nil
	}
	rules := strings.NewReplacer("beam_metadata", "", "readers", "").Replace(strings.Join(statements(f.Content), "\n"))
	return matches(nftWord, rules)
}

var jailSetting = regexp.MustCompile(`(?m)^([a-z]+) = `)

// fail2banWords are settings of a jail, and what the filter is told.
func fail2banWords(f writtenFile) []string {
	if path.Dir(f.Path) != "/etc/fail2ban/jail.d" {
		return nil
	}
	words := matches(jailSetting, f.Content)
	for _, line := range statements(f.Content) {
		if of, told, is := strings.Cut(line, "["); is && of != "" {
			option, _, _ := strings.Cut(told, "=")
			words = append(words, "filter option "+option)
		} else if backend, is := strings.CutPrefix(line, "backend = "); is {
			words = append(words, "backend "+backend)
		}
	}
	return words
}

var (
	aptField   = regexp.MustCompile(`(?m)^([A-Za-z-]+): `)
	aptSetting = regexp.MustCompile(`(?m)^(APT::[A-Za-z:-]+) `)
)

// aptWords are fields of a source, and settings.
func aptWords(f writtenFile) []string {
	switch {
	case path.Ext(f.Path) == ".sources":
		return matches(aptField, f.Content)
	case strings.HasSuffix(f.Path, "-unattended-upgrades"):
		return matches(aptSetting, f.Content)
	}
	return nil
}

var certbotOption = regexp.MustCompile(`(--[a-z0-9-]+)`)

// certbotWords are options of the program that asks for a certificate.
func certbotWords(f writtenFile) []string {
	_, command, _ := strings.Cut(f.Content, "exec certbot ")
	return matches(certbotOption, command)
}
