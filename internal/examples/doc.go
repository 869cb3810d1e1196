// Package examples holds the tests of what users read: every configuration below
// the examples folder is applied, and what the pages show and say is held to the
// provider.
package examples
