resource "beam_cluster" "chat" {
  name       = "chat"
  region     = "nyc3"
  node_pools = { web = { count = 2 } }
}

# The vm.args of one more node, on a machine of your own in the cluster's VPC.
output "vm_args" {
  value = provider::beam::vm_args(beam_cluster.chat.distribution, "10.10.0.99")
}
