// What is said of addresses and numbers that nothing is sent to, and of a technician who is not known.

import type { Channel, Pod, Unusable as Reason } from "../types";
import * as w from "./strings";

/** In place of a row's state: why the value is not certainly one address or number. */
export const Unusable = ({ why, kind }: { why: Reason; kind: Channel["kind"] }) => (
  <p class="state">
    {w.unusable(why, kind)}
    {why.reason !== "landline" && <span class="why">{w.words().correctIt}</span>}
  </p>
);

/** Below the rows, where it can't be told whether the contact is the technician. */
export const TechnicianUnknown = ({ pod }: { pod: Pod | null }) =>
  pod?.technician_known === false ? <p class="hint">{w.words().technicianUnknown}</p> : null;
