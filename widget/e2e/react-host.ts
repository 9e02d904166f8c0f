// A host's page in React. In the development build StrictMode mounts everything twice.

import { createElement, StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { ShieldPod } from "../../embed/src/react";

const query = new URLSearchParams(location.search);

const Screen = () => {
  const [ticket, setTicket] = useState("4711");
  const [verified, setVerified] = useState("");
  const getContextToken = async ({ nonce }: { nonce: string }) => {
    const answer = await fetch("/context", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ticket, nonce }),
    });
    return (await answer.json()).context;
  };
  return createElement(
    "main",
    null,
    createElement("button", { type: "button", onClick: () => setTicket("4709") }, "Next ticket"),
    createElement("output", null, verified),
    createElement(ShieldPod, {
      origin: query.get("pod") ?? "",
      tenant: "acme",
      ticket,
      getContextToken,
      onVerified: ({ contact_id }) => setVerified(`${contact_id} on ${ticket}`),
    }),
  );
};

const place = document.getElementById("screen");
if (place) createRoot(place).render(createElement(StrictMode, null, createElement(Screen)));
