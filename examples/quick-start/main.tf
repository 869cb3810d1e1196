# Two nodes that see each other, behind one address.

terraform {
  required_providers {
    beam = {
      source = "beamcluster/beam"
    }
  }
}

resource "beam_cluster" "hello" {
  name          = "hello"
  region        = "nyc3"
  node_pools    = { web = { count = 2 } }
  load_balancer = {}
}

output "url" {
  value = beam_cluster.hello.url
}

output "node_names" {
  value = beam_cluster.hello.node_names
}
