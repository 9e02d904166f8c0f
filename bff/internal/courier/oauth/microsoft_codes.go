package oauth

import (
	"fmt"
	"net/http"
	"slices"

	"golang.org/x/oauth2"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// microsoftCodes are the codes of Microsoft Entra (AADSTS…) that a sign-in of an application can meet.
// Source: learn.microsoft.com/entra/identity-platform/reference-error-codes, and public reports.
var microsoftCodes = map[int]explanation{
	7000215: {cause: "the client secret is wrong", nextStep: "Give the secret's Value, not its Secret ID, or make a new one under Certificates & secrets"},
	7000222: {cause: "the client secret has expired", nextStep: "Make a new one under Certificates & secrets and store the account again"},
	7000216: {cause: "the application proved nothing", nextStep: "Give a client secret or a certificate"},
	7000218: {cause: "the application proved nothing", nextStep: "Give a client secret or a certificate"},
	700016:  {cause: "this directory has no such application", nextStep: "Compare the client ID and the directory with the application's overview page, and consent to it there"},
	7000229: {cause: "this directory has no service principal of the application", nextStep: "Consent to the application in this directory as an administrator"},
	7000112: {cause: "the application is disabled", nextStep: "Enable it under Enterprise applications, Properties"},
	700025:  {cause: "the application is registered as a public client", nextStep: "Switch off Allow public client flows under Authentication"},
	700027:  {cause: "the certificate is not registered with the application, or has expired there", nextStep: "Upload the certificate under Certificates & secrets, or register a new one"},
	1000502: {cause: "the certificate is outside of its validity", nextStep: "Register a new certificate and store the account again"},
	700024:  {cause: "this server's clock differs from Microsoft's", nextStep: "Set this server's clock by NTP"},
	90002:   {cause: "there is no such directory", nextStep: "Compare the directory's ID with the overview page, and check the cloud"},
	900023:  {cause: "there is no such directory", nextStep: "Compare the directory's ID with the overview page, and check the cloud"},
	900382:  {cause: "the directory is in another cloud", nextStep: "Set the cloud to the directory's"},
	500011:  {cause: "this directory has no Exchange Online or Microsoft Graph of this cloud", nextStep: "Check the cloud, and that the directory has a licence with Exchange Online"},
	70011:   {cause: "Microsoft knows no such resource in this cloud", nextStep: "Check the cloud"},
	65001:   {cause: "no administrator has consented to the application's permissions", nextStep: "Grant admin consent under API permissions"},
	53003:   {cause: "a Conditional Access policy blocks the application", nextStep: "Exclude the application from the policy for workload identities, or allow this server's address in it"},
	530033:  {cause: "a Conditional Access policy blocks the application", nextStep: "Exclude the application from the policy for workload identities, or allow this server's address in it"},
	50196:   {cause: "too many requests for tokens", temporary: true},
	90006:   {cause: "Microsoft Entra is not available", temporary: true},
	90033:   {cause: "Microsoft Entra is not available", temporary: true},
}

// explainMicrosoft explains a refusal by its numbers, of which the first known one counts.
func explainMicrosoft(refusal *oauth2.RetrieveError) explanation {
	var body struct {
		Codes []int `json:"error_codes"`
	}
	if strictjson.Unmarshal(refusal.Body, &body) != nil || len(body.Codes) == 0 {
		return explanation{code: oauthCode(refusal), temporary: refusal.ErrorCode == "temporarily_unavailable"}
	}
	i := max(0, slices.IndexFunc(body.Codes, func(code int) bool { return microsoftCodes[code].cause != "" }))
	e := microsoftCodes[body.Codes[i]]
	e.code = fmt.Sprintf("AADSTS%d", body.Codes[i])
	e.temporary = e.temporary || refusal.ErrorCode == "temporarily_unavailable"
	if e.cause == "" && refusal.Response.StatusCode < http.StatusInternalServerError {
		e.nextStep = "Look the code up at https://login.microsoftonline.com/error"
	}
	return e
}

// oauthCodes are the codes of RFC 6749 and of Google that can be repeated: they hold nothing of the account.
var oauthCodes = []string{
	"invalid_request", "invalid_client", "invalid_grant", "invalid_scope", "unauthorized_client", "unsupported_grant_type", "access_denied",
	"temporarily_unavailable", "server_error", "internal_failure", "admin_policy_enforced", "deleted_client", "disabled_client",
	"rate_limit_exceeded",
}

// oauthCode returns the code of a refusal where it is a known one, else an empty text.
func oauthCode(refusal *oauth2.RetrieveError) string {
	if slices.Contains(oauthCodes, refusal.ErrorCode) {
		return refusal.ErrorCode
	}
	return ""
}
