// What the pod's own page says of itself: in its address, in its head, and by what frames it.

import type { Shown } from "../hosts/hosted-messages";
import { parentOrigin } from "../hosts/loader";

export interface PodPage {
  tenant: string;
  /** Who frames it, as the kinds of hosts tell it; null: nobody that a pod could be opened for. */
  host:
    | { kind: "loader"; origin: string }
    | { kind: "connectwise"; origin: string; named: Shown | null }
    | { kind: "form"; origin: string | null; context: string }
    | { kind: "signin"; psa: string; ticket: string }
    | { kind: "foreign" }
    | null;
  nonce: string;
  /** That technicians are spoken to in. */
  language: string;
  /** How it is to look, by name. */
  look: Record<string, string>;
}

/** The parts of a document and its window that are read. */
export interface Around {
  location: { pathname: string; search: string; hash: string; ancestorOrigins?: ArrayLike<string> };
  referrer: string;
  framed: boolean;
  /** What the head says under this name; empty: nothing. */
  meta: (name: string) => string;
}

export const readPage = ({ location, referrer, framed, meta }: Around): PodPage => {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const query = new URLSearchParams(location.search);
  const given = (name: string) => query.get(name) ?? "";
  const origins = meta("origins").split(" ").filter(Boolean);
  const by = parent(location.ancestorOrigins?.[0] ?? referrer, origins);

  const hostOf = (): PodPage["host"] => {
    const [origin, context, ticket] = [parentOrigin(fragment), meta("context"), given("ticket")];
    if (framed && origin) return { kind: "loader", origin };
    if (framed && context) return { kind: "form", origin: by, context };
    if (framed && query.has("screen")) {
      const [id, screen] = [given("id"), given("screen")];
      const named = /^\d{1,18}$/.test(id) ? { id, ...(screen && { screen }) } : null;
      return by ? { kind: "connectwise", origin: by, named } : { kind: "foreign" };
    }
    if (meta("signin") && ticket) return { kind: "signin", psa: given("psa"), ticket };
    return null;
  };

  return {
    tenant: decodeURIComponent(location.pathname.split("/")[2] ?? ""),
    host: hostOf(),
    nonce: meta("nonce"),
    language: meta("language"),
    look: Object.fromEntries([...query, ...fragment]),
  };
};

/** The one of the origins that the browser names as the parent's; where it keeps silent, the only one that may be. */
const parent = (named: string, origins: string[]): string | null => {
  if (!URL.canParse(named)) return origins.length === 1 ? (origins[0] ?? null) : null;
  const { origin } = new URL(named);
  return origins.includes(origin) ? origin : null;
};
