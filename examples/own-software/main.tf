# What the provider knows nothing of: a program from another source of packages,
# files and scripts for hosts, and a release that keeps uploads and draws PDFs.

terraform {
  required_providers {
    beam = {
      source = "beamcluster/beam"
    }
  }
}

variable "vault_token" {
  type      = string
  sensitive = true
  default   = "only for this example"
}

resource "beam_cluster" "shop" {
  name   = "shop"
  region = "ams3"

  node_pools = {
    web = { count = 2 }

    # Only these nodes get a browser.
    pdf = {
      size = "s-2vcpu-2gb"
      host = {
        run = [{
          name   = "chromium"
          script = <<-END
            apt-get -q -y -o DPkg::Lock::Timeout=300 install chromium
          END
        }]
      }
    }
  }

  host = {
    # Packages may come from the sources below.
    packages = ["shop-tools"]

    apt_sources = {
      example = {
        uris       = ["https://packages.example.com/debian"]
        suites     = ["trixie"]
        components = ["main"]
        key        = file("${path.module}/packages.asc")
      }
    }

    files = {
      "/etc/shop/vault.token" = {
        content = var.vault_token
        mode    = "0600"
      }
      "/etc/logrotate.d/shop" = {
        content = <<-END
          /srv/uploads/*.log {
            weekly
            rotate 4
          }
        END
      }
    }

    # Steps of the first boot, in this order; a failure names the step.
    run = [{
      name   = "read-secrets"
      script = <<-END
        umask 077
        shop-tools secrets --token-file /etc/shop/vault.token >/etc/shop/secrets.env.new
        mv /etc/shop/secrets.env.new /etc/shop/secrets.env
      END
    }]
  }

  release = {
    name = "shop"
    service = {
      environment_files = ["/etc/shop/secrets.env"] # what the script wrote
      writable_paths    = ["/srv/uploads"]          # outlives deploys
      hardening         = "standard"                # the browser's sandbox makes namespaces
      limit_nofile      = 65536
    }
  }
}
