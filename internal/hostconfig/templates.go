package hostconfig

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
)

//go:embed templates
var templateFiles embed.FS

// renderTemplate fills in templates/<name>.tmpl. Besides text/template's own
// functions a template has `shell` and `haproxy`, which quote a string as one
// word for the program of that name, and `ufwPorts`, which writes a range of ports
// as ufw does.
func renderTemplate(name string, data any) (string, error) {
	source, err := templateFiles.ReadFile("templates/" + name + ".tmpl")
	if err != nil {
		return "", fmt.Errorf("read template: %w", err)
	}
	parsed, err := template.New(name).
		Option("missingkey=error").
		Funcs(template.FuncMap{"shell": quoteShell, "haproxy": quoteHAProxy, "ufwPorts": ufwPorts}).
		Parse(string(source))
	if err != nil {
		return "", fmt.Errorf("parse template: %w", err)
	}
	var out strings.Builder
	if err := parsed.Execute(&out, data); err != nil {
		return "", fmt.Errorf("fill in template: %w", err)
	}
	return out.String(), nil
}

func ufwPorts(ports string) string { return strings.Replace(ports, "-", ":", 1) }

// quoteShell quotes a string as one word of a POSIX shell.
func quoteShell(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// quoteHAProxy quotes a string without line ends as one word of haproxy.cfg,
// which knows a POSIX shell's single quotes (configuration manual, 2.2
// "Quoting and escaping").
func quoteHAProxy(word string) string { return quoteShell(word) }
