// Package api is the contract of Shieldpod's HTTP API: its OpenAPI document, the
// models and a client generated from it.
//
// Start with [NewClientWithResponses]: Launch exchanges a launch context (see
// the context package beside this one) for a bearer, and every other call takes it.
package api

import _ "embed" // for Contract

// Contract is the OpenAPI document, YAML.
//
//go:embed openapi.yaml
var Contract []byte
