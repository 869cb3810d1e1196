list "beam_node" "workers" {
  provider = beam

  config {
    cluster = "chat"
  }
}
