// Package engine makes the account match the spec. One converge serves create,
// update and the resumption of a create that was interrupted.
package engine
