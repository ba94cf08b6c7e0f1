// The view of a large graph: a canvas. Very far off boxes are pixels, then rectangles and one path of
// lines, then boxes with their texts, those in sight only.

const MANY = 2000, FULL = 0.3;             // more boxes in sight are pixels; the scale that shows text

function canvasView(g, model) {
  const canvas = stage.querySelector("canvas"), ctx = canvas.getContext("2d", { alpha: false });
  const cursor = part("cursor");
  const bits = { selected: SELECTED, near: NEAR, faint: FAINT, path: PATHS };
  const state = {
    index: spatial(g), look: palette(), heat: null,      // box -> its bin, where heat is shown
    nodes: new Uint8Array(model.n), edges: new Uint8Array(model.m), dimmed: false,       // some are faint
    bitmap: null,                          // pixels of a part of the picture
    hasty: g.lines > 20_000,               // boxes first, then lines
  };
  const pixels = pixelPainter(canvas, ctx, g, state), { frames, titles } = titlePainter(ctx, g, state);
  let camera_ = null, waiting = 0, current = -1;
  const role = b => g.look(b) || "chip-" + KINDS[g.kind[g.of(b)]];
  let first = null;

  function resize() {
    const w = stage.clientWidth, h = stage.clientHeight, ratio = devicePixelRatio || 1;
    const [cw, ch] = [Math.max(1, Math.round(w * ratio)), Math.max(1, Math.round(h * ratio))];
    if (canvas.width !== cw || canvas.height !== ch) { canvas.width = cw; canvas.height = ch; state.bitmap = null; }
  }
  function sight(extra = 0) {
    const { x, y, k } = camera_, w = stage.clientWidth, h = stage.clientHeight;
    return [(-x - extra * w) / k, (-y - extra * h) / k, (w - x + extra * w) / k, (h - y + extra * h) / k];
  }

  function paint() {
    waiting = 0;
    resize();
    const { x, y, k } = camera_, ratio = canvas.width / Math.max(1, stage.clientWidth);
    const seen = sight(), [ox, oy] = seen, count = state.index.count(seen);
    const level = k >= FULL && count < MANY ? "boxes" : count < MANY ? "shapes" : "pixels";
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    if (level === "pixels") pixels(camera_, k * ratio, count);
    else {
      ctx.fillStyle = state.look.page.paper;
      ctx.fillRect(0, 0, canvas.width, canvas.height);
      ctx.setTransform(k * ratio, 0, 0, k * ratio, 0, 0);
      ctx.textRendering = "geometricPrecision";    // else hints space letters apart in small type
      for (const mark of g.under) if (!mark.hidden) drawMark(ctx, state.look, g, mark, ox, oy);
      frames(seen, ox, oy, k);
      if (level === "shapes") shapes(seen, ox, oy, k);
      else boxes(seen, ox, oy, k);
    }
    ctx.setTransform(k * ratio, 0, 0, k * ratio, 0, 0);
    if (level === "pixels") frames(seen, ox, oy, k);
    titles(ox, oy, k, seen);
    rings(ox, oy, k);
    place(x, y, k);
    Object.assign(stage.dataset, { scale: k, level });
    if (view.after) view.after();
    if (first) {
      performance.mark("painted");
      first();
      first = null;
      state.hasty = false;
      anew();
    }
  }

  // ---- Shapes: rectangles, and lines without their curves

  const pen = { ox: 0, oy: 0,
    move(x, y) { ctx.moveTo(x - this.ox, y - this.oy); }, line(x, y) { ctx.lineTo(x - this.ox, y - this.oy); },
    curve(a, b, c, d, x, y) { const { ox, oy } = this; ctx.bezierCurveTo(a - ox, b - oy, c - ox, d - oy, x - ox, y - oy); } };

  function lines(seen, ox, oy, k, coarse) {
    const styles = new Map();
    state.index.lines(seen, l => {
      const e = g.edge(l), rail = g.rail(l);
      const own = e >= 0 ? state.edges[e] : state.dimmed && rail >= 0 && state.nodes[rail] & FAINT ? FAINT : 0;
      const style = g.role(l) + (own & PATHS ? "!" : own & NEAR ? "+" : own & FAINT ? "?" : "");
      let list = styles.get(style);
      if (!list) styles.set(style, list = []);
      list.push(l);
    });
    pen.ox = ox; pen.oy = oy;
    for (const style of [...styles.keys()].sort((a, b) => weight(a) - weight(b) || (a < b ? -1 : 1))) {
      const list = styles.get(style), mark = style.at(-1), shape = state.look.shapes[style.replace(/[!+?]$/, "")];
      const own = list.length && g.edge(list[0]) < 0;
      ctx.globalAlpha = mark === "?" ? 0.18 : 1;
      ctx.strokeStyle = mark === "!" ? state.look.page.focus : shape.stroke;
      ctx.lineWidth = Math.max(shape.width * (mark === "!" || mark === "+" && !own ? 2 : 1), (coarse ? 0.7 : 0) / k);
      ctx.setLineDash(coarse ? [] : shape.dash);
      for (let from = 0; from < list.length; from += 400) {
        ctx.beginPath();
        for (let i = from; i < Math.min(from + 400, list.length); i++) g.trace(list[i], pen, coarse);
        ctx.stroke();
      }
      ctx.setLineDash([]);
      if (!coarse) arrows(list, ox, oy, mark === "!" ? state.look.page.focus : state.look.shapes.arrow.fill);
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
    for (const mark of g.lids) drawMark(ctx, state.look, g, mark, ox, oy);
    const groups = new Map();
    state.index.boxes(seen, b => {
      if (g.gone && g.gone(b)) return;
      const key = role(b) + (state.nodes[g.of(b)] & FAINT ? "?" : "") + (state.heat && state.heat(b) !== null ? ":" + state.heat(b) : "");
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(b);
    });
    for (const [key, list] of groups) {
      const [, name, faint, bin] = /^(.*?)(\??)(?::(.*))?$/.exec(key), shape = state.look.shapes[name];
      const warm = bin !== undefined && state.look.shapes[`heat${bin < 0 ? bin : "+" + bin}`];
      ctx.globalAlpha = faint ? 0.2 : 1;
      const small = k < 0.15 || list.length > 1200;    // an outline would be all there is of a box
      ctx.fillStyle = warm ? +bin ? warm.fill || warm.stroke : nothing(state.look) : !shape.stroke ? shape.fill :
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
    for (const mark of g.lids) drawMark(ctx, state.look, g, mark, ox, oy);
    for (const mark of g.over) if (!mark.hidden && !mark.muted) {
      ctx.globalAlpha = state.dimmed ? 0.4 : 1;
      drawMark(ctx, state.look, g, mark, ox, oy);
    }
    const clear = [], faint = [];
    state.index.boxes(seen, b => {
      if (g.gone && g.gone(b) || g.x[b] > seen[2] || g.y[b] > seen[3] || g.x[b] + g.width[b] < seen[0] ||
          g.y[b] + g.height[b] < seen[1]) return;
      (state.nodes[g.of(b)] & FAINT ? faint : clear).push(b);
    });
    const heatOf = b => state.heat ? state.heat(b) : null;
    ctx.globalAlpha = 0.25;
    drawBoxes(ctx, state.look, g, model, faint, ox, oy, k, role, heatOf);
    ctx.globalAlpha = 1;
    drawBoxes(ctx, state.look, g, model, clear, ox, oy, k, role, heatOf);
  }

  // ---- What is selected, and its neighbours

  const around = [];                       // selected first
  function rings(ox, oy, k) {
    for (const i of around) {
      if (g.gone && g.gone(i)) continue;
      const own = state.nodes[i] & SELECTED, by = own ? 5 : 4;
      ctx.strokeStyle = state.look.page.focus;
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
  function anew() { state.bitmap = null; later(); }

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
      state.index.boxes([px - near, py - near, px + near, py + near], b => {
        if (g.gone && g.gone(b)) return;
        const dx = Math.max(g.x[b] - px, px - g.x[b] - g.width[b], 0);
        const dy = Math.max(g.y[b] - py, py - g.y[b] - g.height[b], 0), d = Math.hypot(dx, dy);
        if (d <= near && d < least) { least = d; best = g.of(b); }
      });
      return best;
    },
    mark(name, isNode, isEdge) {
      const bit = bits[name];
      if (name === "faint") state.dimmed = false;
      for (let i = 0; i < model.n; i++)
        if (isNode(i)) { state.nodes[i] |= bit; if (name === "faint") state.dimmed = true; } else state.nodes[i] &= ~bit;
      for (let e = 0; e < model.m; e++) if (isEdge(e)) state.edges[e] |= bit; else state.edges[e] &= ~bit;
      if (name === "selected" || name === "near") {
        around.length = 0;
        for (let i = 0; i < model.n && around.length < 500; i++)
          if (state.nodes[i] & (SELECTED | NEAR)) around.push(i);
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
    heat(bins) { state.heat = bins && (b => bins(g.of(b))); anew(); },
    themed() { state.look = palette(); anew(); },
    changed() { state.index = spatial(g); anew(); },
    redraw: anew,
  };
  new ResizeObserver(later).observe(stage);
  addEventListener("beforeprint", () => { camera.fit(); paint(); });        // on paper the whole picture
  return view;
}
