package simulator

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// databaseUser is the API description's schema "database_user".
type databaseUser struct {
	Name     string          `json:"name"`
	Role     string          `json:"role"` // primary or normal
	Password string          `json:"password"`
	Settings json.RawMessage `json:"settings,omitempty"`
}

// databaseName is one database within a cluster.
type databaseName struct {
	Name string `json:"name"`
}

// connectionPool is the API description's schema "connection_pool".
type connectionPool struct {
	Name              string              `json:"name"`
	Mode              string              `json:"mode"`
	Size              int                 `json:"size"`
	DB                string              `json:"db"`
	User              string              `json:"user"`
	Connection        *databaseConnection `json:"connection"`
	PrivateConnection *databaseConnection `json:"private_connection"`
}

// databaseReplica is the API description's schema "database_replica".
type databaseReplica struct {
	ID                 string              `json:"id"`
	Name               string              `json:"name"`
	Region             string              `json:"region"`
	Size               string              `json:"size"`
	Status             string              `json:"status"`
	Tags               []string            `json:"tags"`
	CreatedAt          time.Time           `json:"created_at"`
	PrivateNetworkUUID string              `json:"private_network_uuid"`
	Connection         *databaseConnection `json:"connection"`
	PrivateConnection  *databaseConnection `json:"private_connection"`
	StorageSizeMiB     int                 `json:"storage_size_mib"`
	DOSettings         *doSettings         `json:"do_settings,omitempty"`
}

// parts are things within a cluster that are known by name: they can be
// listed, made, looked at and deleted.
type parts[T any] struct {
	plural, singular string // keys in answers; plural is also the path
	of               func(*database) *table[string, *T]
	decode           func(*http.Request, *database) (name string, made *T, err error)
	keep             string // the one that cannot be deleted
}

func (s *Simulator) databasePartRoutes(cluster string) {
	routeParts(s, cluster, parts[databaseUser]{
		plural: "users", singular: "user", decode: decodeUser, keep: adminUser,
		of: func(d *database) *table[string, *databaseUser] { return &d.users },
	})
	routeParts(s, cluster, parts[databaseName]{
		plural: "dbs", singular: "db", decode: decodeDatabaseName,
		of: func(d *database) *table[string, *databaseName] { return &d.names },
	})
	routeParts(s, cluster, parts[connectionPool]{
		plural: "pools", singular: "pool", decode: decodePool,
		of: func(d *database) *table[string, *connectionPool] { return &d.pools },
	})
	routeParts(s, cluster, parts[databaseReplica]{
		plural: "replicas", singular: "replica", decode: s.decodeReplica,
		of: func(d *database) *table[string, *databaseReplica] { return &d.replicas },
	})
	s.onDatabase("PUT "+cluster+"/users/{name}", http.StatusCreated, updateUser)
	s.onDatabase("POST "+cluster+"/users/{name}/reset_auth", http.StatusOK, resetAuth)
	s.onDatabase("PUT "+cluster+"/pools/{name}", http.StatusNoContent, updatePool)
	s.onDatabase("PUT "+cluster+"/replicas/{name}/promote", http.StatusNoContent, promoteReplica)
}

func routeParts[T any](s *Simulator, cluster string, p parts[T]) {
	collection := cluster + "/" + p.plural
	s.onDatabase("GET "+collection, http.StatusOK, func(_ *http.Request, d *database) (any, error) {
		return object{p.plural: p.of(d).all()}, nil
	})
	s.onDatabase("POST "+collection, http.StatusCreated, func(r *http.Request, d *database) (any, error) {
		name, made, err := p.decode(r, d)
		if err != nil {
			return nil, err
		}
		if name == "" {
			return nil, unprocessable("name is required")
		}
		if _, taken := p.of(d).get(name); taken {
			return nil, conflict("%s %q already exists", p.singular, name)
		}
		p.of(d).add(name, made)
		return object{p.singular: made}, nil
	})
	s.onDatabase("GET "+collection+"/{name}", http.StatusOK, func(r *http.Request, d *database) (any, error) {
		part, err := find(p.of(d), r.PathValue("name"))
		return object{p.singular: part}, err
	})
	s.onDatabase("DELETE "+collection+"/{name}", http.StatusNoContent, func(r *http.Request, d *database) (any, error) {
		name := r.PathValue("name")
		if _, err := find(p.of(d), name); err != nil {
			return nil, err
		}
		if name == p.keep {
			return nil, unprocessable("%s %q cannot be deleted", p.singular, name)
		}
		p.of(d).remove(name)
		return nil, nil
	})
}

