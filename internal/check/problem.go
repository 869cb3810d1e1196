package check

// Problem is one thing that is wrong with a spec, told so that a user can mend
// it without reading further.
type Problem struct {
	// Path leads to the attribute, such as {"node_pools", "us", "count"}.
	Path []string
	// Needs are further attributes the finding rests on. While any of them,
	// or Path itself, is unknown, the problem is not reported.
	Needs   [][]string
	Summary string // what is wrong, in general
	Detail  string // what was found, what is allowed, what to do
}
