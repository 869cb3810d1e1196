package hostconfig

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"text/template"
)

//go:embed templates
var sourceFiles embed.FS

// sources are the texts that hosts get, read once.
type sources struct {
	templates *template.Template // each named by its path below templates, less ".tmpl"
	programs  map[string]string  // those with nothing to fill in, by their paths there
}

// readSources reads them at its first call. What is wrong with one is the error of
// every call.
var readSources = sync.OnceValues(func() (sources, error) {
	s := sources{template.New("").Option("missingkey=error").Funcs(template.FuncMap{
		"shell": quoteShell, "haproxy": quoteHAProxy, "ufwPorts": ufwPorts,
	}), map[string]string{}}
	err := fs.WalkDir(sourceFiles, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return s.add(path)
	})
	return s, err
})

func (s sources) add(path string) error {
	content, err := sourceFiles.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	text, name := string(content), strings.TrimPrefix(path, "templates/")
	name, filledIn := strings.CutSuffix(name, ".tmpl")
	switch {
	case strings.HasSuffix(name, ".sh"):
		text = withoutComments(text)
	case strings.HasSuffix(name, ".py"):
		text = withoutComments(withoutDocstrings(text))
	}
	if !filledIn {
		s.programs[name] = text
		return nil
	}
	if _, err := s.templates.New(name).Parse(text); err != nil {
		return fmt.Errorf("parse template: %w", err)
	}
	return nil
}

// renderTemplate fills in templates/<name>.tmpl. Besides text/template's own
// functions a template has `shell` and `haproxy`, which quote a string as one
// word for the program of that name, and `ufwPorts`, which writes a range of ports
// as ufw does.
func renderTemplate(name string, data any) (string, error) {
	s, err := readSources()
	if err != nil {
		return "", err
	}
	var out strings.Builder
	if err := s.templates.ExecuteTemplate(&out, name, data); err != nil {
		return "", fmt.Errorf("fill in template: %w", err)
	}
	return out.String(), nil
}

// readProgram gives templates/<name>.
func readProgram(name string) (string, error) {
	s, err := readSources()
	if err != nil {
		return "", err
	}
	text, found := s.programs[name]
	if !found {
		return "", fmt.Errorf("there is no program %s", name)
	}
	return text, nil
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
