package hostconfig

import (
	"archive/tar"
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// programArchive holds the provider's own programs on a host. Together they are
// compressed to half of what they take one by one, and user data is limited.
const programArchive = "/var/lib/beam/programs.tar"

// Programs outside the archive: those that unpack it, and the one that users can
// make large, so that an error about the size of user data names it.
const (
	beginProgram   = "/usr/local/lib/beam/begin-boot"
	beamctlProgram = "/usr/local/sbin/beamctl"
	migrateProgram = "/usr/local/lib/beam/migrate"
)

// archived says that a file comes in the archive. The user's do not: they can be
// large as well.
func (f File) archived() bool {
	outside := []string{beginProgram, beamctlProgram, migrateProgram}
	return strings.HasPrefix(f.Path, "/usr/local/") && f.Owner == "" && !f.Brought && !slices.Contains(outside, f.Path)
}

// archive puts the document's programs into one file.
// It has no times in it: the same programs give the same bytes.
func (d *Document) archive() error {
	var out bytes.Buffer
	writer := tar.NewWriter(&out)
	files := d.Files
	d.Files = make([]File, 0, len(files))
	for _, file := range files {
		if !file.archived() {
			d.Files = append(d.Files, file)
			continue
		}
		mode, err := strconv.ParseInt(file.Mode, 8, 32)
		if err != nil {
			return fmt.Errorf("mode of %s: %w", file.Path, err)
		}
		header := &tar.Header{Name: strings.TrimPrefix(file.Path, "/"), Mode: mode, Size: int64(len(file.Content)), Format: tar.FormatUSTAR}
		if err := writer.WriteHeader(header); err != nil {
			return fmt.Errorf("archive %s: %w", file.Path, err)
		}
		if _, err := writer.Write([]byte(file.Content)); err != nil {
			return fmt.Errorf("archive %s: %w", file.Path, err)
		}
	}
	if err := writer.Close(); err != nil {
		return fmt.Errorf("archive programs: %w", err)
	}
	d.Files = append(d.Files, File{Path: programArchive, Mode: "0600", Content: out.String()})
	return nil
}
