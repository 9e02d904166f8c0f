// What other scripts do to the pod's page, as functions that run in its frame.

/** The helpers of an injected script, in the pod's frame. */
export const tools = () => {
  const texts = (root: Node = document.body) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const found: Text[] = [];
    while (walker.nextNode()) if (walker.currentNode.textContent?.trim()) found.push(walker.currentNode as Text);
    return found;
  };
  const font = (text: string) => {
    const [outer, inner] = [document.createElement("font"), document.createElement("font")];
    outer.style.verticalAlign = inner.style.verticalAlign = "inherit";
    inner.textContent = text;
    outer.append(inner);
    return outer;
  };
  const changed = (text: string | null) => (text ?? "").toUpperCase();
  Object.assign(window, {
    tools: { texts, font, changed, translate: () => texts().map((node) => node.replaceWith(font(changed(node.data)))) },
  });
};

declare global {
  interface Window {
    tools: {
      texts: (root?: Node) => Text[];
      font: (text: string) => HTMLElement;
      changed: (text: string | null) => string;
      translate: () => void;
    };
    rounds: number;
  }
}

/** Each script behaves like an extension, and runs before every change of the pod's state. */
export const scripts: Record<string, () => void> = {
  "replaces texts by fonts, as Google Translate": () => window.tools.translate(),
  "replaces texts by fonts, and does so again whenever the page changes": () => {
    window.tools.translate();
    let due = 0;
    new MutationObserver(() => {
      clearTimeout(due);
      due = window.setTimeout(window.tools.translate, 20);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  },
  "puts its translation of the old texts in place after they have changed": () => {
    const had = window.tools.texts().map((node) => [node, node.data] as const);
    for (const wait of [0, 20, 60]) {
      setTimeout(() => {
        for (const [node, text] of had)
          if (wait === 20) node.data = text;
          else node.replaceWith(window.tools.font(window.tools.changed(text)));
      }, wait);
    }
  },
  "shows the original texts again after they have changed": () => {
    const had = window.tools.texts().map((node) => [node, node.data] as const);
    const put = had.map(([node, text]) => {
      const font = window.tools.font(window.tools.changed(text));
      node.replaceWith(font);
      return [font, text] as const;
    });
    for (const wait of [0, 30]) setTimeout(() => put.map(([font, text]) => font.replaceWith(text)), wait);
  },
  "writes into the texts and marks their elements, as Edge": () => {
    for (const node of window.tools.texts()) {
      node.parentElement?.setAttribute("_msttexthash", "12345");
      node.parentElement?.setAttribute("_msthash", "7");
      node.data = window.tools.changed(node.data);
    }
  },
  "adds its translation beside each text, filled in later": () => {
    for (const node of window.tools.texts()) {
      const beside = document.createElement("font");
      beside.className = "immersive-translate-target-wrapper";
      node.after(beside);
      const text = window.tools.changed(node.data);
      setTimeout(() => beside.append(document.createElement("br"), text), 20);
    }
  },
  "wraps what it finds": () => {
    for (const found of document.querySelectorAll(".name, .state, .row, .masked, .rows, main, select")) {
      const wrapper = document.createElement(found.matches("li, ul, main") ? "div" : "span");
      found.replaceWith(wrapper);
      wrapper.append(found);
    }
  },
  "moves what it finds": () => {
    for (const found of document.querySelectorAll(".state, .row, .head, .shield, .name"))
      found.parentElement?.prepend(found);
  },
  "removes what it finds": () => {
    for (const found of document.querySelectorAll(".state, .name, .row:nth-child(2), .history, option")) found.remove();
    for (const node of window.tools.texts()) node.remove();
  },
  "writes the page's markup anew": () => {
    for (const found of [...document.querySelectorAll(".line, .head"), document.body]) {
      const { innerHTML } = found;
      found.innerHTML = innerHTML;
    }
  },
  "puts old attributes back": () => {
    const had = [...document.querySelectorAll("main, main *")].flatMap((element) =>
      [...element.attributes].map(({ name, value }) => [element, name, value] as const),
    );
    for (const wait of [0, 30])
      setTimeout(() => had.map(([element, name, value]) => element.setAttribute(name, value)), wait);
  },
  "translates attributes": () => {
    for (const element of document.querySelectorAll("[title], [aria-label], [placeholder]")) {
      for (const name of ["title", "aria-label", "placeholder"]) {
        const value = element.getAttribute(name);
        if (value) element.setAttribute(name, window.tools.changed(value));
      }
    }
  },
  "styles everything, as dark modes do": () => {
    const style = document.createElement("style");
    style.textContent = "html { background: #181a1b }";
    document.head.append(style);
    for (const element of document.querySelectorAll<HTMLElement>("main, main *")) {
      element.style.setProperty("--darkreader-inline-color", "#e8e6e3");
      element.dataset.darkreaderInlineColor = "";
    }
  },
  "puts icons beside fields and boxes beside the pod, as password managers and writing aids": () => {
    for (const field of document.querySelectorAll("input, textarea, select")) {
      field.setAttribute("data-gramm", "false");
      field.setAttribute("autocomplete", "one-time-code");
      const icon = document.createElement("com-1password-button");
      icon.attachShadow({ mode: "open" }).innerHTML = "<button>fill</button>";
      field.after(icon);
    }
    const box = document.createElement("div");
    box.textContent = "Save this password?";
    box.style.display = "none";
    document.body.append(box);
  },
};
