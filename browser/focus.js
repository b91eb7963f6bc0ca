// Where the server draws something anew, what had the focus in it has it again.

const INSTEAD = { restore: "cancel", cancel: "restore" };
let last = "";

document.addEventListener("focusin", ({ target }) => {
  last = target.closest("[data-key]")?.dataset.key ?? target.id;
});

const find = (name) =>
  document.querySelector(`[data-key="${CSS.escape(name)}"]`) ?? document.getElementById(name);

export function keepFocus() {
  if (!last || (document.activeElement && document.activeElement !== document.body)) return;
  (find(last) ?? find(INSTEAD[last] ?? ""))?.focus({ preventScroll: true });
}
