() => {
  // A photo that is pasted, or dropped anywhere on the page, goes where a chosen one goes.
  const zone = () => document.querySelector("#photo");
  const input = () => zone().querySelector("input[type=file]");
  const give = async (files) => {
    const clear = zone().querySelector('button[aria-label="Clear"]');
    if (!files.length || !(clear || input())) return;
    clear?.click();
    while (!input()) await new Promise(requestAnimationFrame);
    const transfer = new DataTransfer();
    transfer.items.add(files[0]);
    input().files = transfer.files;
    input().dispatchEvent(new Event("change", { bubbles: true }));
  };
  document.addEventListener("paste", (event) => give(event.clipboardData.files));
  const dropping = (now) => document.body.classList.toggle("dropping", now);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    dropping(true);
  });
  document.addEventListener("dragleave", () => dropping(false));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    dropping(false);
    give(event.dataTransfer.files);
  });
}
