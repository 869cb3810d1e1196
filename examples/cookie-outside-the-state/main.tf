# A cookie that is in no plan and no state: it comes from where secrets are kept,
# in each run. Needs Terraform 1.11 or OpenTofu 1.11, or newer.

terraform {
  required_providers {
    beam = {
      source = "beamcluster/beam"
    }
  }
}

# TF_VAR_cookie has it; an ephemeral resource, such as a secret in Vault, does as
# well.
variable "cookie" {
  type      = string
  ephemeral = true
  default   = "only-for-a-trial-of-this-example"
}

resource "beam_cluster" "chat" {
  name       = "chat"
  region     = "nyc3"
  node_pools = { web = { count = 2 } }

  cookie_wo         = var.cookie
  cookie_wo_version = 1 # another number with another cookie
}

resource "beam_node" "worker" {
  name    = "chat-worker"
  cluster = beam_cluster.chat.name
  peers   = beam_cluster.chat.node_names
  region  = "nyc3"

  cookie_wo         = var.cookie
  cookie_wo_version = 1
}
