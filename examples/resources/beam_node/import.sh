# A node is imported by the name of its droplet.
terraform import beam_node.worker chat-worker
