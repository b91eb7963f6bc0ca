// The viewer: Split, Side by side, Hold; zoomed and moved by wheel, fingers, mouse and keys.

import { blend } from "./blending.js";
import { Frame } from "./frame.js";
import { listenToKeys, listenToPointers } from "./gestures.js";
import { Picture, image } from "./picture.js";
import { strength, whenStrengthChanges } from "./strength.js";
import { tell } from "./telling.js";
import { View } from "./view.js";

const GAP = 4;
const kept = new Map();

export class Viewer {
  constructor(element) {
    this.element = element;
    this.seen = JSON.parse(element.dataset.seen);
    const { name, width, height, before, after } = this.seen;
    this.state = kept.get(name) ?? { view: new View(width, height), mode: "split", split: 50 };
    kept.set(name, this.state);
    this.view = this.state.view;
    this.before = new Picture(before, width, height);
    this.after = after ? new Picture(after, width, height) : null;
    this.stage = element.querySelector(".stage");
    this.canvas = element.querySelector("canvas");
    this.divider = element.querySelector(".divider");
    this.layers = [0, 1].map(() => document.createElement("canvas").getContext("2d"));
    this.held = false;
    this.ask = this.ask.bind(this);
    this.frame = this.seen.pieceSide ? new Frame(this) : null;
    this.listen();
    new ResizeObserver(() => this.resize()).observe(this.stage);
    this.resize();
  }

  get dense() {
    return window.devicePixelRatio || 1;
  }

  get isSide() {
    return Boolean(this.after) && this.state.mode === "side";
  }

  listen() {
    listenToPointers(this);
    listenToKeys(this);
    this.element.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button?.dataset.mode) this.show(button.dataset.mode);
      if (button?.dataset.zoom) this.zoomTo(button.dataset.zoom);
      if (button?.dataset.act === "fullscreen") this.toggleFullscreen();
      if (button?.dataset.act === "several") this.trySeveral();
    });
    this.element.addEventListener("fullscreenchange", () => this.nameFullscreen());
    whenStrengthChanges(this.element, () => this.ask());
  }

  show(mode) {
    this.state.mode = mode;
    this.resize();
  }

  zoomTo(wanted) {
    if (wanted === "fit") this.view.fit();
    else this.view.look(...this.view.middle, Number(wanted));
    this.ask();
  }

  toggle(atX, atY) {
    if (this.view.scale < 1 || this.view.isFitting) this.view.zoom(1, atX, atY);
    else this.view.fit();
    this.ask();
  }

  hold(now) {
    this.held = now;
    this.ask();
  }

  moveSplit(to) {
    this.state.split = Math.min(100, Math.max(0, to));
    this.ask();
  }

  trySeveral() {
    const [x, y] = this.frame ? this.frame.middle : this.view.middle;
    tell(this.element, "input", { x, y });
  }

  toggleFullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.element.requestFullscreen();
  }

  nameFullscreen() {
    const button = this.element.querySelector('[data-act="fullscreen"]');
    button.dataset.enter ??= button.getAttribute("aria-label");
    const { enter, exit } = button.dataset;
    button.setAttribute("aria-label", document.fullscreenElement ? exit : enter);
  }

  resize() {
    const [width, height] = [this.stage.clientWidth, this.stage.clientHeight];
    if (!width || !height) return;
    this.canvas.width = Math.round(width * this.dense);
    this.canvas.height = Math.round(height * this.dense);
    const boxWidth = this.isSide ? Math.floor((this.canvas.width - GAP) / 2) : this.canvas.width;
    const isFirst = !this.view.scale;
    this.view.resize(boxWidth, this.canvas.height);
    if (isFirst) this.view.look(...this.seen.middle, Math.max(1, Math.min(1, this.view.fitting)));
    for (const { canvas } of this.layers) {
      Object.assign(canvas, { width: boxWidth, height: this.canvas.height });
    }
    this.ask();
  }

  /** Draw soon, once for all that asks for it. */
  ask() {
    this.asked ??= requestAnimationFrame(() => {
      this.asked = null;
      if (this.element.isConnected && this.view.scale) this.draw();
    });
  }

  draw() {
    const context = this.canvas.getContext("2d");
    const [before, after] = this.layers;
    let coming = this.drawLayer(before, this.before);
    if (this.after) coming += this.drawLayer(after, this.after);
    if (this.after && !coming && strength.percent < 100) blend(before, after, strength.percent);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.compose(context, before.canvas, after.canvas);
    if (this.seen.piece && !this.held) coming += this.drawPiece(context);
    this.tellState(coming);
  }

  drawLayer(layer, picture) {
    layer.clearRect(0, 0, layer.canvas.width, layer.canvas.height);
    return picture.draw(layer, this.view, this.ask);
  }

  compose(context, before, after) {
    const { mode, split } = this.state;
    const { width, height } = this.canvas;
    if (!this.after || (mode === "hold" && this.held)) context.drawImage(before, 0, 0);
    else if (this.isSide) {
      context.drawImage(before, 0, 0);
      context.drawImage(after, width - after.width, 0);
    } else {
      context.drawImage(after, 0, 0);
      const at = Math.round((width * split) / 100);
      if (mode === "split" && at > 0) context.drawImage(before, 0, 0, at, height, 0, 0, at, height);
    }
  }

  drawPiece(context) {
    const { left, top, width, height, address } = this.seen.piece;
    const piece = image(address, this.ask);
    if (!piece.complete) return 1;
    if (!piece.naturalWidth || this.frame?.isMoving) return 0;
    const [x, y] = this.view.place(left, top);
    const [endX, endY] = this.view.place(left + width, top + height);
    context.imageSmoothingEnabled = this.view.scale < 2;
    context.drawImage(piece, x, y, endX - x, endY - y);
    return 0;
  }

  tellState(coming) {
    const { mode, split } = this.state;
    const percent = `${Math.round(this.view.scale * 100)} %`;
    const pressed = (button, is) => button.setAttribute("aria-pressed", is);
    for (const button of this.element.querySelectorAll("[data-mode]")) {
      pressed(button, button.dataset.mode === mode);
    }
    for (const button of this.element.querySelectorAll("[data-zoom]")) {
      const { zoom } = button.dataset;
      pressed(button, zoom === "fit" ? this.view.isFitting : this.view.scale === Number(zoom));
    }
    this.element.querySelector(".zoom-now").textContent = percent;
    Object.assign(this.element.dataset, {
      scale: this.view.scale,
      settled: coming === 0,
      mode,
      fitting: this.view.isFitting,
      at: `${this.view.x},${this.view.y}`,
    });
    if (this.divider) {
      this.divider.hidden = mode !== "split";
      this.divider.style.left = `${split}%`;
      this.divider.setAttribute("aria-valuenow", Math.round(split));
    }
    for (const side of ["before", "after"]) {
      const tag = this.element.querySelector(`.tag.${side}`);
      const seen = mode === "hold" ? (side === "before") === this.held : true;
      tag.hidden = !this.after || !seen;
    }
    this.frame?.place();
  }
}
