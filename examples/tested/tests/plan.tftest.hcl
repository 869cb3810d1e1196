# The provider itself, which needs a token: it checks a plan as it would for real,
# and nothing is made.
run "plans_the_names_of_the_nodes" {
  command = plan

  assert {
    condition     = keys(beam_cluster.this.nodes) == tolist(["chat-web-1", "chat-web-2"])
    error_message = "The nodes are called otherwise."
  }
}
