// @shieldpod/embed/react: <ShieldPod … />.

import { createElement, type ReactElement, useEffect, useLayoutEffect, useRef } from "react";
import { type Events, events, type PodHandle } from "./loader.js";
import { mount, type PodOptions } from "./pure.js";

type Callback<E extends keyof Events> = (detail: Events[E]) => void;

export interface ShieldPodProps extends PodOptions {
  /** The ticket on screen: any value that identifies it for the host. A new value switches the pod to that ticket. */
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

/** Runs before the browser paints, so that pod and page change together; on a server there is no layout. */
const useIsomorphicLayoutEffect = typeof document === "undefined" ? useEffect : useLayoutEffect;

/**
 * A pod in a div. Callbacks may change with every render: the latest one is called. A new `ticket` switches the pod to it,
 * a new theme is applied in place; only a new tenant or origin mounts another pod.
 */
export const ShieldPod = (props: ShieldPodProps): ReactElement => {
  const container = useRef<HTMLDivElement>(null);
  const pod = useRef<PodHandle>(null);
  const currentTicket = useRef(props.ticket);
  const latest = useRef(props);
  const { origin, tenant, ticket, theme, variables: { accent, radius, font } = {}, className } = props;

  useIsomorphicLayoutEffect(() => {
    latest.current = props;
  });

  useIsomorphicLayoutEffect(() => {
    if (!container.current) return;
    const { theme, variables, ticket } = latest.current;
    const mounted = mount(container.current, {
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
    currentTicket.current = ticket;
    return () => {
      pod.current = null;
      mounted.destroy();
    };
  }, [origin, tenant]);

  useIsomorphicLayoutEffect(() => {
    if (currentTicket.current === ticket) return;
    currentTicket.current = ticket;
    pod.current?.refresh();
  }, [ticket]);

  useIsomorphicLayoutEffect(() => {
    pod.current?.update({ theme, variables: { accent, radius, font } });
  }, [theme, accent, radius, font]);

  return createElement("div", { ref: container, className });
};
