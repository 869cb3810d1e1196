terraform {
  required_providers {
    beam = { source = "beamcluster/beam" }
  }
}

resource "beam_cluster" "chat" {
  name       = "chat"
  region     = "nyc3"
  cookie     = "monster"
  node_pools = { us = {} }
}

resource "beam_node" "worker" {
  name        = "chat-worker"
  cluster     = beam_cluster.chat.name
  cookie      = "monster"
  peers       = beam_cluster.chat.node_names
  region      = "nyc3"
  environment = { QUEUE = "mail" }
  tags        = ["role:worker"]
}
