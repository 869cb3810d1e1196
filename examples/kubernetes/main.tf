# The cookie of a release that runs in Kubernetes, as a Secret. No DigitalOcean
# account is needed: `terraform output -raw manifest | kubectl apply -f -`.

terraform {
  required_providers {
    beam = {
      source = "beamcluster/beam"
    }
  }
}

resource "erlang_cookie" "myapp" {
  provider = beam
}

output "manifest" {
  sensitive = true
  value = yamlencode({
    apiVersion = "v1"
    kind       = "Secret"
    metadata   = { name = "erlang-cookie", namespace = "myapp" }
    stringData = { cookie = erlang_cookie.myapp.value }
  })
}

# What goes into the pod's container: both kinds of release read RELEASE_COOKIE.
output "container_env" {
  value = yamlencode([{
    name      = "RELEASE_COOKIE"
    valueFrom = { secretKeyRef = { name = "erlang-cookie", key = "cookie" } }
  }])
}
