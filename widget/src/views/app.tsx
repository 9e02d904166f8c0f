// What is on screen: a skeleton, the pod, or the reason why there is none.

import { useLayoutEffect, useReducer, useRef } from "preact/hooks";
import { bannerAt } from "../app/banner";
import type { Desk } from "../app/controller";
import { type State, selectedContact } from "../app/state";
import { locked, words } from "../i18n/strings";
import { later } from "../lazy/registry";
import type { Contact } from "../types";
import { Banner } from "./banner";
import { useKeptFocus } from "./focus";
import { History } from "./history";
import { Icon, Sprite } from "./icons";
import { Picker } from "./picker";
import { Rows } from "./row";
import { Summary } from "./summary";

export const App = ({ desk }: { desk: Desk }) => {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  useLayoutEffect(() => desk.state.watch(() => redraw(null)), [desk]);
  useLayoutEffect(() => later.watch(() => redraw(null)), []);
  const { Saved, Stopped = Skeleton, missing } = later.value;
  const s = desk.state.value;
  const banner = s.phase === "open" && bannerAt(s.pod?.policy.banner, s.now);
  const main = useKeptFocus<HTMLElement>((main) => main.querySelector("select") ?? main);
  useNaturalHeight(main, desk.resize);
  return (
    <main class="pod" ref={main} tabIndex={-1}>
      <h1 class="sr">{words.title}</h1>
      <Sprite />
      {banner && <Banner key={banner.text} {...banner} />}
      {s.phase === "open" && Saved && <Saved s={s} />}
      {s.phase === "starting" && <Skeleton />}
      {s.phase === "stopped" && <Stopped desk={desk} />}
      {s.phase === "open" && (s.shown ? <Panel desk={desk} /> : <Summary desk={desk} />)}
      {s.phase !== "stopped" && !(s.online && !s.polling) && (
        <p class="offline">{s.online ? words.polling : words.reconnecting}</p>
      )}
      {missing && <p class="offline">{words.missing}</p>}
      <div class="sr" role="status">
        {s.said}
      </div>
    </main>
  );
};

const Panel = ({ desk }: { desk: Desk }) => {
  const contact = selectedContact(desk.state.value);
  if (!contact) return <p class="hint alone">{words.noContacts}</p>;
  const { Note } = later.value;
  return (
    <>
      <Picker desk={desk} contact={contact} />
      <div class="scroll">
        <div class="inner">
          <Notice s={desk.state.value} contact={contact} />
          {Note && <Note key={`note ${contact.id}`} desk={desk} contact={contact} />}
          <Rows key={`rows ${contact.id}`} desk={desk} contact={contact} />
          <History key={`history ${contact.id}`} desk={desk} contact={contact} />
        </div>
      </div>
    </>
  );
};

/** What stands against the contact as a whole. */
const Notice = ({ s, contact }: { s: State; contact: Contact }) => {
  const own = contact.channels.some((ch) => ch.methods.some((m) => m.reason === "own_channel"));
  const { lock } = contact;
  const text = own ? words.ownContact : (lock?.locked || lock?.denied) && locked(lock, s.pod?.tenant.name ?? "");
  return text ? (
    <p class="notice">
      <Icon name="warning" />
      {text}
    </p>
  ) : null;
};

/** The true layout in grey, after 150 ms. */
const Skeleton = () => (
  <div class="skeleton" aria-hidden="true">
    <div class="head">
      <i class="bar name" />
    </div>
    {[0, 1, 2].map((n) => (
      <div class="row" key={n}>
        <i class="bar badge" />
        <div class="body">
          <i class="bar to" />
          <i class="bar state" />
        </div>
      </div>
    ))}
  </div>
);

/** Tells the host how high the pod would like to be: what is fixed, and all that scrolls. */
const useNaturalHeight = (main: { current: HTMLElement | null }, tell: (height: number) => void) => {
  const told = useRef(0);
  const observer = useRef<ResizeObserver | null>(null);
  useLayoutEffect(() => {
    const measure = () => {
      const height = naturalHeight(main.current);
      if (height === told.current || height === 0) return;
      told.current = height;
      tell(height);
    };
    observer.current = new ResizeObserver(measure);
    return () => observer.current?.disconnect();
  }, []);
  useLayoutEffect(() => {
    for (const part of partsOf(main.current)) observer.current?.observe(part);
  });
};

const partsOf = (main: HTMLElement | null): HTMLElement[] =>
  [...(main?.children ?? [])]
    .filter((part): part is HTMLElement => part instanceof HTMLElement && !part.matches(".sr"))
    .map((part) => (part.matches(".scroll") ? (part.firstElementChild as HTMLElement) : part));

const naturalHeight = (main: HTMLElement | null): number =>
  Math.ceil(partsOf(main).reduce((sum, part) => sum + part.getBoundingClientRect().height, 0));
