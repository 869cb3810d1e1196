terraform {
  required_providers {
    beam = { source = "beamcluster/beam" }
  }
}

resource "beam_cluster" "hello" {
  name          = "hello"
  region        = "nyc3"
  node_pools    = { web = {} }
  load_balancer = {}
}
