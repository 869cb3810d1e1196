# A node outside the pools, which another workspace made with a beam_node.
data "beam_node" "worker" {
  name = "chat-worker"
}

output "worker" {
  value = data.beam_node.worker.node_name
}
