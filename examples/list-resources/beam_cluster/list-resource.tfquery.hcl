list "beam_cluster" "all" {
  provider = beam
}
