// What became of saving a ticket whose caller is not verified.

import { type State, saveRule } from "../app/state";
import { Icon } from "../views/icons";
import { words } from "./strings";

/** Gone once somebody is verified. */
export const Saved = ({ s }: { s: State }) =>
  s.saved !== "off" && s.pod && saveRule(s.pod, s.now) !== "off" ? (
    <p class="notice saved" role="alert">
      <Icon name="warning" />
      {s.saved === "block" ? words().notSaved : words().savedUnverified}
    </p>
  ) : null;
