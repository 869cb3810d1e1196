//go:build !linux

package main

import (
	"context"
	"errors"
	"io"
)

func runReal(context.Context, settings, io.Writer, io.Writer) error {
	return errors.New("--hosts linux: real hosts need Linux")
}
