// Fingers, mouse, wheel and keys, as moves of a viewer.

const STEP = 64;
const TAP = { within: 320, near: 24 };

const distance = ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y);
const middle = (points) => ({
  x: points.reduce((sum, each) => sum + each.x, 0) / points.length,
  y: points.reduce((sum, each) => sum + each.y, 0) / points.length,
});

/** A place of the event on a viewer's stage, in device pixels. */
function placeIn(viewer, event) {
  const stage = viewer.stage.getBoundingClientRect();
  return {
    x: (event.clientX - stage.left) * viewer.dense,
    y: (event.clientY - stage.top) * viewer.dense,
  };
}

/** Zoom so that what lies at a place of the stage stays there. */
function zoomAt(viewer, scale, place) {
  const { x, y } = viewer.boxes.within(place);
  viewer.view.zoom(scale, x, y);
}

export function listenToPointers(viewer) {
  const { stage, view } = viewer;
  const down = new Map();
  let last = null;
  let begun = null;
  let tapped = null;
  let splitting = false;

  const begin = () => {
    const points = [...down.values()];
    last = points.length ? { at: middle(points), apart: points[1] && distance(points) } : null;
  };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button || event.target.closest("button, .grip")) return;
    splitting = event.target === viewer.divider;
    stage.setPointerCapture(event.pointerId);
    down.set(event.pointerId, placeIn(viewer, event));
    begun = { ...placeIn(viewer, event), time: event.timeStamp, alone: down.size === 1 };
    if (viewer.state.mode === "hold" && viewer.hasSeveral) viewer.hold(true);
    begin();
  });
  stage.addEventListener("pointermove", (event) => {
    if (!down.has(event.pointerId)) return;
    down.set(event.pointerId, placeIn(viewer, event));
    if (splitting) {
      viewer.moveSplit((100 * placeIn(viewer, event).x) / viewer.canvas.width);
      return;
    }
    const was = last;
    begin();
    view.move(last.at.x - was.at.x, last.at.y - was.at.y);
    if (was.apart && last.apart) zoomAt(viewer, (view.scale * last.apart) / was.apart, last.at);
    viewer.ask();
  });
  const end = (event) => {
    if (!down.delete(event.pointerId)) return;
    begin();
    if (viewer.held) viewer.hold(false);
    const at = placeIn(viewer, event);
    const isTap = begun?.alone && Math.hypot(at.x - begun.x, at.y - begun.y) < 6 * viewer.dense;
    const isSecond = tapped && event.timeStamp - tapped.time < TAP.within;
    if (!splitting && isTap && isSecond && distance([at, tapped]) < TAP.near * viewer.dense) {
      tapped = null;
      viewer.toggle(viewer.boxes.within(at));
    } else {
      tapped = isTap && !splitting ? { ...at, time: event.timeStamp } : null;
      viewer.frame?.comeInside();
    }
    splitting = false;
  };
  stage.addEventListener("pointerup", end);
  stage.addEventListener("pointercancel", end);
  stage.addEventListener(
    "wheel",
    (event) => {
      if (event.deltaY > 0 && view.isFitting) return;
      event.preventDefault();
      zoomAt(viewer, view.scale * Math.exp(-event.deltaY / 400), placeIn(viewer, event));
      viewer.ask();
    },
    { passive: false }
  );
}

export function listenToKeys(viewer) {
  const { stage, view, divider } = viewer;
  const moves = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const zooms = { "+": 1.25, "=": 1.25, "-": 0.8 };
  stage.addEventListener("keydown", (event) => {
    if (event.target !== stage || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    if (moves[key]) view.move(...moves[key].map((by) => by * STEP * viewer.dense));
    else if (zooms[key]) view.zoom(view.scale * zooms[key], view.boxWidth / 2, view.boxHeight / 2);
    else if (key === "0") view.fit();
    else if (key === "1" || key === "2") viewer.zoomTo(key);
    else if (key === " ") viewer.hold(true);
    else return;
    event.preventDefault();
    viewer.ask();
  });
  stage.addEventListener("keyup", (event) => {
    if (event.key === " " && viewer.held) viewer.hold(false);
  });
  stage.addEventListener("blur", () => viewer.held && viewer.hold(false));
  const splits = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10 };
  divider?.addEventListener("keydown", (event) => {
    if (event.key in splits) viewer.moveSplit(viewer.state.split + splits[event.key]);
    else if (event.key === "Home" || event.key === "End") viewer.moveSplit(event.key === "End" ? 100 : 0);
    else return;
    event.preventDefault();
  });
}
