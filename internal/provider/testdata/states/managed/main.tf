terraform {
  required_providers {
    beam = { source = "beamcluster/beam" }
  }
}

resource "beam_cluster" "chat" {
  name     = "chat"
  region   = "nyc3"
  ssh_keys = ["40:7a:3d:2e:f1:78:27:5e:6e:76:3f:20:00:cc:d7:2e"]

  node_pools = {
    us = { count = 1 }
    uk = { count = 2, region = "lon1" }
  }

  release = {
    name   = "chat"
    url    = "https://releases.example.com/chat-0.1.0.tar.gz"
    sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  }
  environment = { PHX_HOST = "chat.example.com" }

  load_balancer = { health_check = { path = "/health" } }
  database      = {}
  access        = { ssh_from = ["203.0.113.7/32"] }
  tags          = ["team:chat"]

  # The hosts are records, and answer nobody.
  wait_for = "active"
}
