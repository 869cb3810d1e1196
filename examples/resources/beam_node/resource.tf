resource "beam_cookie" "chat" {}

resource "beam_cluster" "chat" {
  name       = "chat"
  region     = "nyc3"
  cookie     = beam_cookie.chat.value
  node_pools = { web = { count = 2 } }
}

resource "beam_node" "worker" {
  name    = "chat-worker"
  cluster = beam_cluster.chat.name
  cookie  = beam_cookie.chat.value
  peers   = beam_cluster.chat.node_names
  region  = "nyc3"
  size    = "s-2vcpu-4gb"

  lifecycle {
    create_before_destroy = true # the new host joins before the old one goes
  }
}
