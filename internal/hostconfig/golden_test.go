package hostconfig_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// writtenFile is one entry of write_files, its content decoded.
type writtenFile struct {
	Path, Owner, Permissions, Encoding, Content string
	Defer                                       bool
}

// filesOf are the files of a #cloud-config as they come to lie on a host.
func filesOf(t testing.TB, userData []byte) []writtenFile {
	t.Helper()
	var files []writtenFile
	for _, f := range writtenFiles(t, userData) {
		if f.Path == programArchive {
			files = append(files, unarchived(t, f.Content)...)
			continue
		}
		files = append(files, f)
	}
	return files
}

// writtenFiles decodes the files of a #cloud-config as cloud-init does.
func writtenFiles(t testing.TB, userData []byte) []writtenFile {
	t.Helper()
	var config struct {
		WriteFiles []writtenFile `yaml:"write_files"`
	}
	if err := yaml.Unmarshal(userData, &config); err != nil {
		t.Fatal(err)
	}
	for i, f := range config.WriteFiles {
		config.WriteFiles[i].Content = decodeContent(t, f)
	}
	return config.WriteFiles
}

// programArchive is a file of programs, which a host unpacks.
const programArchive = "/var/lib/beam/programs.tar"

// unarchived are the files of the archive as they come to lie on a host.
func unarchived(t testing.TB, archive string) []writtenFile {
	t.Helper()
	var files []writtenFile
	reader := tar.NewReader(strings.NewReader(archive))
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, writtenFile{Path: "/" + header.Name, Permissions: fmt.Sprintf("%04o", header.Mode), Content: string(content)})
	}
}

func decodeContent(t testing.TB, f writtenFile) string {
	t.Helper()
	if f.Encoding == "" {
		return f.Content
	}
	content, err := base64.StdEncoding.DecodeString(f.Content)
	if err != nil {
		t.Fatalf("%s: %v", f.Path, err)
	}
	if f.Encoding == "b64" {
		return string(content)
	}
	reader, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatalf("%s: %v", f.Path, err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatalf("%s: %v", f.Path, err)
	}
	return string(text)
}

// fileOf gives the content of one file of a #cloud-config.
func fileOf(t testing.TB, userData []byte, path string) string {
	t.Helper()
	for _, f := range filesOf(t, userData) {
		if f.Path == path {
			return f.Content
		}
	}
	t.Fatalf("the host gets no file %s", path)
	return ""
}

// stepOf gives the script of one step of a #cloud-config, with the functions that
// all of them share in place of the line that reads them.
func stepOf(t testing.TB, userData []byte, slug string) string {
	t.Helper()
	functions := fileOf(t, userData, "/usr/local/lib/beam/functions.sh")
	for _, f := range filesOf(t, userData) {
		if name, isStep := strings.CutPrefix(f.Path, "/usr/local/lib/beam/steps/"); isStep && name[3:] == slug {
			return strings.Replace(f.Content, ". /usr/local/lib/beam/functions.sh\n", functions, 1)
		}
	}
	t.Fatalf("the host has no step %s", slug)
	return ""
}

// readable lays a #cloud-config open for a reader: every file with its content
// in plain text, then everything else.
func readable(t testing.TB, userData []byte) string {
	t.Helper()
	var out strings.Builder
	for _, f := range filesOf(t, userData) {
		fmt.Fprintf(&out, "---- %s %s %s", f.Path, f.Permissions, f.Owner)
		if f.Defer {
			out.WriteString(" deferred")
		}
		fmt.Fprintf(&out, "\n%s\n", strings.TrimSuffix(f.Content, "\n"))
	}
	var rest map[string]any
	if err := yaml.Unmarshal(userData, &rest); err != nil {
		t.Fatal(err)
	}
	delete(rest, "write_files")
	text, err := yaml.Marshal(rest)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&out, "---- #cloud-config\n%s", text)
	return out.String()
}
