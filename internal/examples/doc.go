// Package examples holds the test that applies every configuration below the
// examples folder.
package examples
