package securitylog

// Codes of the lines and of the counter. A refusal with an error code of the API has the same code here: context_invalid,
// context_expired, context_replayed, session_invalid, api_key_invalid, api_key_expired, scope_missing, member_refused,
// origin_not_allowed.
const (
	CodeTooManyRequests = "too_many_requests" // an address exceeds its limit of unauthenticated requests or of guesses
	CodeUnknownLink     = "unknown_link"      // a landing page with an unknown token
	CodeHookRefused     = "hook_refused"      // a delivery report without a valid signature
	CodeSignInRefused   = "sign_in_refused"   // a sign-in that did not start here, or that the provider did not confirm
	CodeSocketRefused   = "socket_refused"    // a socket without a valid bearer in its first frame, or without a first frame
	CodeSocketFrames    = "socket_frames"     // a socket that exceeds its byte limit or violates the protocol
	CodeSocketLimit     = "socket_limit"      // a socket that was evicted: too many wait, or belong to one session
	CodeUnknownMembers  = "unknown_members"   // an address names members that the ticket system does not know
	CodeProxy           = "proxy_not_trusted" // a request with X-Forwarded-For from an address that is not a trusted proxy
	CodeMore            = "more"              // events of addresses that were evicted from memory
)
