// Package program writes files that are to be run.
package program

import (
	"os"
	"syscall"
)

// Write writes a program for its owner to run. It may be run as soon as Write
// returns.
//
// A child that this process starts while the file is open has the file open, too,
// until it becomes another program, and Linux does not run what somebody has open to
// write (ETXTBSY; golang.org/issue/22315). So no child is started meanwhile.
func Write(path, content string) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(path, []byte(content), 0o700) //nolint:gosec // G306: a program
}
