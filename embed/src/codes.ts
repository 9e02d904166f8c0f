// The codes that hosts branch on, as unions. A later Shieldpod may send other codes: keep a default branch.

/** How a channel is verified. */
export type Method = "email_link" | "sms_link" | "sms_code" | "email_code";

/** The error codes of the API; docs/errors.md explains each. */
export type ApiErrorCode =
  | "malformed"
  | "context_invalid"
  | "context_expired"
  | "context_replayed"
  | "session_invalid"
  | "session_ended"
  | "api_key_invalid"
  | "api_key_expired"
  | "scope_missing"
  | "member_refused"
  | "own_channel"
  | "channel_unusable"
  | "verification_method_not_allowed"
  | "origin_not_allowed"
  | "not_found"
  | "ticket_not_found"
  | "unknown_route"
  | "method_not_allowed"
  | "idempotency_key_reused"
  | "stale_version"
  | "already_used"
  | "expired"
  | "verification_ended"
  | "too_large"
  | "unsupported_media_type"
  | "invalid"
  | "contrast_too_low"
  | "image_invalid"
  | "policy_conflict"
  | "no_contact"
  | "note_required"
  | "wrong_code"
  | "locked"
  | "cooldown"
  | "quota_exceeded"
  | "too_many_requests"
  | "psa_busy"
  | "internal"
  | "psa_misconfigured"
  | "psa_unavailable"
  | "unavailable";

/** The pod's own codes: `session_ended` and those of the launch are API codes as well. */
export type PodErrorCode =
  | "invalid_response"
  | "context_refused"
  | "host_timeout"
  | "no_ticket"
  | "origin_mismatch"
  | "popup_blocked"
  | "signin_required"
  | "signin_closed"
  | "ticket_unsaved";

/** The codes of the event `error`. `pod_timeout` is the loader's: the frame sent no message in time. */
export type ErrorCode = ApiErrorCode | PodErrorCode | "pod_timeout";
