# Another workspace made the cluster. This one knows its name.
data "beam_cluster" "chat" {
  name = "chat"
}

# What a Prometheus in the same VPC scrapes:
output "targets" {
  value = [for node in data.beam_cluster.chat.nodes : "${node.ipv4_address_private}:9568"]
}

# `peers` of a beam_node that joins from here:
output "peers" {
  value = data.beam_cluster.chat.node_names
}
