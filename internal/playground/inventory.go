package playground

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// families are the lists of the API that a cluster's objects appear in, and
// the field that tells one object from the next.
var families = map[string]string{ //nolint:gochecknoglobals // a constant table
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
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/v2/"+family+"?per_page=200", nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer map[string]json.RawMessage
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	var objects []map[string]any
	if err := json.Unmarshal(answer[family], &objects); err != nil {
		return nil, fmt.Errorf("status %s: %w", response.Status, err)
	}
	var names []string
	for _, object := range objects {
		names = append(names, fmt.Sprint(family, " ", object[field]))
	}
	return names, nil
}
