package hostconfig_test

import (
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

func exampleNode() hostconfig.Node {
	return hostconfig.Node{
		Base:          exampleBase(),
		Basename:      "chat",
		Cookie:        "COOKIECOOKIECOOKIECOOKIE",
		EPMDPort:      4369,
		PortMin:       9100,
		PortMax:       9155,
		Sync:          "optional",
		SyncTimeoutMS: 30000,
		Peers:         []string{"chat@10.108.0.3", "chat@10.109.0.3"},
		Release: &hostconfig.Release{
			Name:    "chat",
			URL:     "https://example.com/chat-0.1.0.tar.gz?token=URLTOKEN",
			SHA256:  "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
			Kind:    "mix",
			Migrate: `Chat.Release.migrate("it's $5")`,
		},
		App:                  "chat",
		HTTPPort:             8080,
		Environment:          map[string]string{"PHX_HOST": "chat.example.com", "POOL_SIZE": "20"},
		SecretKeyBase:        "SECRETKEYBASE",
		DatabaseURL:          "postgresql://chat:PASSWORD@database.chat.internal:5432/chat?ssl=true",
		MigrationDatabaseURL: "postgresql://chat_owner:OWNERPASSWORD@database.chat.internal:5432/chat?ssl=true",
		DatabaseName:         "database.chat.internal",
		DatabaseAddress:      "10.108.0.9",
		DatabaseCAPEM:        siteCertificate,
	}
}

// nodes are the variants of a node that differ in kind.
func nodes() map[string]hostconfig.Node {
	release := exampleNode()

	rebar3 := exampleNode()
	rebar3.Release.Kind = "rebar3"
	rebar3.Release.Migrate = "chat_release:migrate()"
	rebar3.PublicDistribution = true
	rebar3.EPMDPort = 4370

	deployed := exampleNode()
	deployed.Release = &hostconfig.Release{Name: "chat", Kind: "mix"}
	deployed.Toolchain = []string{"erlang", "elixir", "nodejs"}

	bare := hostconfig.Node{
		Base:     hostconfig.Base{Cluster: "chat", User: "deploy", SSHPort: 2222, Locale: "C.UTF-8"},
		Basename: "chat", Cookie: "c", EPMDPort: 4369, PortMin: 9100, PortMax: 9155, Sync: "none",
		App: "chat_app", HTTPPort: 8080,
	}
	return map[string]hostconfig.Node{
		"node-mix":      release,
		"node-rebar3":   rebar3,
		"node-deployed": deployed,
		"node-bare":     bare,
	}
}
