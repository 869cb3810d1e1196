package simulator

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"
)

// database is a cluster of managed databases.
type database struct {
	databaseCluster
	password string // of the user doadmin
	users    table[string, *databaseUser]
	names    table[string, *databaseName]
	pools    table[string, *connectionPool]
	replicas table[string, *databaseReplica]
	config   map[string]any
}

// databaseCluster is the API description's schema "database_cluster_read". The
// connections, users and names are filled in when it is shown.
type databaseCluster struct {
	ID                 string              `json:"id"`
	Name               string              `json:"name"`
	Engine             string              `json:"engine"`
	Version            string              `json:"version"`
	NumNodes           int                 `json:"num_nodes"`
	Size               string              `json:"size"`
	Region             string              `json:"region"`
	Status             string              `json:"status"` // creating, online, resizing or migrating
	CreatedAt          time.Time           `json:"created_at"`
	PrivateNetworkUUID string              `json:"private_network_uuid"`
	Tags               []string            `json:"tags"`
	DBNames            []string            `json:"db_names"`
	Connection         *databaseConnection `json:"connection"`
	PrivateConnection  *databaseConnection `json:"private_connection"`
	Users              []*databaseUser     `json:"users"`
	MaintenanceWindow  maintenanceWindow   `json:"maintenance_window"`
	ProjectID          string              `json:"project_id"`
	Rules              []databaseRule      `json:"rules"`
	StorageSizeMiB     int                 `json:"storage_size_mib"`
	DOSettings         *doSettings         `json:"do_settings,omitempty"`
	StorageAutoscale   *storageAutoscale   `json:"storage_autoscale,omitempty"`
}

type databaseConnection struct {
	Protocol string `json:"protocol"`
	URI      string `json:"uri"`
	Database string `json:"database"`
	Host     string `json:"host"`
	Port     int    `json:"port"`
	User     string `json:"user"`
	Password string `json:"password"`
	SSL      bool   `json:"ssl"`
}

type maintenanceWindow struct {
	Day         string   `json:"day"`
	Hour        string   `json:"hour"` // HH:MM:SS, UTC
	Pending     bool     `json:"pending"`
	Description []string `json:"description"`
}

type doSettings struct {
	ServiceCNames []string `json:"service_cnames"`
}

// autoscale is the API description's schema "database_autoscale_params".
type autoscale struct {
	Storage *storageAutoscale `json:"storage,omitempty"`
}

type storageAutoscale struct {
	Enabled          bool `json:"enabled"`
	ThresholdPercent *int `json:"threshold_percent,omitempty"`
	IncrementGiB     *int `json:"increment_gib,omitempty"`
}

// databaseRequest is the body of a create.
type databaseRequest struct {
	Name               string            `json:"name"`
	Engine             string            `json:"engine"`
	Version            string            `json:"version"`
	NumNodes           int               `json:"num_nodes"`
	Size               string            `json:"size"`
	Region             string            `json:"region"`
	PrivateNetworkUUID string            `json:"private_network_uuid"`
	Tags               []string          `json:"tags"`
	ProjectID          string            `json:"project_id"`
	StorageSizeMiB     int               `json:"storage_size_mib"`
	Rules              []databaseRule    `json:"rules"`
	DOSettings         *doSettings       `json:"do_settings"`
	Autoscale          autoscale         `json:"autoscale"`
	StorageAutoscale   *storageAutoscale `json:"storage_autoscale"` // godo's name for autoscale.storage
}

var databaseNamePattern = regexp.MustCompile(`^[a-z][a-z0-9-]{1,61}[a-z0-9]$`)

func (d *database) urn() string { return "do:dbaas:" + d.ID }

func (s *Simulator) databaseRoutes() {
	const item = "/v2/databases/{database_cluster_uuid}"
	s.route("GET /v2/databases/options", http.StatusOK, func(*http.Request) (any, error) {
		return object{"options": databaseOptions}, nil
	})
	s.route("GET /v2/databases", http.StatusOK, s.listDatabases)
	s.route("POST /v2/databases", http.StatusCreated, s.createDatabase)
	s.onDatabase("GET "+item, http.StatusOK, func(_ *http.Request, d *database) (any, error) {
		return object{"database": s.viewDatabase(d)}, nil
	})
	s.onDatabase("DELETE "+item, http.StatusNoContent, func(_ *http.Request, d *database) (any, error) {
		s.databases.remove(d.ID)
		s.leaveVPC(d.PrivateNetworkUUID, d.urn())
		return nil, nil
	})
	s.onDatabase("PUT "+item+"/resize", http.StatusAccepted, s.resizeDatabase)
	s.onDatabase("PUT "+item+"/migrate", http.StatusAccepted, s.migrateDatabase)
	s.databaseSettingRoutes(item)
	s.databasePartRoutes(item)
	s.taggables["database"] = taggable{
		plural: "databases",
		each: func(visit func(taggedObject)) {
			for _, d := range s.databases.all() {
				visit(taggedObject{id: d.ID, uri: "/v2/databases/" + d.ID, tags: &d.Tags})
			}
		},
	}
}

// onDatabase registers a handler of a path that names a database cluster.
func (s *Simulator) onDatabase(pattern string, status int, handle func(*http.Request, *database) (any, error)) {
	s.route(pattern, status, func(r *http.Request) (any, error) {
		d, err := find(&s.databases, r.PathValue("database_cluster_uuid"))
		if err != nil {
			return nil, err
		}
		return handle(r, d)
	})
}

