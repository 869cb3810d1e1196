package playground

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Files returns what a #cloud-config writes, by path.
func Files(userData string) (map[string]string, error) {
	var config struct {
		WriteFiles []struct{ Path, Encoding, Content string } `yaml:"write_files"`
	}
	if err := yaml.Unmarshal([]byte(userData), &config); err != nil {
		return nil, fmt.Errorf("read user data: %w", err)
	}
	files := map[string]string{}
	for _, file := range config.WriteFiles {
		content, err := decode(file.Encoding, file.Content)
		if err != nil {
			return nil, fmt.Errorf("read %s of the user data: %w", file.Path, err)
		}
		files[file.Path] = content
		if strings.HasSuffix(file.Path, ".tar") {
			if err := unpack(content, files); err != nil {
				return nil, fmt.Errorf("unpack %s of the user data: %w", file.Path, err)
			}
		}
	}
	return files, nil
}

// unpack adds the files of an archive, as the host has them.
func unpack(archive string, files map[string]string) error {
	reader := tar.NewReader(strings.NewReader(archive))
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			return err
		}
		files["/"+header.Name] = string(content)
	}
}

// decode undoes cloud-init's encodings.
func decode(encoding, content string) (string, error) {
	if encoding == "" {
		return content, nil
	}
	raw, err := base64.StdEncoding.DecodeString(content)
	if err != nil || encoding == "b64" {
		return string(raw), err
	}
	reader, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(reader)
	return string(text), err
}
