// The camera: the picture's origin and scale on the stage; fingers, mouse and wheel that move it.

const camera = {
  x: 0, y: 0, k: 1, fitted: true,
  set(x, y, k) { Object.assign(this, { x, y, k, fitted: false }); view.show(this); },
  room() {                       // the height for a whole picture: above the legend
    const legend = part("legend");
    return stage.clientHeight - (legend.hidden ? 0 : legend.offsetHeight + 24);
  },
  whole() { return Math.min(stage.clientWidth / view.width, this.room() / view.height, 2) || 1; },
  fit() {
    const w = stage.clientWidth, h = this.room(), k = this.whole();
    this.set((w - view.width * k) / 2, (h - view.height * k) / 2, k);
    this.fitted = true;
  },
  open() {                       // the whole picture; of one too large to read so its beginning
    this.fit();
    if (this.k >= 0.5 || view.wide && view.width * this.k > stage.clientWidth * 0.3 &&
        view.height * this.k > stage.clientHeight * 0.3) return;
    const b = view.box(0), k = 0.8;
    this.set(24 - b.x * k, stage.clientHeight / 2 - (b.y + b.height / 2) * k, k);
  },
  zoom(factor, cx = stage.clientWidth / 2, cy = stage.clientHeight / 2) {
    const k = Math.min(Math.max(this.k * factor, Math.min(0.01, this.whole() / 2)), 16), f = k / this.k;
    this.set(cx - (cx - this.x) * f, cy - (cy - this.y) * f, k);
  },
  pan(dx, dy) { this.set(this.x + dx, this.y + dy, this.k); },
  reveal(i) {                    // as little as brings the node into sight, and large enough to read
    const b = view.box(i), w = stage.clientWidth, h = stage.clientHeight, edge = 24;
    const k = Math.max(this.k, 0.7);
    let { x, y } = this;
    if (k !== this.k) { x = w / 2 - (b.x + b.width / 2) * k; y = h / 2 - (b.y + b.height / 2) * k; }
    const left = b.x * k + x, top = b.y * k + y;
    if (left < edge) x += edge - left;
    else if (left + b.width * k > w - edge) x -= left + b.width * k - w + edge;
    if (top < edge) y += edge - top;
    else if (top + b.height * k > h - edge) y -= top + b.height * k - h + edge;
    if (x !== this.x || y !== this.y || k !== this.k) this.set(x, y, k);
  },
};
new ResizeObserver(() => { if (camera.fitted) camera.fit(); }).observe(stage);

const fingers = new Map();
let moved = 0, pressed = -1;
const middle = () => {
  const points = [...fingers.values()], n = points.length;
  const x = points.reduce((s, p) => s + p.x, 0) / n, y = points.reduce((s, p) => s + p.y, 0) / n;
  return { x, y, spread: n > 1 ? Math.hypot(points[0].x - points[1].x, points[0].y - points[1].y) : 0 };
};
stage.addEventListener("pointerdown", event => {
  if (event.button || event.target.closest("[data-part=minimap], [data-part=legend]")) return;
  if (!fingers.size) { moved = 0; pressed = view.at(event.target, event); }
  fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
});
addEventListener("pointermove", event => {
  if (!fingers.has(event.pointerId)) return;
  const before = middle();
  fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  const after = middle(), frame = stage.getBoundingClientRect();
  moved += Math.hypot(after.x - before.x, after.y - before.y);
  if (moved < 4 && fingers.size < 2) return;
  camera.pan(after.x - before.x, after.y - before.y);
  if (before.spread && after.spread)
    camera.zoom(after.spread / before.spread, after.x - frame.left, after.y - frame.top);
});
for (const type of ["pointerup", "pointercancel"]) addEventListener(type, event => {
  if (!fingers.delete(event.pointerId) || fingers.size || type !== "pointerup") return;
  if (moved < 4) picked(pressed, event);
});
stage.addEventListener("wheel", event => {
  event.preventDefault();
  const frame = stage.getBoundingClientRect();
  const turn = event.deltaMode ? event.deltaY * 16 : event.deltaY;
  camera.zoom(Math.exp(-turn / 400), event.clientX - frame.left, event.clientY - frame.top);
}, { passive: false });

// ---- The minimap: the whole picture in the corner, and which part of it is in sight

const minimap = part("minimap"), SMALL = [200, 130];
let mapped = null;
function drawMinimap() {
  const scale = Math.min(SMALL[0] / view.width, SMALL[1] / view.height);
  const w = Math.max(1, Math.round(view.width * scale)), h = Math.max(6, Math.round(view.height * scale));
  const whole = view.width * camera.k <= stage.clientWidth * 1.02 && view.height * camera.k <= stage.clientHeight * 1.02;
  minimap.hidden = whole || w < 20;
  if (minimap.hidden) return;
  const ctx = minimap.getContext("2d"), key = `${w} ${h} ${isDark()} ${view.width}`;
  if (!mapped || mapped.key !== key) {
    minimap.width = w; minimap.height = h;
    const count = new Float32Array(w * h), colors = getComputedStyle(document.body);
    for (let i = 0; i < graph.n; i++) {
      if (graph.n < 3000 && !view.wide && i % 1) continue;
      const b = view.box(i), x = Math.min(w - 1, (b.x + b.width / 2) * scale | 0);
      const y = Math.min(h - 1, (b.y + b.height / 2) * scale | 0);
      const x1 = Math.min(w - 1, (b.x + b.width) * scale | 0), y1 = Math.min(h - 1, (b.y + b.height) * scale | 0);
      for (let py = b.y * scale | 0; py <= y1; py++)
        for (let px = b.x * scale | 0; px <= x1; px++) count[py * w + px] += b.width * b.height * scale * scale / ((x1 - x + 1) * (y1 - y + 1));
    }
    const image = ctx.createImageData(w, h), [r, g, b] = colors.color.match(/[\d.]+/g).map(Number);
    for (let p = 0; p < count.length; p++)
      image.data.set([r, g, b, Math.min(160, count[p] ? 40 + 120 * count[p] : 0)], 4 * p);
    mapped = { key, image };
  }
  ctx.putImageData(mapped.image, 0, 0);
  ctx.strokeStyle = getComputedStyle(minimap).borderTopColor;
  ctx.lineWidth = 2;
  const x = -camera.x / camera.k * scale, y = -camera.y / camera.k * scale;
  const rw = Math.max(4, stage.clientWidth / camera.k * scale), rh = Math.max(4, stage.clientHeight / camera.k * scale);
  ctx.strokeRect(Math.max(1, Math.min(x, w - rw - 1)), Math.max(1, Math.min(y, h - rh - 1)), Math.min(rw, w - 2), Math.min(rh, h - 2));
}
function jump(event) {
  const frame = minimap.getBoundingClientRect(), scale = minimap.width / view.width;
  const x = (event.clientX - frame.left) / scale * minimap.width / frame.width;
  const y = (event.clientY - frame.top) / frame.height * view.height;
  camera.set(stage.clientWidth / 2 - x * camera.k, stage.clientHeight / 2 - y * camera.k, camera.k);
}
minimap.addEventListener("pointerdown", event => { minimap.setPointerCapture(event.pointerId); jump(event); });
minimap.addEventListener("pointermove", event => { if (event.buttons) jump(event); });
