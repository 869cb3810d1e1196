# A worker beside a cluster: one bigger host outside the pools, such as from
# another team's workspace. It dials the cluster's nodes; the cluster need not
# know it, and the load balancer sends it nothing.

terraform {
  required_providers {
    beam = {
      source = "beamcluster/beam"
    }
  }
}

resource "beam_cookie" "shop" {}

resource "beam_cluster" "shop" {
  name       = "shop"
  region     = "ams3"
  cookie     = beam_cookie.shop.value
  node_pools = { web = { count = 2 } }
}

resource "beam_node" "worker" {
  name    = "shop-worker"
  cluster = beam_cluster.shop.name
  cookie  = beam_cookie.shop.value
  peers   = beam_cluster.shop.node_names
  region  = "ams3"
  size    = "s-2vcpu-4gb"

  environment = { ROLE = "worker" }

  lifecycle {
    create_before_destroy = true # the new host joins before the old one goes
  }
}

output "worker" {
  value = beam_node.worker.node_name
}
