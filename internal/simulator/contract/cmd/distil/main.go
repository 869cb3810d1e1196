// Command distil makes the API description that the tests carry from the one
// that DigitalOcean publishes: it keeps the structure and leaves out the text.
//
//	distil DOCUMENT OUTPUT
//
// The document is one file; where it is published as many, bundle it first.
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "distil:", err)
		os.Exit(1)
	}
}

// run takes the arguments of the command line, the document and the output.
func run(args []string) error {
	if len(args) != 2 || args[0] == "" {
		return errors.New("name the published document and the file to write; under go generate, DO_OPENAPI_SPEC names the document")
	}
	document, err := os.ReadFile(args[0]) //nolint:gosec // G703: whoever runs it names the file
	if err != nil {
		return fmt.Errorf("read the published document: %w", err)
	}
	structure, err := distil(document)
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	if err := os.WriteFile(args[1], structure, 0o644); err != nil { //nolint:gosec // to be read by everybody
		return fmt.Errorf("write the structure: %w", err)
	}
	return nil
}
