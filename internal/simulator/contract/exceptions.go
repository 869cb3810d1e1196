package contract

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// exceptions is the one list of what real clients send, or the real API
// answers, although the document refuses it. Each amends the document as
// narrowly as it can.
var exceptions = []struct {
	name   string
	reason string
	amend  func(doc *openapi3.T) error
}{
	{
		"droplet without a backup window",
		"next_backup_window is an allOf whose first part may be null and whose second, a mere description, may not; " +
			"the API answers null for every droplet without backups",
		func(doc *openapi3.T) error { return allowNullInSecondPart(doc, "droplet", "next_backup_window") },
	},
	{
		"volumes of a new droplet as objects",
		"godo sends DropletCreateRequest.Volumes as {\"id\": …}, the document has plain ids",
		allowVolumeObjects,
	},
	{
		"ICMP rules without ports",
		"ICMP has no ports; clients leave them out, and the document requires them for every protocol",
		allowICMPWithoutPorts,
	},
	{
		"firewall with tags null",
		"godo sends FirewallRequest.Tags as null when there are none; the document's allOf is nullable in its first part only",
		func(doc *openapi3.T) error { return allowNullInSecondPart(doc, "firewall", "tags") },
	},
	{
		"TXT, SRV and NS records without tag",
		"only CAA records have a tag; the document requires one of others, too, and clients leave it out",
		allowRecordsWithoutTag,
	},
	{
		"new project with an empty environment",
		"godo sends CreateProject.Environment as \"\" when it is not chosen",
		allowEmptyEnvironment,
	},
	{
		"project PATCH with nulls",
		"godo sends null for every field of UpdateProjectRequest that shall stay as it is",
		allowNullsInProjectPatch,
	},
	{
		"URN do:reservedip",
		"reserved IPs took over from floating IPs; the API takes and gives both names, the document has the old one",
		func(doc *openapi3.T) error {
			return editSchema(doc, "urn", func(s *openapi3.Schema) {
				s.Pattern = `^do:(dbaas|domain|droplet|floatingip|reservedip|loadbalancer|space|volume|kubernetes|vpc):.*`
			})
		},
	},
	{
		"droplet action change_backup_policy",
		"the document describes the action's body but leaves its type out of the list of types",
		allowChangeBackupPolicy,
	},
}

// allowExceptions fails when the document has changed so that an exception
// finds nothing to amend: it may then be superfluous.
func allowExceptions(doc *openapi3.T) error {
	if doc.Components == nil {
		return errors.New("the API description has no schemas")
	}
	for _, e := range exceptions {
		if err := e.amend(doc); err != nil {
			return fmt.Errorf("allow %s: %w", e.name, err)
		}
	}
	return nil
}

func allowNullInSecondPart(doc *openapi3.T, schema, property string) error {
	return editProperty(doc, schema, property, func(p *openapi3.Schema) error {
		if len(p.AllOf) != 2 {
			return errors.New("no allOf of two parts")
		}
		p.AllOf[1].Value.Nullable = true
		return nil
	})
}

func allowVolumeObjects(doc *openapi3.T) error {
	return editProperty(doc, "droplet_create", "volumes", func(p *openapi3.Schema) error {
		object := openapi3.NewObjectSchema().WithProperty("id", openapi3.NewStringSchema()).WithRequired([]string{"id"})
		either := openapi3.NewAnyOfSchema(p.Items.Value, object)
		p.Items = either.NewRef()
		return nil
	})
}

func allowICMPWithoutPorts(doc *openapi3.T) error {
	return editSchema(doc, "firewall_rule_base", func(s *openapi3.Schema) {
		icmp := openapi3.NewObjectSchema().WithProperty("protocol", openapi3.NewStringSchema().WithEnum("icmp"))
		others := openapi3.NewObjectSchema().WithRequired([]string{"ports"})
		s.Required = without(s.Required, "ports")
		s.AnyOf = openapi3.SchemaRefs{icmp.NewRef(), others.NewRef()}
	})
}

