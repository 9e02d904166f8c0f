// The notice after a ticket was saved, or not saved, without a verified caller.

import { type State, saveRule } from "../app/state";
import { Icon } from "../views/icons";
import { strings } from "./strings";

/** Disappears once a contact is verified. */
export const SaveNotice = ({ s }: { s: State }) =>
  s.saveNotice !== "off" && s.pod && saveRule(s.pod, s.now) !== "off" ? (
    <p class="notice saved" role="alert">
      <Icon name="warning" />
      {s.saveNotice === "block" ? strings().notSaved : strings().savedUnverified}
    </p>
  ) : null;
