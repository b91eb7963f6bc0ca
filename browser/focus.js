// Where the server draws something anew, what had the focus in it has it again.

let last = "";

document.addEventListener("focusin", ({ target }) => {
  last = target.closest("[data-key]")?.dataset.key ?? "";
});

export function keepFocus() {
  if (!last || (document.activeElement && document.activeElement !== document.body)) return;
  document.querySelector(`[data-key="${CSS.escape(last)}"]`)?.focus({ preventScroll: true });
}