// listDatabases answers all of them at once: the API description has no pages
// here.
func (s *Simulator) listDatabases(r *http.Request) (any, error) {
	query := r.URL.Query()
	databases := s.databases.where(func(d *database) bool {
		return !query.Has("tag_name") || hasTag(d.Tags, query.Get("tag_name"))
	})
	return object{"databases": convert(databases, s.viewDatabase)}, nil
}

func (s *Simulator) viewDatabase(d *database) databaseCluster {
	view := d.databaseCluster
	view.ProjectID = s.projectOf(d.urn())
	view.Users = d.users.all()
	view.DBNames = convert(d.names.all(), func(n *databaseName) string { return n.Name })
	view.Connection = d.connection("")
	view.PrivateConnection = d.connection("private-")
	return view
}

// createDatabase makes a cluster, which is online after BootTime.
func (s *Simulator) createDatabase(r *http.Request) (any, error) {
	request, err := decode[databaseRequest](r)
	if err != nil {
		return nil, err
	}
	if err := s.checkDatabase(&request); err != nil {
		return nil, err
	}
	network, err := s.networkFor(request.PrivateNetworkUUID, request.Region)
	if err != nil {
		return nil, err
	}
	d := s.newDatabase(request)
	d.PrivateNetworkUUID = network.ID
	if err := s.setDatabaseRules(d, request.Rules); err != nil {
		return nil, err
	}
	if err := s.assign(d.urn(), request.ProjectID); err != nil {
		return nil, err
	}
	s.databases.add(d.ID, d)
	s.addTags(&d.Tags, request.Tags)
	s.joinVPC(network.ID, d.urn(), d.Name)
	s.busyDatabase(d, "creating", s.options.BootTime, func() {})
	return object{"database": s.viewDatabase(d)}, nil
}

func (s *Simulator) newDatabase(request databaseRequest) *database {
	d := &database{
		databaseCluster: databaseCluster{
			ID: uuid.NewString(), Name: request.Name, Engine: request.Engine, Version: request.Version,
			NumNodes: request.NumNodes, Size: request.Size, Region: request.Region,
			CreatedAt: s.timestamp(), Tags: []string{}, StorageSizeMiB: request.StorageSizeMiB,
			MaintenanceWindow: maintenanceWindow{Day: "sunday", Hour: "04:00:00", Description: []string{}},
			DOSettings:        request.DOSettings,
			StorageAutoscale:  cmp.Or(request.StorageAutoscale, request.Autoscale.Storage),
		},
		password: newPassword(), config: map[string]any{},
	}
	d.users.add(adminUser, &databaseUser{Name: adminUser, Role: "primary", Password: d.password})
	d.names.add(defaultDatabase, &databaseName{Name: defaultDatabase})
	return d
}

// checkDatabase checks a create and fills in what it leaves out.
func (s *Simulator) checkDatabase(request *databaseRequest) error {
	switch {
	case request.Engine != postgres:
		return unprocessable("invalid engine %q", request.Engine)
	case !databaseNamePattern.MatchString(request.Name):
		return unprocessable("invalid cluster name: use 3 to 63 lowercase letters, digits and hyphens, beginning with a letter")
	case len(s.databases.where(func(d *database) bool { return d.Name == request.Name })) > 0:
		return unprocessable("cluster name is not available")
	}
	if _, err := s.openRegion(request.Region); err != nil {
		return err
	}
	for _, tag := range request.Tags {
		if err := checkTagName(tag); err != nil {
			return err
		}
	}
	if request.Version == "" {
		request.Version = defaultVersion()
	}
	if request.StorageSizeMiB == 0 {
		request.StorageSizeMiB = defaultStorageMiB
	}
	if !slices.Contains(postgresVersions, request.Version) {
		return unprocessable("invalid version %q for engine %s", request.Version, request.Engine)
	}
	return checkLayout(request.Size, request.NumNodes)
}

// busyDatabase shows a status for a while; then the change shows and the
// cluster is online.
func (s *Simulator) busyDatabase(d *database, status string, takes time.Duration, change func()) {
	d.Status = status
	s.after(takes, func() {
		change()
		d.Status = "online"
	})
}

func (s *Simulator) resizeDatabase(r *http.Request, d *database) (any, error) {
	request, err := decode[struct {
		Size           string `json:"size"`
		NumNodes       int    `json:"num_nodes"`
		StorageSizeMiB *int   `json:"storage_size_mib"`
	}](r)
	if err != nil {
		return nil, err
	}
	if err := checkLayout(request.Size, request.NumNodes); err != nil {
		return nil, err
	}
	s.busyDatabase(d, "resizing", s.options.ActionTime, func() {
		d.Size, d.NumNodes = request.Size, request.NumNodes
		setIfGiven(&d.StorageSizeMiB, request.StorageSizeMiB)
	})
	return nil, nil
}

func (s *Simulator) migrateDatabase(r *http.Request, d *database) (any, error) {
	request, err := decode[struct {
		Region             string `json:"region"`
		PrivateNetworkUUID string `json:"private_network_uuid"`
	}](r)
	if err != nil {
		return nil, err
	}
	if _, err := s.openRegion(request.Region); err != nil {
		return nil, err
	}
	network, err := s.networkFor(request.PrivateNetworkUUID, request.Region)
	if err != nil {
		return nil, err
	}
	s.busyDatabase(d, "migrating", s.options.ActionTime, func() {
		s.leaveVPC(d.PrivateNetworkUUID, d.urn())
		d.Region, d.PrivateNetworkUUID = request.Region, network.ID
		s.joinVPC(network.ID, d.urn(), d.Name)
	})
	return nil, nil
}
