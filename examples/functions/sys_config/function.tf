resource "beam_cluster" "chat" {
  name       = "chat"
  region     = "nyc3"
  node_pools = { web = { count = 2 } }
}

# The sys.config of one more node, on a machine of your own in the cluster's VPC.
output "sys_config" {
  value = provider::beam::sys_config(beam_cluster.chat.distribution, "10.10.0.99", beam_cluster.chat.node_names)
}
