package simulator_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

func databaseRequest() *godo.DatabaseCreateRequest {
	return &godo.DatabaseCreateRequest{
		Name: "chat", EngineSlug: "pg", Version: "16", SizeSlug: "db-s-1vcpu-1gb", Region: "nyc3", NumNodes: 1,
		Tags: []string{"chat"}, Rules: []*godo.DatabaseCreateFirewallRule{},
	}
}

func newDatabase(t *testing.T, client *godo.Client) *godo.Database {
	t.Helper()
	return must[*godo.Database](t)(client.Databases.Create(t.Context(), databaseRequest()))
}

func TestDatabaseComesOnline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := checkedClient(t, simulator.Options{BootTime: time.Minute, ActionTime: time.Minute})
		made := newDatabase(t, client)
		if made.Status != "creating" || !strings.HasPrefix(made.Connection.URI, "postgresql://doadmin:AVNS_") {
			t.Errorf("at first %s with connection %s", made.Status, made.Connection.Host)
		}
		pass(time.Minute)
		ok(t)(client.Databases.Resize(t.Context(), made.ID, &godo.DatabaseResizeRequest{SizeSlug: "db-s-2vcpu-4gb", NumNodes: 2}))
		resizing := must[*godo.Database](t)(client.Databases.Get(t.Context(), made.ID))
		if resizing.Status != "resizing" || resizing.SizeSlug != "db-s-1vcpu-1gb" {
			t.Errorf("during the resize %s, %s", resizing.Status, resizing.SizeSlug)
		}
		pass(time.Minute)
		online := must[*godo.Database](t)(client.Databases.Get(t.Context(), made.ID))
		if online.Status != "online" || online.SizeSlug != "db-s-2vcpu-4gb" || online.NumNodes != 2 {
			t.Errorf("after the resize %s, %d nodes of %s", online.Status, online.NumNodes, online.SizeSlug)
		}
		ok(t)(client.Databases.Migrate(t.Context(), made.ID, &godo.DatabaseMigrateRequest{Region: "lon1"}))
		pass(time.Minute)
		if moved := must[*godo.Database](t)(client.Databases.Get(t.Context(), made.ID)); moved.RegionSlug != "lon1" {
			t.Errorf("after the move it is in %s", moved.RegionSlug)
		}
		ok(t)(client.Databases.Delete(t.Context(), made.ID))
		if left := must[[]godo.Database](t)(client.Databases.List(t.Context(), nil)); len(left) != 0 {
			t.Errorf("%d databases are left", len(left))
		}
	})
}

func TestDatabaseUsersNamesAndPools(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	databases, id := client.Databases, newDatabase(t, client).ID
	user := must[*godo.DatabaseUser](t)(databases.CreateUser(t.Context(), id, &godo.DatabaseCreateUserRequest{Name: "app"}))
	reset := must[*godo.DatabaseUser](t)(databases.ResetUserAuth(t.Context(), id, "app", &godo.DatabaseResetUserAuthRequest{}))
	if user.Role != "normal" || user.Password == "" || reset.Password == user.Password {
		t.Error("want a normal user whose password changes")
	}
	must[*godo.DatabaseDB](t)(databases.CreateDB(t.Context(), id, &godo.DatabaseCreateDBRequest{Name: "chat"}))
	pool := must[*godo.DatabasePool](t)(databases.CreatePool(t.Context(), id,
		&godo.DatabaseCreatePoolRequest{Name: "pool", Database: "chat", User: "app", Mode: "transaction", Size: 10}))
	if pool.Connection.Port != 25061 || pool.Connection.Database != "pool" {
		t.Errorf("pool is at port %d, database %s", pool.Connection.Port, pool.Connection.Database)
	}
	ok(t)(databases.UpdatePool(t.Context(), id, "pool", &godo.DatabaseUpdatePoolRequest{Database: "chat", Mode: "session", Size: 5}))
	if pool = must[*godo.DatabasePool](t)(databases.GetPool(t.Context(), id, "pool")); pool.Size != 5 {
		t.Errorf("pool has size %d, want 5", pool.Size)
	}
	got := must[*godo.Database](t)(databases.Get(t.Context(), id))
	if !slices.Equal(got.DBNames, []string{"defaultdb", "chat"}) || len(got.Users) != 2 {
		t.Errorf("databases %v, %d users", got.DBNames, len(got.Users))
	}
	ok(t)(databases.DeletePool(t.Context(), id, "pool"))
	ok(t)(databases.DeleteDB(t.Context(), id, "chat"))
	ok(t)(databases.DeleteUser(t.Context(), id, "app"))
	_, _, err := databases.GetUser(t.Context(), id, "app")
	wantRefusal(t, err, http.StatusNotFound, "")
	_, err = databases.DeleteUser(t.Context(), id, "doadmin")
	wantRefusal(t, err, http.StatusUnprocessableEntity, "")
}

