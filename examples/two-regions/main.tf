# A chat in New York and London: one node in each, HAProxy with sticky cookies
# in front, Postgres behind, closed firewalls around, one cookie everywhere.

terraform {
  required_providers {
    beam = {
      source = "beamcluster/beam"
    }
  }
}

resource "erlang_cookie" "chat" {
  provider = beam
}

resource "beam_cluster" "chat" {
  name     = "chat"
  region   = "nyc3"
  ssh_keys = var.ssh_keys
  cookie   = erlang_cookie.chat.value

  node_pools = {
    us = { count = 1, size = "s-1vcpu-1gb" }
    uk = { count = 1, size = "s-1vcpu-1gb", region = "lon1" }
  }

  release = {
    name    = "chat"
    url     = var.release_url
    sha256  = var.release_sha256
    port    = 8080
    migrate = "Chat.Release.migrate()"
  }
  environment = { PHX_HOST = "chat.example.com" }

  load_balancer = {
    size          = "s-1vcpu-1gb"
    sticky_cookie = "SERVERID"
    health_check  = { path = "/health" }
  }

  database = {
    size       = "s-1vcpu-1gb"
    name       = "chat"
    volume_gib = 10
  }

  access = { ssh_from = var.ssh_from }
}
