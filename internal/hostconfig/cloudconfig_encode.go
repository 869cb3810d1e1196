package hostconfig

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// plainFileSize is the size in bytes up to which a file stays readable in the
// user data instead of being compressed.
const plainFileSize = 1024

// writers are used again, since a new one takes more memory than a whole host.
var writers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// encode picks the shortest of cloud-init's encodings that carries the content
// exactly.
func encode(f File) (cloudFile, error) {
	entry := cloudFile{
		Path:        f.Path,
		Owner:       f.Owner,
		Permissions: f.Mode,
		Defer:       f.Deferred,
		Content:     f.Content,
	}
	plain := isPlain(f.Content)
	if plain && len(f.Content) <= plainFileSize {
		return entry, nil
	}
	compressed, err := f.compressed()
	if err != nil {
		return cloudFile{}, fmt.Errorf("compress %s: %w", f.Path, err)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(f.Content))
	switch {
	case plain && len(f.Content) <= len(compressed):
	case !plain && len(encoded) <= len(compressed):
		entry.Encoding, entry.Content = "b64", encoded
	default:
		entry.Encoding, entry.Content = "gz+b64", compressed
	}
	return entry, nil
}

// isPlain reports whether every YAML parser reads the text back as it is:
// printable ASCII and newlines. Tabs are not, as at the start of a line YAML
// does not take them for indentation.
func isPlain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return (r < ' ' && r != '\n') || r > '~'
	})
}

// archives are the compressed archives of programs by their content. Hosts of a kind
// have the same, and to compress it takes longer than the rest of a host.
var archives sync.Map

func (f File) compressed() (string, error) {
	if f.Path != programArchive {
		return compress(f.Content)
	}
	known, _ := archives.Load(f.Content)
	if compressed, had := known.(string); had {
		return compressed, nil
	}
	compressed, err := compress(f.Content)
	if err == nil {
		archives.Store(f.Content, compressed)
	}
	return compressed, err
}

// compress gives base64 of gzip without a name or time, the same for the same
// text.
func compress(text string) (string, error) {
	var out bytes.Buffer
	writer, _ := writers.Get().(*gzip.Writer)
	defer writers.Put(writer)
	writer.Reset(&out)
	if _, err := writer.Write([]byte(text)); err != nil {
		return "", err
	}
	if err := writer.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(out.Bytes()), nil
}

// TooLargeError is user data above MaxUserData.
type TooLargeError struct {
	Size  int        // bytes of the whole document
	Parts []FileSize // its files, the largest first
}

// FileSize is how many bytes of the user data one file takes.
type FileSize struct {
	Path string
	Size int
}

// shownParts is how many of the largest files an error names.
const shownParts = 5

func newTooLargeError(size int, files []cloudFile) *TooLargeError {
	parts := make([]FileSize, 0, len(files))
	for _, f := range files {
		parts = append(parts, FileSize{Path: f.Path, Size: len(f.Content)})
	}
	slices.SortStableFunc(parts, func(a, b FileSize) int { return cmp.Compare(b.Size, a.Size) })
	return &TooLargeError{Size: size, Parts: parts}
}

// Error names the largest files; it never holds their contents.
func (e *TooLargeError) Error() string {
	shown := e.Parts[:min(len(e.Parts), shownParts)]
	largest := make([]string, 0, len(shown))
	for _, part := range shown {
		largest = append(largest, fmt.Sprintf("%s (%d)", part.Path, part.Size))
	}
	return fmt.Sprintf("the host's configuration takes %d bytes, but DigitalOcean accepts at most %d as user data; its largest files, in bytes as sent: %s",
		e.Size, MaxUserData, strings.Join(largest, ", "))
}
