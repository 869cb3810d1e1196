package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
)

// loadBalancer is a managed load balancer.
type loadBalancer struct {
	loadBalancerSettings
	ID        string
	IP        string // empty until it is active
	Status    string // new or active
	CreatedAt time.Time
	Region    *region // nil for a global one
}

// loadBalancerSettings are what clients choose: the part that requests and the
// API description's schema "load_balancer" have in common.
type loadBalancerSettings struct {
	Name                         string           `json:"name"`
	ProjectID                    string           `json:"project_id,omitempty"`
	SizeUnit                     int              `json:"size_unit,omitempty"`
	Size                         string           `json:"size,omitempty"`
	Algorithm                    string           `json:"algorithm"`
	ForwardingRules              []forwardingRule `json:"forwarding_rules"`
	HealthCheck                  *healthCheck     `json:"health_check"`
	StickySessions               *stickySessions  `json:"sticky_sessions"`
	RedirectHTTPToHTTPS          bool             `json:"redirect_http_to_https"`
	EnableProxyProtocol          bool             `json:"enable_proxy_protocol"`
	EnableBackendKeepalive       bool             `json:"enable_backend_keepalive"`
	HTTPIdleTimeoutSeconds       int              `json:"http_idle_timeout_seconds"`
	VPCUUID                      string           `json:"vpc_uuid,omitempty"`
	DisableLetsEncryptDNSRecords bool             `json:"disable_lets_encrypt_dns_records"`
	Firewall                     *lbFirewall      `json:"firewall"`
	Network                      string           `json:"network"`
	NetworkStack                 string           `json:"network_stack"`
	Type                         string           `json:"type"`
	Domains                      []lbDomain       `json:"domains,omitempty"`
	GLBSettings                  json.RawMessage  `json:"glb_settings,omitempty"`
	TargetLoadBalancerIDs        []string         `json:"target_load_balancer_ids,omitempty"`
	TLSCipherPolicy              string           `json:"tls_cipher_policy"`
	DropletIDs                   []int            `json:"droplet_ids"`
	Tag                          string           `json:"tag"`
}

type forwardingRule struct {
	EntryProtocol  string `json:"entry_protocol"`
	EntryPort      int    `json:"entry_port"`
	TargetProtocol string `json:"target_protocol"`
	TargetPort     int    `json:"target_port"`
	CertificateID  string `json:"certificate_id"`
	TLSPassthrough bool   `json:"tls_passthrough"`
}

type healthCheck struct {
	Protocol               string `json:"protocol"`
	Port                   int    `json:"port"`
	Path                   string `json:"path,omitempty"`
	CheckIntervalSeconds   int    `json:"check_interval_seconds"`
	ResponseTimeoutSeconds int    `json:"response_timeout_seconds"`
	UnhealthyThreshold     int    `json:"unhealthy_threshold"`
	HealthyThreshold       int    `json:"healthy_threshold"`
}

type stickySessions struct {
	Type             string `json:"type"` // cookies or none
	CookieName       string `json:"cookie_name,omitempty"`
	CookieTTLSeconds int    `json:"cookie_ttl_seconds,omitempty"`
}

type lbFirewall struct {
	Deny  []string `json:"deny"`
	Allow []string `json:"allow"`
}

type lbDomain struct {
	Name          string `json:"name"`
	IsManaged     bool   `json:"is_managed"`
	CertificateID string `json:"certificate_id,omitempty"`
}

// loadBalancerRequest is the body of a create and of an update.
type loadBalancerRequest struct {
	loadBalancerSettings
	Region string `json:"region"`
}

// loadBalancerView is a load balancer as the API shows it.
type loadBalancerView struct {
	loadBalancerSettings
	ID        string    `json:"id"`
	IP        string    `json:"ip"`
	Status    string    `json:"status"`
	CreatedAt time.Time `json:"created_at"`
	Region    *region   `json:"region,omitempty"`
}

func (lb *loadBalancer) urn() string { return "do:loadbalancer:" + lb.ID }

func (s *Simulator) loadBalancerRoutes() {
	const item = "/v2/load_balancers/{lb_id}"
	s.route("GET /v2/load_balancers", http.StatusOK, func(r *http.Request) (any, error) {
		return paginated(r, "load_balancers", convert(s.loadBalancers.all(), s.viewLoadBalancer))
	})
	s.route("POST /v2/load_balancers", http.StatusAccepted, s.createLoadBalancer)
	s.route("GET "+item, http.StatusOK, func(r *http.Request) (any, error) {
		lb, err := s.pathLoadBalancer(r)
		if err != nil {
			return nil, err
		}
		return object{"load_balancer": s.viewLoadBalancer(lb)}, nil
	})
	s.route("PUT "+item, http.StatusOK, s.updateLoadBalancer)
	s.route("DELETE "+item, http.StatusNoContent, s.deleteLoadBalancer)
	s.route("DELETE "+item+"/cache", http.StatusNoContent, func(r *http.Request) (any, error) {
		_, err := s.pathLoadBalancer(r)
		return nil, err
	})
	s.route("POST "+item+"/droplets", http.StatusNoContent, s.changeLoadBalancer(addDroplets))
	s.route("DELETE "+item+"/droplets", http.StatusNoContent, s.changeLoadBalancer(removeDroplets))
	s.route("POST "+item+"/forwarding_rules", http.StatusNoContent, s.changeLoadBalancer(addRules))
	s.route("DELETE "+item+"/forwarding_rules", http.StatusNoContent, s.changeLoadBalancer(removeRules))
}

