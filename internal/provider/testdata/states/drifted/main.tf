terraform {
  required_providers {
    beam = { source = "beamcluster/beam" }
  }
}

resource "beam_cluster" "chat" {
  name          = "chat"
  region        = "nyc3"
  node_pools    = { us = { count = 2 } }
  load_balancer = {}
  database      = {}
}
