// Reads the pod's page: its address, its meta elements, and the page that frames it.

import type { ShownTicket } from "../hosts/hosted-messages";
import { parentOrigin } from "../hosts/loader";

export interface PodPage {
  tenant: string;
  /** The host, recognized by its kind; foreign: an origin that may not frame the pod; null: no host. */
  host:
    | { kind: "loader"; origin: string }
    | { kind: "connectwise"; origin: string; urlTicket: ShownTicket | null }
    | { kind: "form"; origin: string | null; context: string }
    | { kind: "signin"; psa: string; ticket: string }
    | { kind: "foreign" }
    | null;
  nonce: string;
  /** The technicians' language; empty: English. */
  language: string;
  /** Theme options by name, unchecked. */
  theme: Record<string, string>;
}

/** The parts of the document and its window that are read. */
export interface PageSource {
  location: { pathname: string; search: string; hash: string; ancestorOrigins?: ArrayLike<string> };
  referrer: string;
  framed: boolean;
  /** The content of a meta element; empty where there is none. */
  meta: (name: string) => string;
}

export const readPage = ({ location, referrer, framed, meta }: PageSource): PodPage => {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const query = new URLSearchParams(location.search);
  const given = (name: string) => query.get(name) ?? "";
  const origins = meta("origins").split(" ").filter(Boolean);
  const by = parentOf(location.ancestorOrigins?.[0] ?? referrer, origins);

  const hostOf = (): PodPage["host"] => {
    const [origin, context, ticket] = [parentOrigin(fragment), meta("context"), given("ticket")];
    if (framed && origin) return { kind: "loader", origin };
    if (framed && context) return { kind: "form", origin: by, context };
    if (framed && query.has("screen")) {
      const [id, screen] = [given("id"), given("screen")];
      const urlTicket = /^\d{1,18}$/.test(id) ? { id, screen: screen || undefined } : null;
      return by ? { kind: "connectwise", origin: by, urlTicket } : { kind: "foreign" };
    }
    if (meta("signin") && ticket) return { kind: "signin", psa: given("psa"), ticket };
    return null;
  };

  return {
    tenant: decodeURIComponent(location.pathname.split("/")[2] ?? ""),
    host: hostOf(),
    nonce: meta("nonce"),
    language: meta("language"),
    theme: Object.fromEntries([...query, ...fragment]),
  };
};

/** The origin of the parent if it is allowed. Where the browser does not tell it, the only allowed origin. */
const parentOf = (reported: string, origins: string[]): string | null => {
  if (!URL.canParse(reported)) return origins.length === 1 ? (origins[0] ?? null) : null;
  const { origin } = new URL(reported);
  return origins.includes(origin) ? origin : null;
};
