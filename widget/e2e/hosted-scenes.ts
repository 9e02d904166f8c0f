// States of the pod in ConnectWise's frame, which has a fixed height, and of the sign-in host.

import { at, banner, grey, pending, three, withPolicy } from "./scene-parts";
import { type Scene, twelve } from "./scenes";

const height = 320;
const freeze = banner("warning", "Change freeze until Thursday: no MFA resets without a manager.");

/** A launch that the server rejects. */
const refused = (name: string, status: number, code: string, detail = ""): Scene => ({
  name: `hosted-${name}`,
  pod: three(grey),
  host: "connectwise",
  refusal: { status, code, detail },
  height,
});

export const hostedScenes: Scene[] = [
  { name: "hosted", pod: withPolicy(freeze, twelve), host: "connectwise", height },
  {
    name: "hosted-code",
    pod: three(pending("sms_code", "delivered", { resend_at: at("14:01:59") })),
    host: "connectwise",
    height,
  },
  { name: "hosted-note", pod: three(grey), host: "connectwise", actions: ["choose Sam"], height },
  {
    name: "hosted-saved",
    pod: withPolicy({ before_save: "warn" }, three(grey)),
    host: "connectwise",
    actions: ["save the ticket"],
    height,
  },
  {
    name: "hosted-not-saved",
    pod: withPolicy({ before_save: "block", show_on_load: false }, three(grey)),
    host: "connectwise",
    actions: ["save the ticket"],
    height,
  },
  refused("member", 401, "member_refused"),
  refused("ticket", 404, "ticket_not_found"),
  refused(
    "contact",
    422,
    "no_contact",
    "This ticket has no contact. Set the caller as the ticket's contact, and reopen the ticket.",
  ),
  refused("down", 503, "psa_unavailable"),
  refused("setup", 502, "psa_misconfigured"),
  { name: "signin", pod: three(grey), host: "signin", height },
];
