terraform {
  required_providers {
    beam = { source = "beamcluster/beam" }
  }
}

resource "beam_cluster" "chat" {
  name          = "chat"
  region        = "nyc3"
  cookie        = "monster"
  environment   = { PHX_HOST = "chat.example.com" }
  host          = { swap_mib = 512 }
  node_pools    = { us = { count = 2 } }
  load_balancer = {}
  database      = { volume_gib = 20 }
  access        = { ssh_from = ["203.0.113.7/32"] }
  tags          = ["team:chat"]

  management = { enabled = false }
}
