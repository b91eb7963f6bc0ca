// The page's own scripts. The server lays out; what is here moves, drops and zooms.

import "./dropping.js";
import "./judging.js";
import "./panes.js";
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

const changed = () => {
  for (const each of document.querySelectorAll(".viewer:not([data-ready])")) {
    each.dataset.ready = "";
    new Viewer(each);
  }
  write();
  offerCopies();
  keepFocus();
};
new MutationObserver(changed).observe(document, { childList: true, subtree: true });
