variable "cookie" {
  type      = string
  sensitive = true
  default   = "KMZWIWWTBVPEBURCLHVQ"
}

# Compare it with cookie_fingerprint of the data source beam_cluster, to find out
# whether a node with this cookie could join.
output "fingerprint" {
  value = nonsensitive(provider::beam::cookie_fingerprint(var.cookie))
}
