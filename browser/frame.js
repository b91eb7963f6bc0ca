// The frame of the piece to try: it lies on the photo, and where it is put, the piece is restored.

import { tell } from "./telling.js";

const STEP = 64;

export class Frame {
  constructor(viewer) {
    this.viewer = viewer;
    const { pieceSide, width, height, piece, middle } = viewer.seen;
    Object.assign(this, {
      width: Math.min(pieceSide, width),
      height: Math.min(pieceSide, height),
      hasTried: Boolean(piece),
      isMoving: false,
    });
    this.element = viewer.element.querySelector(".frame");
    this.grip = this.element.querySelector(".grip");
    const at = viewer.state.frame;
    if (piece) this.put(piece.left, piece.top);
    else this.put(...(at ?? [middle[0] - this.width / 2, middle[1] - this.height / 2]));
    this.listen();
  }

  get middle() {
    return [this.left + this.width / 2, this.top + this.height / 2];
  }

  put(left, top) {
    const { width, height } = this.viewer.seen;
    this.left = Math.min(Math.max(left, 0), width - this.width);
    this.top = Math.min(Math.max(top, 0), height - this.height);
    this.viewer.state.frame = [this.left, this.top];
  }

  /** Follow the view, in CSS pixels. */
  place() {
    const { view, dense } = this.viewer;
    const [x, y] = view.place(this.left, this.top);
    Object.assign(this.element.style, {
      left: `${x / dense}px`,
      top: `${y / dense}px`,
      width: `${(this.width * view.scale) / dense}px`,
      height: `${(this.height * view.scale) / dense}px`,
    });
    this.element.hidden = false;
  }

  /** Back into what is seen, when the view has left it behind. */
  comeInside() {
    const { view } = this.viewer;
    const [x, y] = this.middle;
    const [width, height] = [view.boxWidth / view.scale, view.boxHeight / view.scale];
    const isSeen = x > view.x && x < view.x + width && y > view.y && y < view.y + height;
    if (isSeen) return;
    this.put(view.middle[0] - this.width / 2, view.middle[1] - this.height / 2);
    this.viewer.ask();
  }

  tryIt() {
    this.hasTried = true;
    const [x, y] = this.middle;
    tell(this.viewer.element, "select", { x, y });
  }

  listen() {
    const { viewer, grip } = this;
    let from = null;
    grip.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.stopPropagation();
      grip.setPointerCapture(event.pointerId);
      from = { x: event.clientX, y: event.clientY, left: this.left, top: this.top };
    });
    grip.addEventListener("pointermove", (event) => {
      if (!from) return;
      const scale = viewer.view.scale / viewer.dense;
      this.isMoving = true;
      this.put(
        from.left + (event.clientX - from.x) / scale,
        from.top + (event.clientY - from.y) / scale
      );
      viewer.ask();
    });
    grip.addEventListener("pointerup", () => {
      const moved = this.isMoving;
      from = null;
      this.isMoving = false;
      if (moved) this.tryIt();
    });
    grip.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const move = by[event.key];
      if (move) this.put(this.left + move[0] * STEP, this.top + move[1] * STEP);
      else if (event.key === "Enter") this.tryIt();
      else return;
      event.preventDefault();
      event.stopPropagation();
      this.comeInside();
      viewer.ask();
    });
    viewer.element.querySelector('[data-act="try"]')?.addEventListener("click", () => this.tryIt());
  }
}
