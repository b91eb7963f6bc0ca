// Copy: the picture as a PNG on the clipboard, where the browser has one for pictures.

const canCopy = () => Boolean(window.isSecureContext && navigator.clipboard?.write);

export function offerCopies() {
  if (!canCopy()) return;
  for (const button of document.querySelectorAll('[data-act="copy"][hidden]')) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.('[data-act="copy"]');
  if (!button) return;
  const label = button.textContent;
  const picture = fetch(button.dataset.strength).then((answer) => answer.blob());
  try {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
    button.textContent = button.dataset.done;
  } catch {
    button.hidden = true;
  }
  setTimeout(() => (button.textContent = label), 2000);
});
