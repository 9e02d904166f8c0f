// The root view: a skeleton, the pod, or an error.

import { useLayoutEffect, useReducer, useRef } from "preact/hooks";
import { bannerAt } from "../app/banner";
import { selectedContact } from "../app/state";
import { strings, toneName } from "../i18n/strings";
import { lazy } from "../lazy/registry";
import { Button } from "./button";
import type { Controller } from "./controller";
import { useKeptFocus } from "./focus";
import { History } from "./history";
import { Sprite } from "./icons";
import { Picker } from "./picker";
import { Rows } from "./row";
import { Summary } from "./summary";

export const App = ({ controller }: { controller: Controller }) => {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  useLayoutEffect(() => controller.state.subscribe(() => redraw(null)), [controller]);
  useLayoutEffect(() => lazy.subscribe(() => redraw(null)), []);
  const { Banner, SaveNotice, ErrorPanel = Stopped, missing } = lazy.value;
  const s = controller.state.value;
  const phase = s.phase === "open" && !s.drawn ? "starting" : s.phase;
  const banner = phase === "open" && bannerAt(s.pod?.policy.banner, s.now);
  const main = useKeptFocus<HTMLElement>((main) => main.querySelector("select") ?? main);
  useNaturalHeight(main, controller.resize);
  return (
    <main class="pod" ref={main} tabIndex={-1}>
      <h1 class="sr">{strings.title}</h1>
      <Sprite />
      {banner && Banner && <Banner key={banner.text} {...banner} />}
      {banner && missing && (
        <p class="notice" role="alert">
          {toneName(banner)}: <span dir="auto">{banner.text}</span>
        </p>
      )}
      {phase === "open" && SaveNotice && <SaveNotice s={s} />}
      {phase === "starting" && <Skeleton />}
      {phase === "stopped" && <ErrorPanel controller={controller} />}
      {phase === "open" && (s.expanded ? <Panel controller={controller} /> : <Summary controller={controller} />)}
      {phase !== "stopped" && !(s.online && !s.polling) && (
        <p class="offline">{s.online ? lazy.value.pollingText?.() : strings.reconnecting}</p>
      )}
      {missing && phase !== "stopped" && <p class="offline">{strings.missing}</p>}
      <div class="sr" role="status">
        {s.announcement}
      </div>
    </main>
  );
};

const Panel = ({ controller }: { controller: Controller }) => {
  const contact = selectedContact(controller.state.value);
  if (!contact) return <p class="hint alone">{strings.noContacts}</p>;
  const { ContactNotice, Note } = lazy.value;
  return (
    <>
      <Picker controller={controller} contact={contact} />
      <div class="scroll">
        <div class="inner">
          {ContactNotice && <ContactNotice controller={controller} contact={contact} />}
          {Note && <Note key={`note ${contact.id}`} controller={controller} contact={contact} />}
          <Rows key={`rows ${contact.id}`} controller={controller} contact={contact} />
          <History key={`history ${contact.id}`} controller={controller} contact={contact} />
        </div>
      </div>
    </>
  );
};

/** A stopped pod before lazy/, which explains the problem, has been loaded. */
const Stopped = ({ controller }: { controller: Controller }) =>
  lazy.value.missing ? (
    <div class="hint alone" role="alert">
      <p>
        {strings.missing} ({controller.state.value.problem?.code})
      </p>
      <Button onPress={controller.retry}>{strings.tryAgain}</Button>
    </div>
  ) : (
    <Skeleton />
  );

/** The layout in grey, after 150 ms. */
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

/** Reports the pod's natural height: the fixed parts, and the full height of the part that scrolls. */
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
