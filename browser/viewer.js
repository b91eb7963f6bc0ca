// The viewer: Split, Side by side, Hold; zoomed and moved by wheel, fingers, mouse and keys.

import { arrange } from "./beside.js";
import { blend } from "./blending.js";
import { Frame } from "./frame.js";
import { listenToKeys, listenToPointers } from "./gestures.js";
import { Picture, image } from "./picture.js";
import { strength, whenStrengthChanges } from "./strength.js";
import { tell } from "./telling.js";
import { View } from "./view.js";

const INSET = 10; // CSS pixels between a picture's title and its corner
const kept = new Map();

/** How a photo was looked at last, or is looked at first. */
const stateOf = ({ name, width, height, mode }) => {
  const fresh = { view: new View(width, height), mode, split: 50, before: 0, after: 1, errors: false };
  if (!kept.has(name)) kept.set(name, fresh);
  return kept.get(name);
};

export class Viewer {
  constructor(element) {
    this.element = element;
    this.seen = JSON.parse(element.dataset.seen);
    this.state = stateOf(this.seen);
    this.view = this.state.view;
    const { width, height, pictures } = this.seen;
    this.pictures = pictures.map(({ address }) => new Picture(address, width, height));
    this.errors = pictures.map(({ errors }) => errors && new Picture(errors, width, height));
    this.layers = pictures.map(() => document.createElement("canvas").getContext("2d"));
    this.stage = element.querySelector(".stage");
    this.canvas = element.querySelector("canvas");
    this.divider = element.querySelector(".divider");
    this.tags = [...element.querySelectorAll(".tag")];
    this.held = false;
    this.ask = this.ask.bind(this);
    this.frame = this.seen.pieceSide ? new Frame(this) : null;
    this.showChoices();
    this.listen();
    new ResizeObserver(() => this.resize()).observe(this.stage);
    this.resize();
  }

  get dense() {
    return window.devicePixelRatio || 1;
  }

  get hasSeveral() {
    return this.pictures.length > 1;
  }

  /** The places of the two that are split, or held against each other. */
  get pair() {
    const last = this.pictures.length - 1;
    return [Math.min(this.state.before, last), Math.min(this.state.after, last)];
  }

  get isSide() {
    return this.hasSeveral && this.state.mode === "side";
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
    this.element.addEventListener("change", ({ target }) => this.choose(target));
    this.element.addEventListener("fullscreenchange", () => this.nameFullscreen());
    whenStrengthChanges(this.element, () => this.ask());
  }

  show(mode) {
    this.state.mode = mode;
    this.resize();
  }

  showChoices() {
    const [before, after] = this.pair;
    for (const each of this.element.querySelectorAll(".pair select")) {
      each.value = each.name === "before" ? before : after;
    }
    const errors = this.element.querySelector("[name=errors]");
    if (errors) errors.checked = this.state.errors;
  }

  /** Other pictures of the same view: two that are compared, or where they are wrong. */
  choose({ name, value, checked }) {
    if (name === "before" || name === "after") this.state[name] = Number(value);
    if (name === "errors") this.state.errors = checked;
    this.ask();
  }

  zoomTo(wanted) {
    if (wanted === "fit") this.view.fit();
    else this.view.look(...this.view.middle, Number(wanted));
    this.ask();
  }

  toggle({ x, y }) {
    if (this.view.scale < 1 || this.view.isFitting) this.view.zoom(1, x, y);
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
    this.boxes = arrange(this.isSide ? this.pictures.length : 1, this.canvas, this.seen);
    const isFirst = !this.view.scale;
    this.view.resize(this.boxes.boxWidth, this.boxes.boxHeight);
    if (isFirst) this.lookFirst();
    this.ask();
  }

  lookFirst() {
    const { middle } = this.seen;
    if (middle) this.view.look(...middle, Math.max(1, Math.min(1, this.view.fitting)));
    else this.view.fit();
  }

  /** Draw soon, once for all that asks for it. */
  ask() {
    this.element.dataset.settled = false;
    this.asked ??= requestAnimationFrame(() => {
      this.asked = null;
      if (this.element.isConnected && this.view.scale) this.draw();
    });
  }

  draw() {
    const context = this.canvas.getContext("2d");
    let coming = 0;
    for (const place of this.shown) coming += this.drawLayer(place);
    const [first, last] = [this.layers[0], this.layers.at(-1)];
    const isMixed = this.element.querySelector("[name=strength]") && strength.percent < 100;
    if (isMixed && !coming) blend(first, last, strength.percent);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.compose(context);
    if (this.seen.piece && !this.held) coming += this.drawPiece(context);
    this.tellState(coming);
  }

  /** The places of the pictures that are looked at now. */
  get shown() {
    if (this.isSide) return this.pictures.keys();
    return new Set(this.pair);
  }

  drawLayer(place) {
    const layer = this.layers[place];
    const { boxWidth, boxHeight } = this.boxes;
    const { width, height } = layer.canvas;
    if (width !== boxWidth || height !== boxHeight) {
      Object.assign(layer.canvas, { width: boxWidth, height: boxHeight });
    }
    layer.clearRect(0, 0, boxWidth, boxHeight);
    const picture = (this.state.errors && this.errors[place]) || this.pictures[place];
    return picture.draw(layer, this.view, this.ask);
  }

  compose(context) {
    const { mode, split } = this.state;
    const [before, after] = this.pair;
    const { width, height } = this.canvas;
    if (this.isSide) {
      for (const place of this.shown) {
        context.drawImage(this.layers[place].canvas, ...this.boxes.corner(place));
      }
      return;
    }
    const seen = mode === "hold" && this.held ? before : after;
    context.drawImage(this.layers[seen].canvas, 0, 0);
    const at = Math.round((width * split) / 100);
    if (mode === "split" && at > 0) {
      context.drawImage(this.layers[before].canvas, 0, 0, at, height, 0, 0, at, height);
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
    const pair = this.element.querySelector(".pair");
    if (pair) pair.hidden = this.isSide;
    this.tags.forEach((tag, place) => this.putTag(tag, place));
    this.frame?.place();
  }

  putTag(tag, place) {
    const { mode } = this.state;
    const [before, after] = this.pair;
    const isLeft = place === before && (mode === "split" || (mode === "hold" && this.held));
    const isRight = place === after && (mode === "split" || (mode === "hold" && !this.held));
    tag.hidden = !this.isSide && !isLeft && !isRight;
    const [x, y] = this.isSide ? this.boxes.corner(place) : [0, 0];
    const far = isRight && !this.isSide;
    Object.assign(tag.style, {
      left: far ? "auto" : `${x / this.dense + INSET}px`,
      right: far ? `${INSET}px` : "auto",
      top: `${y / this.dense + INSET}px`,
    });
  }
}
