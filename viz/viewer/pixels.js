// Pixels: lines and boxes written straight into the image of a picture seen from very far.

const PIXEL_LINES = 120_000;               // so many boxes in sight still have lines
const SELECTED = 1, NEAR = 2, FAINT = 4, PATHS = 8;        // bits of the state of a node and an edge

// Each box is a rectangle of whole pixels, in an image that is larger than the stage, for panning.
function pixelPainter(canvas, ctx, g, state) {
  function pixels(camera, scale, count) {
    const margin = count > 200_000 ? 0.5 : 0.25;
    const w = canvas.width, h = canvas.height, mx = Math.round(w * margin), my = Math.round(h * margin);
    const left = -camera.x * scale / camera.k, top = -camera.y * scale / camera.k;    // in pixels of the picture
    let map = state.bitmap;
    if (!map || map.scale !== scale || left < map.left || top < map.top ||
        left + w > map.left + map.image.width || top + h > map.top + map.image.height) {
      const image = map?.image.width === w + 2 * mx && map.image.height === h + 2 * my ? map.image :
        ctx.createImageData(w + 2 * mx, h + 2 * my);
      map = state.bitmap = { scale, left: Math.round(left) - mx, top: Math.round(top) - my, image };
      splat(map, count);
    }
    ctx.putImageData(map.image, map.left - Math.round(left), map.top - Math.round(top));
  }
  function splat({ image, left, top, scale }, count) {
    const { look, dimmed, heat, nodes, edges, index } = state, { paper, focus } = look.page;
    const out = new Uint32Array(image.data.buffer), w = image.width, h = image.height;
    out.fill(packedColor(paper));
    const view = [left / scale, top / scale, (left + w) / scale, (top + h) / scale];
    if (count < PIXEL_LINES && !state.hasty) {
      const faded = (role, t) => packedColor(mixed(paper, look.shapes[role].stroke, dimmed ? 0.15 : t));
      const strokes = [faded("edge", 0.45), faded("rail", 0.6), packedColor(focus)];
      let ax = 0, ay = 0, color = 0;
      const segment = (x1, y1) => { trail(out, w, h, ax, ay, x1, y1, color); ax = x1; ay = y1; };
      const pen = { move(x, y) { ax = x * scale - left; ay = y * scale - top; },
        line(x, y) { segment(x * scale - left, y * scale - top); } };
      index.lines(view, l => {
        const e = g.edge(l);
        color = e >= 0 && edges[e] & (NEAR | PATHS) ? strokes[2] : strokes[g.role(l) === "rail" ? 1 : 0];
        g.trace(l, pen, true);
      });
    }
    const colors = tints(scale < 0.08 ? 0.7 : 0.45), bright = packedColor(focus);
    const pale = colors.map(color => packedColor(mixed(paper, color, 0.3)));
    const full = colors.map(packedColor), warm = heat && heats();
    const rect = (b, color, least) => {
      let x0 = Math.round(g.x[b] * scale - left), y0 = Math.round(g.y[b] * scale - top);
      let x1 = Math.max(Math.round((g.x[b] + g.width[b]) * scale - left), x0 + least);
      let y1 = Math.max(Math.round((g.y[b] + g.height[b]) * scale - top), y0 + least);
      if (x0 < 0) x0 = 0;
      if (y0 < 0) y0 = 0;
      if (x1 > w) x1 = w;
      if (y1 > h) y1 = h;
      for (let row = y0 * w; row < y1 * w; row += w) for (let p = row + x0; p < row + x1; p++) out[p] = color;
    };
    const late = [];
    index.boxes(view, b => {
      const i = g.of(b), bits = nodes[i];
      if (bits & (SELECTED | PATHS) || dimmed && !(bits & FAINT)) late.push(b);
      else rect(b, warm && heat(b) !== null ? warm(heat(b)) : (bits & FAINT ? pale : full)[g.kind[i]], 1);
    });
    for (const b of late) rect(b, nodes[g.of(b)] & (SELECTED | PATHS) ? bright : full[g.kind[g.of(b)]], 3);
  }
  function heats() {
    const table = new Map();
    for (let bin = -4; bin <= 4; bin++) {
      const shape = state.look.shapes[`heat${bin < 0 ? bin : "+" + bin}`];
      table.set(bin, packedColor(bin ? shape.fill || shape.stroke : nothing(state.look)));
    }
    return bin => table.get(bin);
  }
  const tints = strength => KINDS.map(kind => {
    const shape = state.look.shapes[kind];
    return shape.stroke ? mixed(shape.fill, shape.stroke, strength) : shape.fill;
  });
  return pixels;
}
const nothing = look => mixed(look.page.paper, look.page.line, 0.4);       // the colour of a grad of zero

// A line from (ax, ay) to (bx, by), in an image of w by h pixels: one pixel a step along its longer side.
function trail(out, w, h, ax, ay, bx, by, color) {
  if (ax < 0 && bx < 0 || ay < 0 && by < 0 || ax >= w && bx >= w || ay >= h && by >= h) return;
  const dx = bx - ax, dy = by - ay, steps = Math.max(Math.abs(dx), Math.abs(dy));
  let from = 0, to = 1;                    // the part of it within the image
  for (const [at, by_, size] of [[ax, dx, w], [ay, dy, h]]) {
    if (!by_) continue;
    const a = -at / by_, b = (size - 1e-6 - at) / by_;
    from = Math.max(from, Math.min(a, b));
    to = Math.min(to, Math.max(a, b));
  }
  if (from > to) return;
  const n = Math.max(1, Math.ceil(steps * (to - from))), sx = dx * (to - from) / n, sy = dy * (to - from) / n;
  let x = ax + dx * from, y = ay + dy * from;
  for (let i = 0; i <= n; i++, x += sx, y += sy) {
    const px = x | 0, py = y | 0;
    if (px >= 0 && py >= 0 && px < w && py < h) out[py * w + px] = color;
  }
}
