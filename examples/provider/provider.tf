terraform {
  required_providers {
    beam = {
      source = "beamcluster/beam"
    }
  }
}

# The token comes from DIGITALOCEAN_TOKEN, or from here:
provider "beam" {
  # token = var.do_token
}
