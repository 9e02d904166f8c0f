// The words that hosts branch on, as unions. A later Shieldpod may say others: keep a default branch.

/** How a channel is proven. */
export type Method = "email_link" | "sms_link" | "sms_code" | "email_code";

/** The codes with which the API refuses; docs/errors.md says what each means. */
export type ApiErrorCode =
  | "malformed"
  | "context_invalid"
  | "context_expired"
  | "context_replayed"
  | "session_invalid"
  | "session_over"
  | "api_key_invalid"
  | "member_refused"
  | "own_channel"
  | "channel_unusable"
  | "method_not_allowed"
  | "origin"
  | "not_found"
  | "ticket_not_found"
  | "unknown_route"
  | "verb_not_allowed"
  | "idempotency_key_reused"
  | "stale_version"
  | "spent"
  | "expired"
  | "ended"
  | "too_large"
  | "media_type"
  | "invalid"
  | "contrast"
  | "image"
  | "contradiction"
  | "no_contact"
  | "note_required"
  | "mismatch"
  | "locked"
  | "cooldown"
  | "rate_limited"
  | "too_many_requests"
  | "psa_busy"
  | "internal"
  | "psa_setup"
  | "psa_unavailable"
  | "unavailable";

/** The pod's own codes: `session_over` and the launch's are the API's as well. */
export type PodErrorCode =
  | "broken"
  | "context_refused"
  | "host_silent"
  | "no_ticket"
  | "origin_mismatch"
  | "popup_blocked"
  | "signin"
  | "signin_closed"
  | "ticket_unsaved";

/** The codes of the event `error`. `pod_silent` is the loader's: the frame never said a word. */
export type ErrorCode = ApiErrorCode | PodErrorCode | "pod_silent";
