// A host that posted a signed launch context into the frame. The context opens one session; the host cannot be asked
// for another one.

import { type Api, ApiError } from "../api";
import type { Host, HostWindow } from "./host";

export interface FormPage {
  window: HostWindow;
  /** The origin that frames this page; null where the browser does not tell, so the context decides. */
  origin: string | null;
  tenant: string;
  context: string;
  api: Pick<Api, "launch">;
}

export const createForm = ({ window, origin, tenant, context, api }: FormPage): Host => {
  let parent = origin;
  let used = false;
  return {
    async open(signal) {
      if (used) throw new ApiError("session_ended");
      const launched = await api.launch({ context, tenant }, signal);
      used = true;
      const signed = launched.pod.origin;
      if (signed && origin && signed !== origin) throw new ApiError("origin_mismatch");
      parent = signed || origin;
      return launched;
    },
    post(message) {
      if (parent) window.parent.postMessage(message, parent);
    },
  };
};