func decodeUser(r *http.Request, _ *database) (string, *databaseUser, error) {
	user, err := decode[databaseUser](r)
	if err != nil {
		return "", nil, err
	}
	user.Role, user.Password = "normal", newPassword()
	return user.Name, &user, nil
}

func updateUser(r *http.Request, d *database) (any, error) {
	user, err := find(&d.users, r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	request, err := decode[databaseUser](r)
	if err != nil {
		return nil, err
	}
	user.Settings = request.Settings
	return object{"user": user}, nil
}

func resetAuth(r *http.Request, d *database) (any, error) {
	user, err := find(&d.users, r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	user.Password = newPassword()
	if user.Name == adminUser {
		d.password = user.Password
	}
	return object{"user": user}, nil
}

func decodeDatabaseName(r *http.Request, _ *database) (string, *databaseName, error) {
	name, err := decode[databaseName](r)
	return name.Name, &name, err
}

func decodePool(r *http.Request, d *database) (string, *connectionPool, error) {
	pool, err := decode[connectionPool](r)
	if err != nil {
		return "", nil, err
	}
	if err := pool.check(d); err != nil {
		return "", nil, err
	}
	pool.Connection = d.connect(d.Name, pool.Name, poolPort)
	pool.PrivateConnection = d.connect("private-"+d.Name, pool.Name, poolPort)
	return pool.Name, &pool, nil
}

func (p *connectionPool) check(d *database) error {
	if _, ok := d.names.get(p.DB); !ok {
		return unprocessable("database %q does not exist", p.DB)
	}
	if _, ok := d.users.get(p.User); p.User != "" && !ok {
		return unprocessable("user %q does not exist", p.User)
	}
	if p.Size < 1 {
		return unprocessable("size must be at least 1")
	}
	return nil
}

func updatePool(r *http.Request, d *database) (any, error) {
	pool, err := find(&d.pools, r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	request, err := decode[connectionPool](r)
	if err != nil {
		return nil, err
	}
	if err := request.check(d); err != nil {
		return nil, err
	}
	pool.Mode, pool.Size, pool.DB, pool.User = request.Mode, request.Size, request.DB, request.User
	return nil, nil
}

// decodeReplica starts a read-only replica, which is online after BootTime.
func (s *Simulator) decodeReplica(r *http.Request, d *database) (string, *databaseReplica, error) {
	replica, err := decode[databaseReplica](r)
	if err != nil {
		return "", nil, err
	}
	if replica.Region == "" {
		replica.Region = d.Region
	}
	if _, err := s.openRegion(replica.Region); err != nil {
		return "", nil, err
	}
	network, err := s.networkFor(replica.PrivateNetworkUUID, replica.Region)
	if err != nil {
		return "", nil, err
	}
	if replica.StorageSizeMiB == 0 {
		replica.StorageSizeMiB = d.StorageSizeMiB
	}
	replica.ID, replica.CreatedAt, replica.Status = uuid.NewString(), s.timestamp(), "creating"
	replica.PrivateNetworkUUID = network.ID
	replica.Tags = listOf(replica.Tags)
	replica.Connection = d.connection("replica-" + replica.Name + "-")
	replica.PrivateConnection = d.connection("private-replica-" + replica.Name + "-")
	s.after(s.options.BootTime, func() { replica.Status = "online" })
	return replica.Name, &replica, nil
}

// promoteReplica cuts a replica loose. What becomes of it is not simulated.
func promoteReplica(r *http.Request, d *database) (any, error) {
	if _, err := find(&d.replicas, r.PathValue("name")); err != nil {
		return nil, err
	}
	d.replicas.remove(r.PathValue("name"))
	return nil, nil
}
