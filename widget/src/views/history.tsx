// Who was verified here before: behind a down arrow, closed by the up arrow.

import type { Desk } from "../app/controller";
import { words } from "../i18n/strings";
import { fetchLater, later } from "../lazy/registry";
import type { Contact } from "../types";
import { useKeptFocus } from "./focus";
import { Icon } from "./icons";

export const History = ({ desk, contact }: { desk: Desk; contact: Contact }) => {
  const open = desk.state.value.unfolded === contact.id;
  const section = useKeptFocus<HTMLElement>((section) => section.querySelector<HTMLElement>(".end") ?? section);
  const { Entries } = later.value;
  return (
    <section class="history" ref={section}>
      <button
        type="button"
        class="toggle"
        aria-expanded={open}
        onClick={() => {
          void fetchLater();
          desk.unfold(open ? "" : contact.id);
        }}
      >
        <Icon name="chevron" />
        <span>{words.history}</span>
        <span class="count">{desk.history(contact).length}</span>
      </button>
      {open && Entries && <Entries desk={desk} contact={contact} />}
    </section>
  );
};
