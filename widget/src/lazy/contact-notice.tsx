// Why the whole contact cannot be verified now.

import type { ContactProps } from "../views/controller";
import { Icon } from "../views/icons";
import { lockText, strings } from "./strings";

export const ContactNotice = ({ controller, contact }: ContactProps) => {
  const { pod } = controller.state.value;
  const own = contact.channels.some((ch) => ch.methods.some((m) => m.reason === "own_channel"));
  const { lock } = contact;
  const text = own ? strings().ownContact : (lock?.locked || lock?.denied) && lockText(lock, pod?.tenant.name ?? "");
  return text ? (
    <p class="notice">
      <Icon name="warning" />
      {text}
    </p>
  ) : null;
};
