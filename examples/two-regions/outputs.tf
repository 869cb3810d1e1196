output "url" {
  value = beam_cluster.chat.url
}

output "nodes" {
  value = beam_cluster.chat.nodes
}

output "cookie_fingerprint" {
  value = beam_cluster.chat.cookie_fingerprint
}

output "estimated_monthly_cost" {
  description = "In USD."
  value       = beam_cluster.chat.estimated_monthly_cost
}

output "remote_console" {
  description = "How to get a shell on each node, by host."
  value       = beam_cluster.chat.remote_console
}

output "database_url" {
  value     = beam_cluster.chat.database_url
  sensitive = true
}
