package playground

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"

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
	}
	return files, nil
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
