// Whom the technician verifies: the ticket's contact, unless another is chosen.

import type { Desk } from "../app/controller";
import { words } from "../i18n/strings";
import type { Contact } from "../types";
import { Icon } from "./icons";

export const Picker = ({ desk, contact }: { desk: Desk; contact: Contact }) => {
  const contacts = desk.state.value.pod?.contacts ?? [];
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
              aria-label={words.chooseContact}
              value={contact.id}
              onChange={(e) => desk.select(e.currentTarget.value)}
            >
              {contacts.map((c) => (
                <option key={c.id} value={c.id} selected={c.id === contact.id}>
                  {[c.name, c.default ? words.ticketContact : c.title].filter(Boolean).join(" · ")}
                </option>
              ))}
            </select>
          </>
        )}
      </div>
      {contact.default ? (
        <span class="tag">{words.ticketContact}</span>
      ) : (
        contact.title && <span class="tag">{contact.title}</span>
      )}
    </div>
  );
};
