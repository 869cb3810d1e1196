package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oasdiff/yaml"
)

// componentsPrefix is where everything is that one part of a bundled document
// takes from another.
const componentsPrefix = "#/components/"

// distiller reduces one document and notes what the reduced parts refer to.
type distiller struct {
	references []string
}

// distil turns a document, YAML or JSON, into JSON that has its structure: what
// requests and answers are checked by, and none of its text. Components that
// nothing refers to are left out. The same document always gives the same JSON.
func distil(document []byte) ([]byte, error) {
	var published struct {
		OpenAPI    string                    `json:"openapi"`
		Paths      map[string]any            `json:"paths"`
		Components map[string]map[string]any `json:"components"`
	}
	exact := func(d *json.Decoder) *json.Decoder { d.UseNumber(); return d }
	if _, err := yaml.Unmarshal(document, &published, yaml.DecodeOpts{DisableTimestamps: true}, exact); err != nil {
		return nil, fmt.Errorf("parse the document: %w", err)
	}
	if !strings.HasPrefix(published.OpenAPI, "3.0.") {
		return nil, fmt.Errorf("the document follows OpenAPI %q, and only 3.0 is known: extend the grammar", published.OpenAPI)
	}
	described := map[string]any{}
	for path, item := range published.Paths {
		if inAreas(path) {
			described[path] = item
		}
	}
	var d distiller
	paths, err := d.reduce("{}path", described, "paths")
	if err != nil {
		return nil, err
	}
	components, err := d.components(published.Components)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = render(&out, map[string]any{
		"openapi": published.OpenAPI,
		// OpenAPI wants a title and a version.
		"info":       map[string]any{"title": "Structure of DigitalOcean's API", "version": "2"},
		"paths":      paths,
		"components": components,
	}, lineDepth)
	out.WriteByte('\n')
	return out.Bytes(), err
}

// lineDepth is how deep objects are written over several lines: down to the
// operations of a path and the components of a section, each on a line of its
// own, so that a newer document shows as a diff that can be read.
const lineDepth = 3

// render appends JSON with sorted keys.
func render(out *bytes.Buffer, value any, depth int) error {
	object, isObject := value.(map[string]any)
	if !isObject || depth == 0 {
		encoded, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("write JSON: %w", err)
		}
		out.Write(encoded)
		return nil
	}
	separator := "{"
	for _, key := range slices.Sorted(maps.Keys(object)) {
		fmt.Fprintf(out, "%s\n", separator)
		if err := render(out, key, 0); err != nil {
			return err
		}
		out.WriteByte(':')
		if err := render(out, object[key], depth-1); err != nil {
			return err
		}
		separator = ","
	}
	out.WriteString("\n}")
	return nil
}

// components reduces what was referred to so far, and what that refers to.
func (d *distiller) components(published map[string]map[string]any) (map[string]any, error) {
	reduced := map[string]any{}
	for len(d.references) > 0 {
		ref := d.references[0]
		d.references = d.references[1:]
		section, name, _ := strings.Cut(strings.TrimPrefix(ref, componentsPrefix), "/")
		kind := sections[section]
		component, found := published[section][name]
		if !found || kind == "" {
			return nil, fmt.Errorf("the document refers to %s, which is not there", ref)
		}
		named, started := reduced[section].(map[string]any)
		if !started {
			named = map[string]any{}
			reduced[section] = named
		}
		if named[name] != nil {
			continue
		}
		var err error
		if named[name], err = d.reduce(kind, component, ref); err != nil {
			return nil, err
		}
	}
	return reduced, nil
}

// reduce returns the structure of a value of the kind; where says in an error
// what the value is.
func (d *distiller) reduce(kind string, value any, where string) (any, error) {
	if element, isList := strings.CutPrefix(kind, "[]"); isList {
		return d.reduceList(element, value, where)
	}
	if element, isMap := strings.CutPrefix(kind, "{}"); isMap {
		return d.reduceMap(element, value, where)
	}
	switch kind {
	case fact:
		return scalar(value, where)
	case reference:
		return d.refer(value, where)
	case "schema":
		if _, all := value.(bool); all { // additionalProperties: true or false
			return value, nil
		}
	}
	return d.reduceObject(kind, value, where)
}

func (d *distiller) reduceList(kind string, value any, where string) (any, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is %T, not a list", where, value)
	}
	reduced := make([]any, len(list))
	for i, element := range list {
		var err error
		if reduced[i], err = d.reduce(kind, element, fmt.Sprintf("%s[%d]", where, i)); err != nil {
			return nil, err
		}
	}
	return reduced, nil
}

func (d *distiller) reduceMap(kind string, value any, where string) (any, error) {
	named, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is %T, not an object", where, value)
	}
	reduced := make(map[string]any, len(named))
	for name, element := range named {
		var err error
		if reduced[name], err = d.reduce(kind, element, where+"."+name); err != nil {
			return nil, err
		}
	}
	return reduced, nil
}

func (d *distiller) reduceObject(kind string, value any, where string) (any, error) {
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is %T, not an object", where, value)
	}
	if ref, found := object["$ref"]; found { // in OpenAPI 3.0 nothing beside it counts
		object = map[string]any{"$ref": ref}
	}
	reduced := map[string]any{}
	for keyword, part := range object {
		becomes, known := grammar[kind][keyword]
		if !known && !strings.HasPrefix(keyword, "x-") {
			return nil, fmt.Errorf("%s has %q, which no %s is known to have: extend the grammar", where, keyword, kind)
		}
		if becomes == left {
			continue
		}
		var err error
		if reduced[keyword], err = d.reduce(becomes, part, where+"."+keyword); err != nil {
			return nil, err
		}
	}
	if kind == "response" && reduced["$ref"] == nil {
		reduced["description"] = "" // OpenAPI wants one
	}
	return reduced, nil
}

func scalar(value any, where string) (any, error) {
	switch value.(type) {
	case nil, bool, string, json.Number:
		return value, nil
	}
	return nil, fmt.Errorf("%s is %T, not a single value", where, value)
}

// refer notes a reference, so that what it leads to is kept as well.
func (d *distiller) refer(value any, where string) (any, error) {
	ref, ok := value.(string)
	if !ok {
		return nil, fmt.Errorf("%s is %T, not a reference", where, value)
	}
	if !strings.HasPrefix(ref, componentsPrefix) {
		return nil, fmt.Errorf("%s refers to %q, outside of the document's components: bundle the document into one file", where, ref)
	}
	d.references = append(d.references, ref)
	return ref, nil
}
