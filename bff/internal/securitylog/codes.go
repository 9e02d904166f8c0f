package securitylog

// Codes of the lines and of the counter. Refusals that the API tells by a code of its own have the same one here:
// context_invalid, context_expired, context_replayed, session_invalid, api_key_invalid, member_refused, origin.
const (
	CodeTooManyRequests = "too_many_requests" // an address has used up what it may ask without proof, or guess
	CodeUnknownLink     = "unknown_link"      // a landing page's token that no message has
	CodeHookRefused     = "hook_refused"      // a delivery report without a good signature
	CodeSignInRefused   = "sign_in_refused"   // a sign-in that was not begun here, or that the provider did not confirm
	CodeSocketRefused   = "socket_refused"    // a socket without a good bearer in its first frame, or without a first frame
	CodeSocketFrames    = "socket_frames"     // a socket that sends more than a pod has to say, or what no pod says
	CodeSocketLimit     = "socket_limit"      // a socket that was closed to make room: too many wait, or are of one session
	CodeStrangers       = "strangers"         // an address asks for members whom the ticket system does not know
	CodeProxy           = "proxy_not_trusted" // a request with X-Forwarded-For from an address that is no trusted proxy
	CodeMore            = "more"              // events of addresses that there was no room to remember
)
