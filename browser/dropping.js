// Photos that are pasted, or dropped anywhere on the Restore tab, go where chosen ones go.

const zone = () => document.querySelector("#photo");
const isSeen = () => Boolean(zone()?.offsetParent);
const input = () => zone().querySelector("input[type=file]");

const give = (files) => {
  if (!files.length || !isSeen() || !input()) return;
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  input().files = transfer.files;
  input().dispatchEvent(new Event("change", { bubbles: true }));
};

document.addEventListener("paste", (event) => {
  if (!event.target.closest?.("input, textarea")) give(event.clipboardData.files);
});
const dropping = (now) => document.body.classList.toggle("dropping", now && isSeen());
document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  dropping(true);
});
document.addEventListener("dragleave", (event) => event.relatedTarget || dropping(false));
document.addEventListener(
  "drop",
  (event) => {
    dropping(false);
    if (!isSeen()) {
      if (!event.target.closest?.("[data-testid], .upload-container, input, button")) event.preventDefault();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    give(event.dataTransfer.files);
  },
  true
);
