// What the views need: the state to draw, and the commands to call. app/controller.ts provides it.

import type { State } from "../app/state";
import type { Observable } from "../observable";
import type { Channel, Contact, Method, Shield } from "../types";

export interface Controller {
  readonly state: Observable<State>;
  /** Launches the ticket that the host has on screen. */
  start(): void;
  /** The page is visible again, or the network is back. */
  wake(): void;
  /** Launches again because the technician asked. */
  retry(): void;
  /** Opens the panel in place of the summary line. */
  expand(): void;
  selectContact(id: string): void;
  /** Opens the history of this contact; an empty id closes it. */
  openHistory(contactId: string): void;
  /** Stores the override note; line breaks become blanks. */
  setNote(contact: Contact, note: string): void;
  /** Stores the digits typed for this verification. */
  setCode(verificationId: string, digits: string): void;
  /** Sends nothing while a required note is missing. */
  send(contact: Contact, channel: Channel, method: Method): Promise<void>;
  checkCode(contact: Contact, channel: Channel, verificationId: string): Promise<void>;
  cancel(contact: Contact, channel: Channel, verificationId: string): Promise<void>;
  /** Shows an error below the code field without asking the server. */
  setCodeError(contact: Contact, channel: Channel, text: string): void;
  loadOlder(contact: Contact): Promise<void>;
  /** Tells the host how high the pod would like to be, in CSS pixels. */
  resize(height: number): void;
}

/** What a view of one contact is given. */
export interface ContactProps {
  controller: Controller;
  contact: Contact;
}

/** What a view of one channel is given. */
export interface ChannelProps extends ContactProps {
  channel: Channel;
}

/** What a view of one channel in a known state is given. */
export interface ShieldProps extends ChannelProps {
  shield: Shield;
}
