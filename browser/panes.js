// Compared pictures share one view: `zoom` screen pixels a pixel, with (x, y) at the top left.
const view = { zoom: 0, x: 0, y: 0 };
const panes = () => document.querySelector(".panes");
const pictures = () => [...panes().querySelectorAll("img")];
const fitting = () => {
  const [first, pane] = [pictures()[0], panes().querySelector(".pane")];
  return Math.min(pane.clientWidth / first.naturalWidth, pane.clientHeight / first.naturalHeight);
};
const draw = () => {
  const scale = `scale(${view.zoom}) translate(${-view.x}px, ${-view.y}px)`;
  for (const each of pictures()) {
    each.style.transform = scale;
    each.style.imageRendering = view.zoom >= 2 ? "pixelated" : "auto";
  }
};
const zoomTo = (zoom, atX, atY) => {
  const to = Math.min(16, Math.max(fitting(), zoom));
  view.x += atX / view.zoom - atX / to;
  view.y += atY / view.zoom - atY / to;
  view.zoom = to;
  draw();
};
const showAll = () => {
  const { naturalWidth, naturalHeight } = pictures()[0];
  panes().style.setProperty("--aspect", naturalWidth / naturalHeight);
  Object.assign(view, { zoom: fitting(), x: 0, y: 0 });
  draw();
};
document.addEventListener("click", (event) => {
  const wanted = event.target.dataset?.zoom;
  if (wanted === "fit") showAll();
  else if (wanted) {
    const pane = panes().querySelector(".pane");
    zoomTo(Number(wanted), pane.clientWidth / 2, pane.clientHeight / 2);
  }
});
document.addEventListener("change", (event) => {
  if (event.target.name === "errors") panes().classList.toggle("errors", event.target.checked);
});
document.addEventListener(
  "wheel",
  (event) => {
    const pane = event.target.closest?.(".pane");
    if (!pane) return;
    event.preventDefault();
    const box = pane.getBoundingClientRect();
    const factor = Math.exp(-event.deltaY / 400);
    zoomTo(view.zoom * factor, event.clientX - box.left, event.clientY - box.top);
  },
  { passive: false }
);
document.addEventListener("pointermove", (event) => {
  if (!event.buttons || !event.target.closest?.(".pane")) return;
  view.x -= event.movementX / view.zoom;
  view.y -= event.movementY / view.zoom;
  draw();
});
document.addEventListener("dragstart", (event) => {
  if (event.target.closest?.(".pane")) event.preventDefault();
});
document.addEventListener("load", (event) => {
  if (event.target.closest?.(".pane") && event.target === pictures()[0]) showAll();
  else if (event.target.closest?.(".pane") && view.zoom) draw();
}, true);
