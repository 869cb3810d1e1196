package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// backupPolicy says when backups are made, as the API description's schema
// "droplet_backup_policy" has it.
type backupPolicy struct {
	Plan                string `json:"plan"`              // daily or weekly
	Weekday             string `json:"weekday,omitempty"` // of weekly ones
	Hour                int    `json:"hour"`              // UTC, start of the window
	WindowLengthHours   int    `json:"window_length_hours"`
	RetentionPeriodDays int    `json:"retention_period_days"`
}

type backupWindow struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// windowHours is the length of a backup window.
const windowHours = 4

// What a policy may say.
var (
	backupWeekdays  = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
	backupHours     = []int{0, 4, 8, 12, 16, 20}
	backupRetention = map[string]int{"daily": 7, "weekly": 28} // days
)

func (s *Simulator) dropletBackupRoutes() {
	s.route("GET /v2/droplets/{droplet_id}/backups/policy", http.StatusOK, func(r *http.Request) (any, error) {
		d, err := s.pathDroplet(r)
		if err != nil {
			return nil, err
		}
		return object{"policy": s.viewBackupPolicy(d)}, nil
	})
	s.route("GET /v2/droplets/backups/policies", http.StatusOK, s.listBackupPolicies)
	s.route("GET /v2/droplets/backups/supported_policies", http.StatusOK, func(*http.Request) (any, error) {
		return object{"supported_policies": []object{supportedPolicy("weekly", backupWeekdays), supportedPolicy("daily", []string{})}}, nil
	})
}

// listBackupPolicies pages over droplets and answers with a map by their ids.
func (s *Simulator) listBackupPolicies(r *http.Request) (any, error) {
	droplets := s.droplets.where(func(d *droplet) bool { return d.backupPolicy != nil })
	shown, links, err := onPage(r, droplets)
	if err != nil {
		return nil, err
	}
	policies := object{}
	for _, d := range shown {
		policies[strconv.Itoa(d.id)] = s.viewBackupPolicy(d)
	}
	return object{"policies": policies, "links": links, "meta": object{"total": len(droplets)}}, nil
}

func supportedPolicy(name string, days []string) object {
	return object{
		"name": name, "possible_window_starts": backupHours, "window_length_hours": windowHours,
		"retention_period_days": backupRetention[name], "possible_days": days,
	}
}

// viewBackupPolicy leaves out what a droplet without backups does not have.
func (s *Simulator) viewBackupPolicy(d *droplet) object {
	view := object{"droplet_id": d.id, "backup_enabled": d.backupPolicy != nil}
	if d.backupPolicy != nil {
		view["backup_policy"] = d.backupPolicy
		view["next_backup_window"] = s.nextBackupWindow(d)
	}
	return view
}

// newBackupPolicy checks a policy and completes it; nil means weekly on Sundays.
func newBackupPolicy(wanted *backupPolicy) (*backupPolicy, error) {
	if wanted == nil {
		wanted = &backupPolicy{Plan: "weekly", Weekday: "SUN"}
	}
	policy := *wanted
	days, known := backupRetention[policy.Plan]
	switch {
	case !known:
		return nil, unprocessable("backup_policy.plan must be daily or weekly")
	case policy.Plan == "weekly" && !slices.Contains(backupWeekdays, policy.Weekday):
		return nil, unprocessable("backup_policy.weekday is invalid")
	case !slices.Contains(backupHours, policy.Hour):
		return nil, unprocessable("backup_policy.hour must be one of 0, 4, 8, 12, 16, 20")
	}
	policy.WindowLengthHours, policy.RetentionPeriodDays = windowHours, days
	return &policy, nil
}

// nextBackupWindow is the next start of a droplet's window, null without backups.
func (s *Simulator) nextBackupWindow(d *droplet) *backupWindow {
	if d.backupPolicy == nil {
		return nil
	}
	now := s.timestamp()
	start := time.Date(now.Year(), now.Month(), now.Day(), d.backupPolicy.Hour, 0, 0, 0, time.UTC)
	for !start.After(now) || !d.backupPolicy.isDay(start.Weekday()) {
		start = start.AddDate(0, 0, 1)
	}
	return &backupWindow{Start: start, End: start.Add(windowHours * time.Hour)}
}

func (p *backupPolicy) isDay(day time.Weekday) bool {
	return p.Plan == "daily" || backupWeekdays[day] == p.Weekday
}

func (s *Simulator) prepareEnableBackups(d *droplet, wanted dropletActionRequest) (func() error, error) {
	if d.backupPolicy != nil {
		return nil, unprocessable("Backups are already enabled for this Droplet.")
	}
	return setBackupPolicy(d, wanted)
}

func (s *Simulator) prepareChangeBackups(d *droplet, wanted dropletActionRequest) (func() error, error) {
	if d.backupPolicy == nil {
		return nil, unprocessable("Backups are not enabled for this Droplet.")
	}
	return setBackupPolicy(d, wanted)
}

func setBackupPolicy(d *droplet, wanted dropletActionRequest) (func() error, error) {
	policy, err := newBackupPolicy(wanted.BackupPolicy)
	if err != nil {
		return nil, err
	}
	return func() error { d.backupPolicy = policy; return nil }, nil
}

func (s *Simulator) prepareDisableBackups(d *droplet, _ dropletActionRequest) (func() error, error) {
	if d.backupPolicy == nil {
		return nil, unprocessable("Backups are not enabled for this Droplet.")
	}
	return func() error { d.backupPolicy = nil; return nil }, nil
}
