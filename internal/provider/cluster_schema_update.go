package provider

import "github.com/hashicorp/terraform-plugin-framework/resource/schema"

func updateAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "How hosts that serve are restarted and replaced, whatever the reason. A change of `update` itself touches no host: " +
			"it counts for the changes that are applied with it and after it.",
		Attributes: map[string]schema.Attribute{
			"strategy": defaulted("In which order nodes change. `rolling`: in turns of at most `max_surge` nodes that are replaced, or of `max_unavailable` that restart, " +
				"the others serving meanwhile. `blue_green`: a second set of nodes beside the first, to which the load balancer leads once all are well, " +
				"and then the old set goes. `all_at_once`: all nodes together, which is the fastest and takes the app down. " +
				"Default: `rolling`."),
			"max_surge": defaultedInt("How many nodes are made beside the old ones at a time, 1 to 100. Each costs money while both run, and counts against the " +
				"account's limit of droplets. Default: `1`."),
			"max_unavailable": defaultedInt("How many nodes may be away at a time, 0 to 499. Nodes that restart in place are away for a moment, so that " +
				"`0` restarts them one by one. Default: `0`."),
			"drain_seconds": defaultedInt("How long the connections of a node that restarts or goes are given to end, in seconds, 0 to 3600. The load balancer sends it no new " +
				"visitors meanwhile, and leads those elsewhere that come back. What is still open afterwards, such as a WebSocket, is cut. " +
				"A turn ends sooner when nobody is served any more, though not within 11 seconds: for that long the load balancer may lead a client there once more. " +
				"A load balancer that another one has taken the place of is given the same time. `0` waits for nobody. Default: `60`."),
			"pause_seconds": defaultedInt("How long an apply waits between two turns, in seconds, 0 to 3600. Default: `0`."),
			"on_failure": defaulted("What becomes of a node that does not come up with what it was told. `rollback`: it goes back to what ran before, where that is still there. " +
				"`stop`: it stays as it is, to be looked at. Either way the roll-out ends there, the other nodes go on serving, the apply fails and says why, " +
				"and the next one goes on. Default: `rollback`."),
		},
	}
}
