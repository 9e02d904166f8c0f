// Explains unusable addresses and numbers, and an unknown technician.

import type { Channel, Pod, Unusable as Reason } from "../types";
import * as w from "./strings";

/** Replaces a row's state: why the value is not exactly one address or number. */
export const Unusable = ({ why, kind }: { why: Reason; kind: Channel["kind"] }) => (
  <p class="state">
    {w.unusable(why, kind)}
    {why.reason !== "landline" && <span class="why">{w.strings().correctIt}</span>}
  </p>
);

/** Below the rows, where it is unknown whether the contact is the technician. */
export const TechnicianUnknown = ({ pod }: { pod: Pod | null }) =>
  pod?.technician_known === false ? <p class="hint">{w.strings().technicianUnknown}</p> : null;
