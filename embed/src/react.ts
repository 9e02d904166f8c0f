// @shieldpod/embed/react: <ShieldPod … />.

import { createElement, type ReactElement, useEffect, useLayoutEffect, useRef } from "react";
import { type Events, events, type PodHandle } from "./loader.js";
import { mount, type PodOptions } from "./pure.js";

type Callback<E extends keyof Events> = (detail: Events[E]) => void;

export interface ShieldPodProps extends PodOptions {
  /** Which ticket is on screen, in the host's own words: another one makes the pod turn to it. */
  ticket?: string | number;
  className?: string;
  onReady?: Callback<"ready">;
  onResize?: Callback<"resize">;
  onSent?: Callback<"verification:sent">;
  onVerified?: Callback<"verification:verified">;
  onDenied?: Callback<"verification:denied">;
  onExpired?: Callback<"verification:expired">;
  onFailed?: Callback<"verification:failed">;
  onError?: Callback<"error">;
}

const callbacks = {
  ready: "onReady",
  resize: "onResize",
  "verification:sent": "onSent",
  "verification:verified": "onVerified",
  "verification:denied": "onDenied",
  "verification:expired": "onExpired",
  "verification:failed": "onFailed",
  error: "onError",
} as const satisfies Record<keyof Events, keyof ShieldPodProps>;

/** Before the screen is drawn, so that pod and page turn in one breath; on a server there is no screen. */
const useBreath = typeof document === "undefined" ? useEffect : useLayoutEffect;

/**
 * A pod in a div. Callbacks may be new with every render: the latest one is called. Another `ticket` makes the
 * pod turn to it, another look changes it in place; only another tenant or origin mounts another pod.
 */
export const ShieldPod = (props: ShieldPodProps): ReactElement => {
  const place = useRef<HTMLDivElement>(null);
  const pod = useRef<PodHandle>(null);
  const turnedTo = useRef(props.ticket);
  const latest = useRef(props);
  const { origin, tenant, ticket, theme, variables: { accent, radius, font } = {}, className } = props;

  useBreath(() => {
    latest.current = props;
  });

  useBreath(() => {
    if (!place.current) return;
    const { theme, variables, ticket } = latest.current;
    const mounted = mount(place.current, {
      origin,
      tenant,
      theme,
      variables,
      getContextToken: (request) => latest.current.getContextToken(request),
    });
    for (const event of events) {
      mounted.on(event, (detail) => (latest.current[callbacks[event]] as Callback<typeof event> | undefined)?.(detail));
    }
    pod.current = mounted;
    turnedTo.current = ticket;
    return () => {
      pod.current = null;
      mounted.destroy();
    };
  }, [origin, tenant]);

  useBreath(() => {
    if (turnedTo.current === ticket) return;
    turnedTo.current = ticket;
    pod.current?.refresh();
  }, [ticket]);

  useBreath(() => {
    pod.current?.update({ theme, variables: { accent, radius, font } });
  }, [theme, accent, radius, font]);

  return createElement("div", { ref: place, className });
};
