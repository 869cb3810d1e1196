package cluster

// Memory is what Terraform's state keeps of a cluster beside what users see.
// It goes into the resource's private state as JSON.
type Memory struct {
	Secrets Secrets `json:"secrets"`
	// Told is, by droplet id, the fingerprint of the configuration the host
	// booted with. An empty fingerprint is a host that was imported: what it
	// was told is not known and is taken to be right.
	Told map[int]string `json:"told"`
	// Made lists what the provider made and so may delete.
	VPCs     map[string]string `json:"vpcs,omitempty"`     // by region
	Peerings []string          `json:"peerings,omitempty"` // ids
	VolumeID string            `json:"volume_id,omitempty"`
	// ReservedIP is the load balancer's address; empty before there is one.
	ReservedIP string            `json:"reserved_ip,omitempty"`
	Firewalls  map[string]string `json:"firewalls,omitempty"` // ids by role
	// Finished says that one converge came to its end.
	Finished bool `json:"finished"`
	// Imported says that the secrets are unknown because the cluster was
	// imported.
	Imported bool `json:"imported,omitempty"`
}

// Secrets are drawn once, before the first paid object exists, and never
// change by themselves.
type Secrets struct {
	Cookie          string `json:"cookie,omitempty"` // only when the user gave none
	SecretKeyBase   string `json:"secret_key_base,omitempty"`
	UserPassword    string `json:"user_password,omitempty"`
	OwnerPassword   string `json:"owner_password,omitempty"`
	UserVerifier    string `json:"user_verifier,omitempty"`
	OwnerVerifier   string `json:"owner_verifier,omitempty"`
	StatsPassword   string `json:"stats_password,omitempty"`
	DatabaseCAPEM   string `json:"database_ca_pem,omitempty"`
	DatabaseCertPEM string `json:"database_cert_pem,omitempty"`
	DatabaseKeyPEM  string `json:"database_key_pem,omitempty"`
}
