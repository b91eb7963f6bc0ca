// The page's own scripts. The server lays out; what is here moves, drops and zooms.

import "./board.js";
import "./dropping.js";
import "./judging.js";
import "./tabs.js";
import "./visit.js";
import { keepFocus } from "./focus.js";
import { write } from "./strength.js";
import { offerCopies } from "./copying.js";
import { Viewer } from "./viewer.js";

// The framework writes the browser's language here; the server's is that of the page.
const { lang } = document.documentElement;
new MutationObserver(() => {
  if (document.documentElement.lang !== lang) document.documentElement.lang = lang;
}).observe(document.documentElement, { attributeFilter: ["lang"] });

// What somebody waited for comes into view, as far as it is out of it.
const DRAWN = 300; // milliseconds in which the rest of an answer finds its place
const seen = new Map([["strip", ""]]);
const bringIntoView = (element, name, state) => {
  const before = seen.get(name);
  seen.set(name, state);
  if (before !== undefined && before !== state) {
    setTimeout(() => element.scrollIntoView({ block: "nearest", behavior: "smooth" }), DRAWN);
  }
};

const changed = () => {
  for (const each of document.querySelectorAll(".viewer:not([data-ready])")) {
    const fresh = each.cloneNode(true); // one that is filled anew keeps its listeners
    fresh.dataset.ready = "";
    each.replaceWith(fresh);
    const { seen: photo } = new Viewer(fresh);
    bringIntoView(fresh, photo.name, JSON.stringify(photo.pictures));
  }
  const strip = document.querySelector(".strip:not([data-ready])");
  if (strip) {
    strip.dataset.ready = "";
    bringIntoView(strip, "strip", strip.dataset.photo);
  }
  for (const alert of document.querySelectorAll("[role=alert]:not([data-ready])")) {
    alert.dataset.ready = "";
    setTimeout(() => alert.scrollIntoView({ block: "nearest", behavior: "smooth" }), DRAWN);
  }
  write();
  offerCopies();
  keepFocus();
};
new MutationObserver(changed).observe(document, { childList: true, subtree: true });
