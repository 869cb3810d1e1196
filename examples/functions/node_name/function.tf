# chat@10.10.0.5
output "node_name" {
  value = provider::beam::node_name("chat", "10.10.0.5")
}
