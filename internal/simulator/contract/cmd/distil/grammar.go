package main

import "strings"

// What becomes of the value of a keyword. Any other word is the name of a kind
// of object, a key of grammar. "[]" before a word stands for a list of such
// values, "{}" for an object whose keys are names, such as those of properties.
const (
	fact      = "fact"      // a scalar that is kept
	reference = "reference" // where a component is
	left      = ""          // left out
)

// grammar is what an OpenAPI 3.0 document consists of: for each kind of object
// its keywords. Left out is what no test looks at. A keyword that is not
// listed ends the program, because leaving it out might make the checks laxer.
var grammar = map[string]map[string]string{
	"path": {
		"$ref": reference, "parameters": "[]parameter",
		"get": "operation", "put": "operation", "post": "operation", "delete": "operation",
		"options": "operation", "head": "operation", "patch": "operation", "trace": "operation",
		"summary": left, "description": left, "servers": left,
	},
	"operation": {
		"parameters": "[]parameter", "requestBody": "requestBody", "responses": "{}response",
		"security": "[]{}[]fact", // the scopes that a token needs, which documentation is held to
		"tags":     left, "summary": left, "description": left, "externalDocs": left, "operationId": left,
		"callbacks": left, "deprecated": left, "servers": left,
	},
	"parameter": {
		"$ref": reference, "name": fact, "in": fact, "required": fact, "allowEmptyValue": fact,
		"style": fact, "explode": fact, "allowReserved": fact, "schema": "schema", "content": "{}mediaType",
		"description": left, "deprecated": left, "example": left, "examples": left,
	},
	"requestBody": {
		"$ref": reference, "required": fact, "content": "{}mediaType",
		"description": left,
	},
	"response": {
		"$ref": reference, "headers": "{}header", "content": "{}mediaType",
		"description": left, "links": left,
	},
	"header": {
		"$ref": reference, "required": fact, "allowEmptyValue": fact,
		"style": fact, "explode": fact, "allowReserved": fact, "schema": "schema", "content": "{}mediaType",
		"description": left, "deprecated": left, "example": left, "examples": left,
	},
	"mediaType": {
		"schema": "schema", "encoding": "{}encoding",
		"example": left, "examples": left,
	},
	"encoding": {
		"contentType": fact, "headers": "{}header", "style": fact, "explode": fact, "allowReserved": fact,
	},
	"schema": {
		"$ref": reference, "type": fact, "format": fact, "enum": "[]fact", "nullable": fact,
		"readOnly": fact, "writeOnly": fact,
		"minimum": fact, "maximum": fact, "exclusiveMinimum": fact, "exclusiveMaximum": fact, "multipleOf": fact,
		"minLength": fact, "maxLength": fact, "pattern": fact,
		"items": "schema", "minItems": fact, "maxItems": fact, "uniqueItems": fact,
		"properties": "{}schema", "additionalProperties": "schema", "required": "[]fact",
		"minProperties": fact, "maxProperties": fact,
		"allOf": "[]schema", "oneOf": "[]schema", "anyOf": "[]schema", "not": "schema",
		"discriminator": "discriminator",

		"title": left, "description": left, "default": left, "deprecated": left,
		"example": left, "examples": left, "externalDocs": left, "xml": left,
	},
	"discriminator": {
		"propertyName": fact, "mapping": "{}reference",
	},
}

// sections are the parts of components that something can refer to, each with
// the kind of its objects.
var sections = map[string]string{
	"schemas":       "schema",
	"responses":     "response",
	"parameters":    "parameter",
	"requestBodies": "requestBody",
	"headers":       "header",
}

// areas are what a cluster can touch, by the beginning of the path after
// /v2/. Nothing else of the document is kept.
var areas = map[string]bool{
	"account": true, "actions": true, "databases": true, "domains": true, "droplets": true,
	"firewalls": true, "images": true, "load_balancers": true, "projects": true, "regions": true,
	"reserved_ips": true, "reserved_ipv6": true, "sizes": true, "snapshots": true, "tags": true,
	"volumes": true, "vpc_peerings": true, "vpcs": true,
}

func inAreas(path string) bool {
	rest, found := strings.CutPrefix(path, "/v2/")
	area, _, _ := strings.Cut(rest, "/")
	return found && areas[area]
}