func allowRecordsWithoutTag(doc *openapi3.T) error {
	for _, name := range []string{"domain_record_txt", "domain_record_srv", "domain_record_ns"} {
		err := editSchema(doc, name, func(s *openapi3.Schema) {
			for _, part := range s.AllOf {
				part.Value.Required = without(part.Value.Required, "tag")
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func allowEmptyEnvironment(doc *openapi3.T) error {
	body, err := requestBody(doc, "POST", "/v2/projects")
	if err != nil {
		return err
	}
	if len(body.AllOf) == 0 || body.AllOf[0].Value.Properties["environment"] == nil {
		return errors.New("no allOf with an environment")
	}
	body.AllOf[0] = copyWithProperties(body.AllOf[0].Value, func(name string, p *openapi3.Schema) {
		if name == "environment" {
			p.Enum = append(slices.Clone(p.Enum), "")
		}
	})
	return nil
}

func allowNullsInProjectPatch(doc *openapi3.T) error {
	for _, path := range []string{"/v2/projects/{project_id}", "/v2/projects/default"} {
		body, err := requestBody(doc, "PATCH", path)
		if err != nil {
			return err
		}
		parts := openapi3.SchemaRefs{}
		for _, part := range body.AllOf {
			parts = append(parts, copyWithProperties(part.Value, func(_ string, p *openapi3.Schema) {
				p.Nullable = true
				if len(p.Enum) > 0 {
					p.Enum = append(slices.Clone(p.Enum), nil)
				}
			}))
		}
		// The body may be the schema that answers use, so it is replaced, not
		// edited.
		content := doc.Paths.Value(path).Patch.RequestBody.Value.Content["application/json"]
		content.Schema = (&openapi3.Schema{AllOf: parts}).NewRef()
	}
	return nil
}

func allowChangeBackupPolicy(doc *openapi3.T) error {
	return editProperty(doc, "droplet_action", "type", func(p *openapi3.Schema) error {
		p.Enum = append(p.Enum, "change_backup_policy")
		return nil
	})
}

func editSchema(doc *openapi3.T, name string, edit func(*openapi3.Schema)) error {
	schema, err := findSchema(doc, name)
	if err != nil {
		return err
	}
	edit(schema)
	return nil
}

// editProperty looks for the property in the schema itself and in the parts
// of its allOf.
func editProperty(doc *openapi3.T, schema, property string, edit func(*openapi3.Schema) error) error {
	found, err := findSchema(doc, schema)
	if err != nil {
		return err
	}
	for _, part := range append(openapi3.SchemaRefs{found.NewRef()}, found.AllOf...) {
		if p := part.Value.Properties[property]; p != nil {
			return edit(p.Value)
		}
	}
	return fmt.Errorf("the schema %s has no property %s", schema, property)
}

func findSchema(doc *openapi3.T, name string) (*openapi3.Schema, error) {
	ref := doc.Components.Schemas[name]
	if ref == nil || ref.Value == nil {
		return nil, fmt.Errorf("the document has no schema %s", name)
	}
	return ref.Value, nil
}

func requestBody(doc *openapi3.T, method, path string) (*openapi3.Schema, error) {
	item := doc.Paths.Value(path)
	if item == nil {
		return nil, fmt.Errorf("the document has no path %s", path)
	}
	operation := item.GetOperation(method)
	if operation == nil || operation.RequestBody == nil {
		return nil, fmt.Errorf("the document has no body for %s %s", method, path)
	}
	content := operation.RequestBody.Value.Content["application/json"]
	if content == nil {
		return nil, fmt.Errorf("the body of %s %s is not JSON", method, path)
	}
	return content.Schema.Value, nil
}

// copyWithProperties copies a schema so that edits of its properties stay
// where the copy is used.
func copyWithProperties(s *openapi3.Schema, edit func(name string, p *openapi3.Schema)) *openapi3.SchemaRef {
	copied := *s
	copied.Properties = maps.Clone(s.Properties)
	for name, ref := range s.Properties {
		p := *ref.Value
		edit(name, &p)
		copied.Properties[name] = p.NewRef()
	}
	return copied.NewRef()
}

func without(list []string, item string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == item })
}
