package simulator

import (
	"net/http"

	"github.com/google/uuid"
)

// account is the API description's schema "account".
type account struct {
	DropletLimit    int    `json:"droplet_limit"`
	FloatingIPLimit int    `json:"floating_ip_limit"`
	ReservedIPLimit int    `json:"reserved_ip_limit"`
	VolumeLimit     int    `json:"volume_limit"`
	Email           string `json:"email"`
	Name            string `json:"name"`
	UUID            string `json:"uuid"`
	EmailVerified   bool   `json:"email_verified"`
	Status          string `json:"status"` // active, warning or locked
	StatusMessage   string `json:"status_message"`
	Team            team   `json:"team"`
}

type team struct {
	UUID string `json:"uuid"`
	Name string `json:"name"`
}

// openAccount sets up what every account has from the start: itself and its
// default project.
func (s *Simulator) openAccount() {
	s.account = account{
		DropletLimit:    s.options.DropletLimit,
		FloatingIPLimit: s.options.ReservedIPLimit,
		ReservedIPLimit: s.options.ReservedIPLimit,
		VolumeLimit:     s.options.VolumeLimit,
		Email:           "simulator@example.com",
		Name:            "Simulator",
		UUID:            uuid.NewString(),
		EmailVerified:   true,
		Status:          "active",
		Team:            team{UUID: uuid.NewString(), Name: "My Team"},
	}
	s.lastKey = 47_000_000
	s.lastRecord = 1_700_000_000
	s.assignments = map[string]assignment{}
	s.openDefaultProject()
}

func (s *Simulator) accountRoutes() {
	s.route("GET /v2/account", http.StatusOK, func(*http.Request) (any, error) {
		return object{"account": s.account}, nil
	})
}