func TestDatabaseReplica(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := checkedClient(t, simulator.Options{BootTime: time.Minute})
		databases, id := client.Databases, newDatabase(t, client).ID
		must[*godo.DatabaseReplica](t)(databases.CreateReplica(t.Context(), id,
			&godo.DatabaseCreateReplicaRequest{Name: "read", Region: "lon1", Size: "db-s-1vcpu-1gb"}))
		pass(time.Minute)
		replica := must[*godo.DatabaseReplica](t)(databases.GetReplica(t.Context(), id, "read"))
		if replica.Status != "online" || replica.Region != "lon1" {
			t.Errorf("replica is %s in %s", replica.Status, replica.Region)
		}
		ok(t)(databases.PromoteReplicaToPrimary(t.Context(), id, "read"))
		if left := must[[]godo.DatabaseReplica](t)(databases.ListReplicas(t.Context(), id, nil)); len(left) != 0 {
			t.Errorf("%d replicas are left", len(left))
		}
	})
}

func TestDatabaseSettings(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	databases, id := client.Databases, newDatabase(t, client).ID

	ca := must[*godo.DatabaseCA](t)(databases.GetCA(t.Context(), id))
	if !strings.HasPrefix(string(ca.Certificate), "-----BEGIN CERTIFICATE-----") {
		t.Error("the CA is not PEM")
	}
	ok(t)(databases.UpdatePostgreSQLConfig(t.Context(), id, &godo.PostgreSQLConfig{WorkMem: new(64)}))
	config := must[*godo.PostgreSQLConfig](t)(databases.GetPostgreSQLConfig(t.Context(), id))
	if config.WorkMem == nil || *config.WorkMem != 64 {
		t.Errorf("work_mem is %v, want 64", config.WorkMem)
	}
	ok(t)(databases.UpdateMaintenance(t.Context(), id, &godo.DatabaseUpdateMaintenanceRequest{Day: "monday", Hour: "14:00"}))
	ok(t)(databases.UpgradeMajorVersion(t.Context(), id, &godo.UpgradeVersionRequest{Version: "17"}))
	ok(t)(databases.UpdateStorageAutoscale(t.Context(), id, &godo.DatabaseStorageAutoscale{Enabled: true, ThresholdPercent: new(80)}))
	scale := must[*godo.DatabaseStorageAutoscale](t)(databases.GetStorageAutoscale(t.Context(), id))
	if !scale.Enabled || *scale.ThresholdPercent != 80 {
		t.Errorf("autoscale is %+v, want it at 80 percent", scale)
	}
	got := must[*godo.Database](t)(databases.Get(t.Context(), id))
	if got.VersionSlug != "17" || got.MaintenanceWindow.Day != "monday" {
		t.Errorf("version %s, maintenance on %s", got.VersionSlug, got.MaintenanceWindow.Day)
	}
	_, err := databases.UpgradeMajorVersion(t.Context(), id, &godo.UpgradeVersionRequest{Version: "16"})
	wantRefusal(t, err, http.StatusUnprocessableEntity, "")
}

// godo sends read-only fields of rules, which the API description refuses, so
// the call is made by hand.
func TestDatabaseFirewall(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	id := newDatabase(t, client).ID
	replace := func(values ...string) []godo.DatabaseFirewallRule {
		rules := []map[string]string{}
		for _, value := range values {
			rules = append(rules, map[string]string{"type": "ip_addr", "value": value})
		}
		request, err := client.NewRequest(t.Context(), http.MethodPut, "v2/databases/"+id+"/firewall", map[string]any{"rules": rules})
		if err != nil {
			t.Fatal(err)
		}
		ok(t)(client.Do(t.Context(), request, nil))
		return must[[]godo.DatabaseFirewallRule](t)(client.Databases.GetFirewallRules(t.Context(), id))
	}
	before := replace("192.0.2.1")
	after := replace("192.0.2.2", "192.0.2.1")
	if len(before) != 1 || len(after) != 2 || after[1] != before[0] {
		t.Errorf("rules were %v and are %v, want the first one kept", before, after)
	}
}

func TestDatabaseOptionsCanBeHad(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	options := must[*godo.DatabaseOptions](t)(client.Databases.ListOptions(t.Context())).PostgresSQLOptions
	request := databaseRequest()
	request.Version, request.Region = options.Versions[0], options.Regions[0]
	request.NumNodes, request.SizeSlug = options.Layouts[0].NodeNum, options.Layouts[0].Sizes[0]
	must[*godo.Database](t)(client.Databases.Create(t.Context(), request))
}

func TestDatabaseRefusals(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	newDatabase(t, client)
	tests := []struct {
		name  string
		spoil func(*godo.DatabaseCreateRequest)
	}{
		{"taken name", func(r *godo.DatabaseCreateRequest) { r.Name = "chat" }},
		{"bad name", func(r *godo.DatabaseCreateRequest) { r.Name = "Chat" }},
		{"engine that is not simulated", func(r *godo.DatabaseCreateRequest) { r.EngineSlug = "mysql" }},
		{"unknown version", func(r *godo.DatabaseCreateRequest) { r.Version = "7" }},
		{"unknown size", func(r *godo.DatabaseCreateRequest) { r.SizeSlug = "s-1vcpu-1gb" }},
		{"too many nodes", func(r *godo.DatabaseCreateRequest) { r.NumNodes = 4 }},
		{"closed region", func(r *godo.DatabaseCreateRequest) { r.Region = "ams2" }},
		{"unknown project", func(r *godo.DatabaseCreateRequest) { r.ProjectID = "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			request := databaseRequest()
			request.Name = "another"
			tt.spoil(request)
			_, _, err := client.Databases.Create(t.Context(), request)
			wantRefusal(t, err, http.StatusUnprocessableEntity, "")
		})
	}
}
