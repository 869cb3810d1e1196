package cluster

// Outputs are the computed attributes of beam_cluster.
type Outputs struct {
	Nodes                map[string]NodeOutput // by host name
	NodeNames            []string              // long names, oldest node first
	CookieFingerprint    string
	URL                  string
	LoadBalancerIPv4     string
	StatsPassword        string
	DatabaseHost         string
	DatabaseURL          string
	MigrationDatabaseURL string
	SecretKeyBase        string
	VPCUUIDs             map[string]string // by region
	FirewallIDs          map[string]string // by role: "node", "load_balancer", "database"
	EstimatedMonthlyCost float64           // USD
	EdeliverConfig       string
	RemoteConsole        map[string]string // by host name
}

// NodeOutput is what users see of one node.
type NodeOutput struct {
	DropletID   int
	Pool        string
	Region      string
	NodeName    string
	PublicIPv4  string
	PrivateIPv4 string
}
