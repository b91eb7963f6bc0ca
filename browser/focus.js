// Where the server draws something anew, what had the focus in it has it again, or what took its place.

const AFTER = [
  [/^cancel$/, "#restore"],
  [/^(restore|all)$/, "#cancel"],
  [/^example-/, "#restore"],
  [/^photo$/, "#photo button"],
  [/^(delete|photo)-/, ".shelf [aria-pressed=true]", "#photo button"],
  [/./, ".shelf [aria-pressed=true]", "#photo button", "[role=tab][aria-selected=true]"],
];
let last = "";

const isThere = (element) =>
  element.offsetParent !== null && element.tabIndex >= 0 && !element.disabled;
const firstOf = (selector) => [...document.querySelectorAll(selector)].find(isThere);
const named = (name) => firstOf(`[data-key="${CSS.escape(name)}"], #${CSS.escape(name)}`);
const instead = (name) => {
  const [, ...places] = AFTER.find(([pattern]) => pattern.test(name));
  return places.map(firstOf).find(Boolean);
};

document.addEventListener("focusin", ({ target }) => {
  last = target.closest("[data-key]")?.dataset.key || target.closest("[id]")?.id || "";
});
// Who clicks beside everything wants the focus nowhere.
document.addEventListener("pointerdown", () => (last = ""));

const isLost = () => !document.activeElement || document.activeElement === document.body;

/** Later, for while the focus goes from one element to the next the body has it, too. */
export function keepFocus() {
  if (!last || !isLost()) return;
  setTimeout(() => {
    if (last && isLost()) (named(last) ?? instead(last))?.focus({ preventScroll: true });
  });
}
