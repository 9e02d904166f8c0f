// Package api is the contract of Shieldpod's HTTP API: its OpenAPI document, and the models generated from it.
//
// Start with package client, which calls a server. [Contract] is for other tools.
package api

import _ "embed" // for Contract

// Contract is the OpenAPI document, YAML.
//
//go:embed openapi.yaml
var Contract []byte
