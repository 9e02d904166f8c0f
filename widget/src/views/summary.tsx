// One line instead of the panel, where the policy wants the ticket to open quietly.

import type { Desk } from "../app/controller";
import { mostTelling } from "../app/shield";
import { selectedContact, shieldNow } from "../app/state";
import { shareLeft } from "../i18n/format";
import { shieldName, words } from "../i18n/strings";
import { Button } from "./button";
import { ShieldIcon } from "./icons";

export const Summary = ({ desk }: { desk: Desk }) => {
  const s = desk.state.value;
  const contact = selectedContact(s);
  if (!contact) return <p class="hint alone">{words.noContacts}</p>;
  const shield = mostTelling(contact.channels.map((ch) => shieldNow(ch, s.now)));
  return (
    <div class="summary">
      <ShieldIcon state={shield.state} left={shareLeft(shield.at, shield.until, s.now)} />
      <span class="name" title={contact.name}>
        {contact.name}
      </span>
      <span class="sr">{shieldName(shield.state)}</span>
      <Button press={desk.show} expanded={false}>
        {words.verifyCaller}
      </Button>
    </div>
  );
};
