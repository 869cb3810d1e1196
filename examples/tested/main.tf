# A module around a cluster, with tests that need no account: `terraform init`,
# then `terraform test`. They are in tests/.

terraform {
  required_providers {
    beam = {
      source = "beamcluster/beam"
    }
  }
}

variable "name" {
  type    = string
  default = "chat"
}

variable "nodes" {
  type    = number
  default = 2

  validation {
    condition     = var.nodes >= 2
    error_message = "One node alone is no cluster: use 2 or more."
  }
}

resource "beam_cookie" "this" {}

resource "beam_cluster" "this" {
  name          = var.name
  region        = "nyc3"
  cookie        = beam_cookie.this.value
  node_pools    = { web = { count = var.nodes } }
  load_balancer = {}
}

output "record" {
  description = "What the name of the app stands for, as the value of an A record."
  value       = beam_cluster.this.load_balancer_ipv4_address
}

output "targets" {
  description = "What Prometheus scrapes."
  value       = [for name in beam_cluster.this.node_names : "${split("@", name)[1]}:9568"]
}
