// A fake window for the tests of hosts: its parent records the messages.

import type { HostWindow } from "../src/hosts/host";

export const psa = "https://psa.example";

export const fakeWindow = () => {
  const heard = new Set<(e: MessageEvent) => void>();
  const said: [unknown, string][] = [];
  const parent = { postMessage: (message: unknown, target: string) => said.push([message, target]) };
  const window: HostWindow = {
    parent,
    addEventListener: (_, f) => heard.add(f),
    removeEventListener: (_, f) => heard.delete(f),
  };
  return {
    said,
    heard,
    window,
    deliver: (data: unknown, from: { origin?: string; source?: unknown } = {}) => {
      const e = { data, origin: psa, source: parent, ...from } as MessageEvent;
      for (const f of [...heard]) f(e);
    },
  };
};
