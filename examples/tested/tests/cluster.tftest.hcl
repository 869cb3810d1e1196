# Stands in for the provider: nothing is made, and no token is needed. What the
# provider would tell of a cluster is told here.
mock_provider "beam" {
  mock_resource "beam_cluster" {
    defaults = {
      node_names                 = ["chat@10.10.0.5", "chat@10.10.0.6"]
      load_balancer_ipv4_address = "203.0.113.7"
    }
  }
}

run "tells_what_others_need" {
  assert {
    condition     = output.targets == ["10.10.0.5:9568", "10.10.0.6:9568"]
    error_message = "Prometheus would scrape other addresses than those of the nodes."
  }

  assert {
    condition     = output.record == "203.0.113.7"
    error_message = "The name would stand for another address than the load balancer's."
  }
}

run "the_cluster_has_the_cookie_of_the_resource" {
  assert {
    condition     = beam_cluster.this.cookie == beam_cookie.this.value
    error_message = "The cluster would draw a cookie of its own."
  }
}

run "asks_for_so_many_nodes" {
  command = plan

  variables {
    nodes = 3
  }

  assert {
    condition     = beam_cluster.this.node_pools.web.count == 3
    error_message = "The pool has another number of nodes."
  }
}

run "refuses_a_single_node" {
  command = plan

  variables {
    nodes = 1
  }

  expect_failures = [var.nodes]
}
