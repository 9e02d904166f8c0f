// A host that posted a signed context into the frame: the page brought it, and it opens one session. There is nobody
// to ask for another one.

import { type Api, Refusal } from "../api";
import type { Host, HostWindow } from "./host";

export interface FormPage {
  window: HostWindow;
  /** The origin that frames this page, where the browser tells; else the context is believed. */
  origin: string | null;
  tenant: string;
  context: string;
  api: Pick<Api, "launch">;
}

export const createForm = ({ window, origin, tenant, context, api }: FormPage): Host => {
  let parent = origin;
  let spent = false;
  return {
    async open(signal) {
      if (spent) throw new Refusal("session_ended", "");
      const launched = await api.launch({ context, tenant }, signal);
      spent = true;
      const named = launched.pod.origin;
      if (named && origin && named !== origin) throw new Refusal("origin_mismatch", "");
      parent = named || origin;
      return launched;
    },
    say(message) {
      if (parent) window.parent.postMessage(message, parent);
    },
  };
};
