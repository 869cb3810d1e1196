package testtool

import "os"

// Everything says that tests are to try all that they could, which takes hours,
// where they otherwise try a part of it that is always the same (`make matrix`).
func Everything() bool { return os.Getenv("BEAM_MATRIX") == "all" }
