// The view of a large graph: a canvas. Very far off boxes are pixels, then rectangles and one path of
// lines, then boxes with their texts, those in sight only.

const MANY = 3000, FULL = 0.3;             // more boxes in sight are pixels; the scale that shows text
const PIXEL_LINES = 120_000;               // so many boxes in sight still have lines

function canvasView(g, model) {
  const canvas = stage.querySelector("canvas"), ctx = canvas.getContext("2d", { alpha: false });
  const cursor = part("cursor");
  let index = spatial(g), look = palette(), camera_ = null, waiting = 0, current = -1;
  let heat = null;                         // box -> its bin, where heat is shown
  const SELECTED = 1, NEAR = 2, FAINT = 4, PATHS = 8;
  const bits = { selected: SELECTED, near: NEAR, faint: FAINT, path: PATHS };
  const nodeState = new Uint8Array(model.n), edgeState = new Uint8Array(model.m);
  let dimmed = false;                      // some are faint
  let bitmap = null;                       // pixels of a part of the picture, for panning
  const role = b => g.look(b) || "chip-" + KINDS[g.kind[g.of(b)]];
  let first = null;

  function resize() {
    const w = stage.clientWidth, h = stage.clientHeight, ratio = devicePixelRatio || 1;
    const [cw, ch] = [Math.max(1, Math.round(w * ratio)), Math.max(1, Math.round(h * ratio))];
    if (canvas.width !== cw || canvas.height !== ch) { canvas.width = cw; canvas.height = ch; bitmap = null; }
  }
  function sight(extra = 0) {
    const { x, y, k } = camera_, w = stage.clientWidth, h = stage.clientHeight;
    return [(-x - extra * w) / k, (-y - extra * h) / k, (w - x + extra * w) / k, (h - y + extra * h) / k];
  }

  function paint() {
    waiting = 0;
    resize();
    const { x, y, k } = camera_, ratio = canvas.width / Math.max(1, stage.clientWidth);
    const seen = sight(), [ox, oy] = seen, count = index.count(seen);
    const level = k >= FULL && count < MANY ? "boxes" : count < MANY ? "shapes" : "pixels";
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    if (level === "pixels") pixels(k * ratio, count);
    else {
      ctx.fillStyle = look.page.paper;
      ctx.fillRect(0, 0, canvas.width, canvas.height);
      ctx.setTransform(k * ratio, 0, 0, k * ratio, 0, 0);
      for (const mark of g.under) if (!mark.hidden) drawMark(ctx, look, g, mark, ox, oy);
      frames(seen, ox, oy, k);
      if (level === "shapes") shapes(seen, ox, oy, k);
      else boxes(seen, ox, oy, k);
    }
    ctx.setTransform(k * ratio, 0, 0, k * ratio, 0, 0);
    if (level === "pixels") frames(seen, ox, oy, k);
    titles(ox, oy, k, seen);
    rings(ox, oy, k);
    place(x, y, k);
    stage.dataset.scale = k;
    if (view.after) view.after();
    if (first) {
      performance.mark("painted");
      first();
      first = null;
    }
  }

  // ---- Pixels: each box a rectangle of whole pixels, in an image that is larger than the stage

  function pixels(scale, count) {
    const margin = count > 200_000 ? 0.5 : 0.25;
    const w = canvas.width, h = canvas.height, mx = Math.round(w * margin), my = Math.round(h * margin);
    const left = -camera_.x * scale / camera_.k, top = -camera_.y * scale / camera_.k;    // in pixels of the picture
    if (!bitmap || bitmap.scale !== scale || left < bitmap.left || top < bitmap.top ||
        left + w > bitmap.left + bitmap.image.width || top + h > bitmap.top + bitmap.image.height) {
      bitmap = { scale, left: Math.round(left) - mx, top: Math.round(top) - my,
        image: bitmap?.image.width === w + 2 * mx ? bitmap.image : ctx.createImageData(w + 2 * mx, h + 2 * my) };
      splat(bitmap, count);
    }
    ctx.putImageData(bitmap.image, bitmap.left - Math.round(left), bitmap.top - Math.round(top));
  }
  function splat({ image, left, top, scale }, count) {
    const out = new Uint32Array(image.data.buffer), w = image.width, h = image.height;
    const paper = packedColor(look.page.paper);
    out.fill(paper);
    const view = [left / scale, top / scale, (left + w) / scale, (top + h) / scale];
    if (count < PIXEL_LINES) {
      const strokes = [packedColor(mixed(look.page.paper, look.shapes.edge.stroke, dimmed ? 0.15 : 0.45)),
        packedColor(mixed(look.page.paper, look.shapes.rail.stroke, dimmed ? 0.15 : 0.6)), packedColor(look.page.focus)];
      let ax = 0, ay = 0, color = 0;
      const segment = (x1, y1) => { trail(out, w, h, ax, ay, x1, y1, color); ax = x1; ay = y1; };
      const pen = { move(x, y) { ax = x * scale - left; ay = y * scale - top; },
        line(x, y) { segment(x * scale - left, y * scale - top); } };
      index.lines(view, l => {
        const e = g.edge(l);
        color = e >= 0 && edgeState[e] & (NEAR | PATHS) ? strokes[2] : strokes[g.role(l) === "rail" ? 1 : 0];
        g.trace(l, pen, true);
      });
    }
    const colors = tints(scale < 0.08 ? 0.7 : 0.45), bright = packedColor(look.page.focus);
    const pale = colors.map(color => packedColor(mixed(look.page.paper, color, 0.3)));
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
      const i = g.of(b), state = nodeState[i];
      if (state & (SELECTED | PATHS) || dimmed && !(state & FAINT)) late.push(b);
      else rect(b, warm && heat(b) !== null ? warm(heat(b)) : (state & FAINT ? pale : full)[g.kind[i]], 1);
    });
    for (const b of late) rect(b, nodeState[g.of(b)] & (SELECTED | PATHS) ? bright : full[g.kind[g.of(b)]] , 3);
  }
  function heats() {
    const table = new Map();
    for (let bin = -4; bin <= 4; bin++) {
      const shape = look.shapes[`heat${bin < 0 ? bin : "+" + bin}`];
      table.set(bin, packedColor(shape.fill || shape.stroke));
    }
    return bin => table.get(bin);
  }
  const tints = strength => KINDS.map(kind => {
    const shape = look.shapes[kind];
    return shape.stroke ? mixed(shape.fill, shape.stroke, strength) : shape.fill;
  });

  // ---- Shapes: rectangles, and lines without their curves

  const pen = { ox: 0, oy: 0,
    move(x, y) { ctx.moveTo(x - this.ox, y - this.oy); }, line(x, y) { ctx.lineTo(x - this.ox, y - this.oy); },
    curve(a, b, c, d, x, y) { const { ox, oy } = this; ctx.bezierCurveTo(a - ox, b - oy, c - ox, d - oy, x - ox, y - oy); } };

  function lines(seen, ox, oy, k, coarse) {
    const styles = new Map();
    index.lines(seen, l => {
      const e = g.edge(l), rail = g.rail(l);
      const state = e >= 0 ? edgeState[e] : dimmed && rail >= 0 && nodeState[rail] & FAINT ? FAINT : 0;
      const style = g.role(l) + (state & PATHS ? "!" : state & NEAR ? "+" : state & FAINT ? "?" : "");
      let list = styles.get(style);
      if (!list) styles.set(style, list = []);
      list.push(l);
    });
    pen.ox = ox; pen.oy = oy;
    for (const style of [...styles.keys()].sort((a, b) => weight(a) - weight(b) || (a < b ? -1 : 1))) {
      const list = styles.get(style), mark = style.at(-1), shape = look.shapes[style.replace(/[!+?]$/, "")];
      const own = list.length && g.edge(list[0]) < 0;
      ctx.globalAlpha = mark === "?" ? 0.18 : 1;
      ctx.strokeStyle = mark === "!" ? look.page.focus : shape.stroke;
      ctx.lineWidth = Math.max(shape.width * (mark === "!" || mark === "+" && !own ? 2 : 1), (coarse ? 0.7 : 0) / k);
      ctx.setLineDash(coarse ? [] : shape.dash);
      for (let from = 0; from < list.length; from += 400) {
        ctx.beginPath();
        for (let i = from; i < Math.min(from + 400, list.length); i++) g.trace(list[i], pen, coarse);
        ctx.stroke();
      }
      ctx.setLineDash([]);
      if (!coarse) arrows(list, ox, oy, mark === "!" ? look.page.focus : look.shapes.arrow.fill);
    }
    ctx.globalAlpha = 1;
  }
  const weight = style => "!+?".indexOf(style.at(-1)) < 0 ? 1 : { "?": 0, "+": 2, "!": 3 }[style.at(-1)];

  function arrows(list, ox, oy, color) {
    ctx.fillStyle = color;
    ctx.beginPath();
    for (const l of list) {
      const tip = g.arrow(l);
      if (!tip) continue;
      const dx = tip.x - tip.fx, dy = tip.y - tip.fy, d = Math.hypot(dx, dy) || 1, ux = dx / d, uy = dy / d;
      const bx = tip.x - ux * 9 - ox, by = tip.y - uy * 9 - oy;
      ctx.moveTo(tip.x - ox, tip.y - oy);
      ctx.lineTo(bx - uy * 3.6, by + ux * 3.6);
      ctx.lineTo(bx + uy * 3.6, by - ux * 3.6);
    }
    ctx.fill();
  }

  function shapes(seen, ox, oy, k) {
    lines(seen, ox, oy, k, true);
    for (const mark of g.lids) drawMark(ctx, look, g, mark, ox, oy);
    const groups = new Map();
    index.boxes(seen, b => {
      if (g.gone && g.gone(b)) return;
      const key = role(b) + (nodeState[g.of(b)] & FAINT ? "?" : "") + (heat && heat(b) !== null ? ":" + heat(b) : "");
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(b);
    });
    for (const [key, list] of groups) {
      const [, name, faint, bin] = /^(.*?)(\??)(?::(.*))?$/.exec(key), shape = look.shapes[name];
      const warm = bin !== undefined && look.shapes[`heat${bin < 0 ? bin : "+" + bin}`];
      ctx.globalAlpha = faint ? 0.2 : 1;
      const small = k < 0.15 || list.length > 1200;    // an outline would be all there is of a box
      ctx.fillStyle = warm ? warm.fill || warm.stroke : !shape.stroke ? shape.fill :
        small ? mixed(shape.fill, shape.stroke, 0.35) : shape.fill;
      if (name === "op") {
        ctx.beginPath();
        for (const b of list) ctx.roundRect(g.x[b] - ox, g.y[b] - oy, g.width[b], g.height[b], g.height[b] / 2);
        ctx.fill();
        continue;
      }
      for (const b of list) ctx.fillRect(g.x[b] - ox, g.y[b] - oy, g.width[b], g.height[b]);
      if (small || !shape.stroke || warm) continue;
      ctx.strokeStyle = shape.stroke;
      ctx.lineWidth = Math.max(shape.width, 0.8 / k);
      for (const b of list) ctx.strokeRect(g.x[b] - ox, g.y[b] - oy, g.width[b], g.height[b]);
    }
    ctx.globalAlpha = 1;
  }

  // ---- Boxes with all that stands in them

  function boxes(seen, ox, oy, k) {
    lines(seen, ox, oy, k, false);
    for (const mark of g.lids) drawMark(ctx, look, g, mark, ox, oy);
    for (const mark of g.over) if (!mark.hidden && !mark.muted) {
      ctx.globalAlpha = dimmed ? 0.4 : 1;
      drawMark(ctx, look, g, mark, ox, oy);
    }
    const clear = [], faint = [];
    index.boxes(seen, b => {
      if (g.gone && g.gone(b) || g.x[b] > seen[2] || g.y[b] > seen[3] || g.x[b] + g.width[b] < seen[0] ||
          g.y[b] + g.height[b] < seen[1]) return;
      (nodeState[g.of(b)] & FAINT ? faint : clear).push(b);
    });
    const heatOf = b => heat ? heat(b) : null;
    ctx.globalAlpha = 0.25;
    drawBoxes(ctx, look, g, model, faint, ox, oy, k, role, heatOf);
    ctx.globalAlpha = 1;
    drawBoxes(ctx, look, g, model, clear, ox, oy, k, role, heatOf);
  }

  // ---- Frames and titles of scopes, while boxes are too small to read

  const strength = k => Math.min(1, Math.max(0, (0.6 - k) / 0.2));
  const named = () => folds.all.flatMap((fold, f) => folds.shown(f) ? [{ ...folds.corner(f), first: true,
    name: `×${fold.count} ${fold.title}`, depth: 1, framed: true }] : []);
  function inSight([x0, y0, x1, y1], k) {
    return strength(k) ? [...(k < FULL ? named() : []), ...g.scopes].filter(s => s.width * k > 24 && s.height * k > 8 && s.x < x1 && s.y < y1 &&
      s.x + s.width > x0 && s.y + s.height > y0) : [];
  }
  function frames(seen, ox, oy, k) {
    ctx.fillStyle = look.page.ink;
    ctx.strokeStyle = look.page.line;
    ctx.lineWidth = 1 / k;
    for (const s of inSight(seen, k)) if (!s.framed) {
      const pad = Math.max(4, 16 - 4 * s.depth);
      outlined(ctx, s.x - ox - pad, s.y - oy - pad, s.width + 2 * pad, s.height + 2 * pad, 12);
      ctx.globalAlpha = 0.025 * strength(k);
      ctx.fill();
      ctx.globalAlpha = (s.depth > 2 ? 0.2 : 0.45) * strength(k);
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
  }
  function titles(ox, oy, k, seen) {
    const taken = [];
    ctx.textAlign = "left";
    ctx.lineJoin = "round";
    ctx.globalAlpha = strength(k);
    for (const s of inSight(seen, k)) {
      const size = Math.max(10, 15 - 1.5 * s.depth);
      ctx.font = look.texts.head.font.replace("%", size / k);
      const wide = ctx.measureText(s.name).width;
      const x = Math.max(s.x, Math.min(seen[0] + 8 / k, s.x + s.width - wide)), y = Math.max(s.y + 2 / k, seen[1] + 16 / k);
      if (!s.first && x === s.x || wide > s.width || y > s.y + s.height) continue;
      if (taken.some(([a, b, w]) => Math.abs(b - y) < size * 1.1 / k && x < a + w && a < x + wide)) continue;
      taken.push([x, y, wide + 4 / k]);
      ctx.strokeStyle = look.page.paper;
      ctx.lineWidth = 4 / k;
      ctx.strokeText(s.name, x - ox, y - oy);
      ctx.fillStyle = s.depth > 1 ? look.page.muted : look.page.ink;
      ctx.fillText(s.name, x - ox, y - oy);
    }
    ctx.globalAlpha = 1;
  }

  // ---- What is selected, and its neighbours

  const around = [];                       // selected first
  function rings(ox, oy, k) {
    for (const i of around) {
      if (g.gone && g.gone(i)) continue;
      const own = nodeState[i] & SELECTED, by = own ? 5 : 4;
      ctx.strokeStyle = look.page.focus;
      ctx.lineWidth = (own ? 3 : 1.5) / Math.min(k, 1);
      ctx.setLineDash(own ? [] : [4 / k, 3 / k]);
      const w = Math.max(g.width[i] + 2 * by, 12 / k), h = Math.max(g.height[i] + 2 * by, 12 / k);
      outlined(ctx, g.x[i] + g.width[i] / 2 - w / 2 - ox, g.y[i] + g.height[i] / 2 - h / 2 - oy, w, h, 10);
      ctx.stroke();
    }
    ctx.setLineDash([]);
  }
  function place(x, y, k) {                // the element that stands for the current node
    cursor.hidden = current < 0;
    if (current < 0) return;
    const b = view.box(current), style = cursor.style;
    style.left = `${b.x * k + x - 6}px`; style.top = `${b.y * k + y - 6}px`;
    style.width = `${b.width * k + 12}px`; style.height = `${b.height * k + 12}px`;
  }
  function later() { if (!waiting && camera_) waiting = requestAnimationFrame(paint); }
  function anew() { bitmap = null; later(); }

  const view = {
    get width() { return g.roomy; }, get height() { return g.tall; },
    wide: true, painted: new Promise(done => { first = done; }),
    show(camera) { camera_ = camera; if (first) paint(); else later(); },
    box: i => ({ x: g.x[i], y: g.y[i], width: g.width[i], height: g.height[i] }),
    at(target, event) {
      if (target === cursor) return current;
      if (target !== canvas || !event || event.clientX === undefined) return -1;
      const frame = canvas.getBoundingClientRect(), { x, y, k } = camera_;
      const px = (event.clientX - frame.left - x) / k, py = (event.clientY - frame.top - y) / k, near = 4 / k;
      let best = -1, least = Infinity;
      index.boxes([px - near, py - near, px + near, py + near], b => {
        if (g.gone && g.gone(b)) return;
        const dx = Math.max(g.x[b] - px, px - g.x[b] - g.width[b], 0);
        const dy = Math.max(g.y[b] - py, py - g.y[b] - g.height[b], 0), d = Math.hypot(dx, dy);
        if (d <= near && d < least) { least = d; best = g.of(b); }
      });
      return best;
    },
    mark(name, isNode, isEdge) {
      const bit = bits[name];
      if (name === "faint") dimmed = false;
      for (let i = 0; i < model.n; i++)
        if (isNode(i)) { nodeState[i] |= bit; if (name === "faint") dimmed = true; } else nodeState[i] &= ~bit;
      for (let e = 0; e < model.m; e++) if (isEdge(e)) edgeState[e] |= bit; else edgeState[e] &= ~bit;
      if (name === "selected" || name === "near") {
        around.length = 0;
        for (let i = 0; i < model.n && around.length < 500; i++)
          if (nodeState[i] & (SELECTED | NEAR)) around.push(i);
      }
      anew();
    },
    focus(i) {
      current = i;
      if (i >= 0) {
        cursor.setAttribute("aria-label", `${model.name(i)}, ${model.kind(i)}, ${i + 1} of ${model.n}`);
        cursor.hidden = false;
        cursor.focus({ preventScroll: true });
      }
      later();
    },
    current: () => current,
    heat(bins) { heat = bins && (b => bins(g.of(b))); anew(); },
    themed() { look = palette(); anew(); },
    changed() { index = spatial(g); anew(); },
    redraw: anew,
  };
  new ResizeObserver(later).observe(stage);
  return view;
}
