// The summary line that replaces the panel while the pod is collapsed.

import { mostImportant } from "../app/shield";
import { currentShield, selectedContact } from "../app/state";
import { shareLeft } from "../i18n/format";
import { strings } from "../i18n/strings";
import { Button } from "./button";
import type { Controller } from "./controller";
import { ShieldIcon } from "./icons";

export const Summary = ({ controller }: { controller: Controller }) => {
  const s = controller.state.value;
  const contact = selectedContact(s);
  if (!contact) return <p class="hint alone">{strings.noContacts}</p>;
  const shield = mostImportant(contact.channels.map((ch) => currentShield(ch, s.now)));
  return (
    <div class="summary">
      <ShieldIcon state={shield.state} left={shareLeft(shield.at, shield.until, s.now)} />
      <span class="name" title={contact.name}>
        {contact.name}
      </span>
      <span class="sr">{strings.shieldName[shield.state]}</span>
      <Button onPress={controller.expand} expanded={false}>
        {strings.verifyCaller}
      </Button>
    </div>
  );
};
