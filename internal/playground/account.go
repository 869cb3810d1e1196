package playground

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// families are the lists of the API that a cluster's objects appear in, and
// the field that tells one object from the next.
var families = map[string]string{
	"droplets":     "name",
	"firewalls":    "name",
	"reserved_ips": "ip",
	"snapshots":    "name",
	"tags":         "name",
	"volumes":      "name",
	"vpc_peerings": "name",
	"vpcs":         "name",
}

// Inventory lists what the account holds of everything a cluster may consist
// of, sorted, such as "droplets chat-us-1". It asks the API directly: what it
// finds does not depend on the provider's own eyes.
func (p *Playground) Inventory(ctx context.Context) ([]string, error) {
	var lines []string
	for family, field := range families {
		names, err := p.names(ctx, family, field)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", family, err)
		}
		lines = append(lines, names...)
	}
	slices.Sort(lines)
	return lines, nil
}

func (p *Playground) names(ctx context.Context, family, field string) ([]string, error) {
	var answer map[string]json.RawMessage
	if err := p.Call(ctx, http.MethodGet, "/v2/"+family+"?per_page=200", nil, &answer); err != nil {
		return nil, err
	}
	var objects []map[string]any
	if err := json.Unmarshal(answer[family], &objects); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(objects))
	for _, object := range objects {
		names = append(names, fmt.Sprint(family, " ", object[field]))
	}
	return names, nil
}

// AddSSHKey gives the account an SSH key that nobody has the private half of,
// and returns its fingerprint.
func (p *Playground) AddSSHKey(ctx context.Context, name string) (string, error) {
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		return "", err
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return "", err
	}
	return p.AddPublicKey(ctx, name, key)
}

// AddPublicKey gives the account the public half of an SSH key, and returns its
// fingerprint.
func (p *Playground) AddPublicKey(ctx context.Context, name string, key ssh.PublicKey) (string, error) {
	body := map[string]string{"name": name, "public_key": string(ssh.MarshalAuthorizedKey(key))}
	if err := p.Call(ctx, http.MethodPost, "/v2/account/keys", body, nil); err != nil {
		return "", err
	}
	return ssh.FingerprintLegacyMD5(key), nil
}

// CreateDroplet makes a droplet that Terraform does not know of, and returns its
// id. The body is that of the API's call.
func (p *Playground) CreateDroplet(ctx context.Context, body map[string]any) (int, error) {
	var answer struct {
		Droplet struct {
			ID int `json:"id"`
		} `json:"droplet"`
	}
	err := p.Call(ctx, http.MethodPost, "/v2/droplets", body, &answer)
	return answer.Droplet.ID, err
}

// DeleteDroplet destroys a droplet behind Terraform's back.
func (p *Playground) DeleteDroplet(ctx context.Context, id int) error {
	return p.Call(ctx, http.MethodDelete, fmt.Sprintf("/v2/droplets/%d", id), nil, nil)
}

// Dump is what the account holds, for another simulator to go on with. The
// default VPCs, which every account has, are left out.
func (p *Playground) Dump(ctx context.Context) (simulator.Dump, error) {
	var dump simulator.Dump
	for _, list := range []string{"droplets", "firewalls", "vpcs", "vpc_peerings", "volumes", "reserved_ips", "tags", "account/keys"} {
		if err := p.Call(ctx, http.MethodGet, "/v2/"+list+"?per_page=200", nil, &dump); err != nil {
			return dump, err
		}
	}
	own := dump.VPCs[:0]
	for _, v := range dump.VPCs {
		if !v.Default {
			own = append(own, v)
		}
	}
	dump.VPCs = own
	return dump, nil
}

// Call sends one request to the simulator, behind Terraform's back. The answer
// is decoded into the last argument unless that is nil.
func (p *Playground) Call(ctx context.Context, method, path string, body, answer any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, p.URL+path, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s", method, path, response.Status)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

// Kept takes the last snapshots of databases out of an inventory: what a destroy
// keeps on purpose.
func Kept(inventory []string) (snapshots, rest []string) {
	for _, line := range inventory {
		if strings.HasPrefix(line, "snapshots ") && strings.Contains(line, "-database-final") {
			snapshots = append(snapshots, line)
		} else {
			rest = append(rest, line)
		}
	}
	return snapshots, rest
}
