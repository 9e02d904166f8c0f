import { chromium } from "@playwright/test";
import { readFileSync } from "node:fs";
const [, , out, ...files] = process.argv;
const b = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const p = await b.newPage({ viewport: { width: 1700, height: 800 } });
await p.setContent(`<body style="margin:8px;background:#888;display:flex;flex-wrap:wrap;gap:8px;align-items:flex-start">` + files.map(f => `<img style="max-width:${process.env.W||400}px" src="data:image/png;base64,${readFileSync(f).toString("base64")}">`).join(""));
await p.screenshot({ path: out, fullPage: true });
await b.close();
