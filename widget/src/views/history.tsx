// The history of the contact, behind a button.

import { historyOf } from "../app/state";
import { strings } from "../i18n/strings";
import { lazy, loadLazy } from "../lazy/registry";
import type { ContactProps } from "./controller";
import { useKeptFocus } from "./focus";
import { Icon } from "./icons";

export const History = ({ controller, contact }: ContactProps) => {
  const s = controller.state.value;
  const open = s.openHistory === contact.id;
  const section = useKeptFocus<HTMLElement>((section) => section.querySelector<HTMLElement>(".end") ?? section);
  const { Entries } = lazy.value;
  return (
    <section class="history" ref={section}>
      <button
        type="button"
        class="toggle"
        aria-expanded={open}
        onClick={() => {
          void loadLazy();
          controller.openHistory(open ? "" : contact.id);
        }}
      >
        <Icon name="chevron" />
        <span>{strings.history}</span>
        <span class="count">{historyOf(s, contact).length}</span>
      </button>
      {open && Entries && <Entries controller={controller} contact={contact} />}
    </section>
  );
};
