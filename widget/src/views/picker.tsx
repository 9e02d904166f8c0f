// Chooses the contact to verify: the ticket's contact by default.

import { strings } from "../i18n/strings";
import type { ContactProps } from "./controller";
import { Icon } from "./icons";

export const Picker = ({ controller, contact }: ContactProps) => {
  const contacts = controller.state.value.pod?.contacts ?? [];
  return (
    <div class="head">
      <div class="who">
        <span class="name" aria-hidden={contacts.length > 1} title={contact.name}>
          {contact.name}
        </span>
        {contacts.length > 1 && (
          <>
            <Icon name="chevron" />
            <select
              aria-label={strings.chooseContact}
              value={contact.id}
              onChange={(e) => controller.selectContact(e.currentTarget.value)}
            >
              {contacts.map((c) => (
                <option key={c.id} value={c.id} selected={c.id === contact.id}>
                  {[c.name, c.default ? strings.ticketContact : c.title].filter(Boolean).join(" · ")}
                </option>
              ))}
            </select>
          </>
        )}
      </div>
      {contact.default ? (
        <span class="tag">{strings.ticketContact}</span>
      ) : (
        contact.title && <span class="tag">{contact.title}</span>
      )}
    </div>
  );
};