func (s *Simulator) pathLoadBalancer(r *http.Request) (*loadBalancer, error) {
	return find(&s.loadBalancers, r.PathValue("lb_id"))
}

// viewLoadBalancer resolves the tag, if it has one, to the droplets it means now.
func (s *Simulator) viewLoadBalancer(lb *loadBalancer) loadBalancerView {
	view := loadBalancerView{lb.loadBalancerSettings, lb.ID, lb.IP, lb.Status, lb.CreatedAt, lb.Region}
	view.ProjectID = s.projectOf(lb.urn())
	view.DropletIDs = []int{}
	for _, d := range s.droplets.all() {
		if slices.Contains(lb.DropletIDs, d.id) || lb.Tag != "" && hasTag(d.tags, lb.Tag) && d.region == lb.Region {
			view.DropletIDs = append(view.DropletIDs, d.id)
		}
	}
	return view
}

// createLoadBalancer makes a load balancer; it is active, with an address,
// after BootTime.
func (s *Simulator) createLoadBalancer(r *http.Request) (any, error) {
	request, err := decode[loadBalancerRequest](r)
	if err != nil {
		return nil, err
	}
	request.fillDefaults()
	lb := &loadBalancer{
		loadBalancerSettings: request.loadBalancerSettings,
		ID:                   uuid.NewString(), Status: "new", CreatedAt: s.timestamp(),
	}
	if err := s.place(lb, request.Region); err != nil {
		return nil, err
	}
	if err := s.checkLoadBalancer(lb); err != nil {
		return nil, err
	}
	if err := s.assign(lb.urn(), request.ProjectID); err != nil {
		return nil, err
	}
	s.loadBalancers.add(lb.ID, lb)
	s.joinVPC(lb.VPCUUID, lb.urn(), lb.Name)
	s.after(s.options.BootTime, func() {
		address, _ := s.nextPublicIPv4()
		lb.IP, lb.Status = address.String(), "active"
	})
	return object{"load_balancer": s.viewLoadBalancer(lb)}, nil
}

// place puts a regional load balancer into its region and VPC; a global one
// has neither.
func (s *Simulator) place(lb *loadBalancer, slug string) error {
	if lb.Type == "GLOBAL" {
		return nil
	}
	found, err := s.openRegion(slug)
	if err != nil {
		return err
	}
	lb.Region = found
	network, err := s.networkFor(lb.VPCUUID, slug)
	if err != nil {
		return err
	}
	lb.VPCUUID = network.ID
	return nil
}

// networkFor is the VPC with this id, or the region's default when the id is
// empty.
func (s *Simulator) networkFor(id, region string) (*vpc, error) {
	if id == "" {
		return s.defaultVPC(region), nil
	}
	found, ok := s.vpcs.get(id)
	if !ok || found.Region != region {
		return nil, unprocessable("VPC %s does not exist in region %s", id, region)
	}
	return found, nil
}

// updateLoadBalancer replaces all settings; where it stands cannot change.
func (s *Simulator) updateLoadBalancer(r *http.Request) (any, error) {
	lb, err := s.pathLoadBalancer(r)
	if err != nil {
		return nil, err
	}
	request, err := decode[loadBalancerRequest](r)
	if err != nil {
		return nil, err
	}
	request.fillDefaults()
	changed := *lb
	changed.loadBalancerSettings = request.loadBalancerSettings
	changed.VPCUUID, changed.Network, changed.Type = lb.VPCUUID, lb.Network, lb.Type
	if err := s.checkLoadBalancer(&changed); err != nil {
		return nil, err
	}
	if err := s.assign(lb.urn(), request.ProjectID); err != nil {
		return nil, err
	}
	*lb = changed
	return object{"load_balancer": s.viewLoadBalancer(lb)}, nil
}

func (s *Simulator) deleteLoadBalancer(r *http.Request) (any, error) {
	lb, err := s.pathLoadBalancer(r)
	if err != nil {
		return nil, err
	}
	s.loadBalancers.remove(lb.ID)
	s.leaveVPC(lb.VPCUUID, lb.urn())
	return nil, nil
}

func (s *Simulator) checkLoadBalancer(lb *loadBalancer) error {
	switch {
	case lb.Name == "":
		return unprocessable("Name can't be blank")
	case len(lb.ForwardingRules) == 0 && lb.Type != "GLOBAL":
		return unprocessable("Forwarding rules can't be empty")
	case len(lb.DropletIDs) > 0 && lb.Tag != "":
		return unprocessable("Only one of droplet_ids and tag may be given")
	}
	for _, rule := range lb.ForwardingRules {
		if !isPort(rule.EntryPort) || !isPort(rule.TargetPort) {
			return unprocessable("Ports of forwarding rules must be between 1 and 65535")
		}
	}
	for _, other := range s.loadBalancers.all() {
		if other.ID != lb.ID && other.Name == lb.Name {
			return unprocessable("Load balancer name must be unique")
		}
	}
	return s.checkBackends(lb)
}

func isPort(port int) bool { return port >= 1 && port <= 65535 }

func (s *Simulator) checkBackends(lb *loadBalancer) error {
	for _, id := range lb.DropletIDs {
		d, ok := s.droplets.get(id)
		if !ok {
			return unprocessable("Droplet %d does not exist", id)
		}
		if lb.Region != nil && d.region != lb.Region {
			return unprocessable("Droplet %d is not in region %s", id, lb.Region.Slug)
		}
	}
	return nil
}
