resource "beam_cluster" "chat" {
  name     = "chat"
  region   = "nyc3"
  ssh_keys = var.ssh_keys # fingerprints or ids of keys in the account

  node_pools = {
    web = { count = 2, size = "s-1vcpu-2gb" }
  }

  release = {
    name    = "chat"
    url     = "https://example.com/chat-0.1.0.tar.gz"
    sha256  = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    migrate = "Chat.Release.migrate()"
  }

  environment = {
    PHX_HOST = "chat.example.com"
  }

  load_balancer = {
    health_check = { path = "/health" }
    tls = {
      acme = {
        email   = "ops@example.com"
        domains = ["chat.example.com"]
      }
    }
  }

  database = {
    size       = "s-1vcpu-2gb"
    volume_gib = 20
    backups    = true
  }

  update = {
    max_surge     = 2 # two nodes at a time
    drain_seconds = 30
  }

  access = {
    ssh_from = ["203.0.113.7/32"] # where you and Terraform are
  }
}

variable "ssh_keys" {
  type    = list(string)
  default = []
}

output "address" {
  value = beam_cluster.chat.load_balancer_ipv4_address
}
