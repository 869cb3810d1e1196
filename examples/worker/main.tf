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

  access = { ssh_from = ["203.0.113.7/32"] } # where Terraform runs
}

resource "beam_node" "worker" {
  name    = "shop-worker"
  cluster = beam_cluster.shop.name
  cookie  = beam_cookie.shop.value
  peers   = beam_cluster.shop.node_names
  region  = "ams3"
  size    = "s-2vcpu-4gb"

  environment = { ROLE = "worker" }
  management  = { enabled = true } # changes restart the release, not the host

  lifecycle {
    create_before_destroy = true # where it takes a new host, that joins before the old one goes
  }
}

output "worker" {
  value = beam_node.worker.node_name
}
