// Paint: the look in light and dark, and how one box, line or mark is drawn on a canvas.

const shorten = (text, most) => text.length <= most ? text :
  text.slice(0, most >> 1) + "…" + text.slice(text.length - (most - 1 - (most >> 1)));

// The theme's roles, each with its colours for now, and the colours between two of them.
function palette() {
  const dark = isDark() ? 1 : 0, shapes = {}, texts = {};
  for (const [role, [fills, strokes, width, dash]] of Object.entries(data.look.shapes))
    shapes[role] = { fill: fills && fills[dark], stroke: strokes && strokes[dark], width, dash };
  for (const [role, [colors, size, font]] of Object.entries(data.look.texts))
    texts[role] = { color: colors[dark], size, font };
  const page = Object.fromEntries(Object.entries(data.look.page).map(([name, pair]) => [name, pair[dark]]));
  return { shapes, texts, page, dark };
}
const channels = color => [1, 3, 5].map(i => parseInt(color.slice(i, i + 2), 16));
function mixed(a, b, t) {                  // t of b
  const from = channels(a), to = channels(b);
  return "#" + from.map((v, i) => Math.round(v + (to[i] - v) * t).toString(16).padStart(2, "0")).join("");
}
function packedColor(color) {              // as a pixel of ImageData, little endian
  const [r, g, b] = channels(color);
  return (255 << 24 | b << 16 | g << 8 | r) >>> 0;
}

function outlined(ctx, x, y, w, h, r) {
  ctx.beginPath();
  ctx.roundRect(x, y, w, h, Math.min(r, w / 2, h / 2));
}

function drawMark(ctx, look, g, mark, ox, oy) {
  if (mark.role === "pill" && mark.owner === "head") turner(ctx, look, g, mark, ox, oy);
  const x = g.px[mark.at] - ox, y = g.py[mark.at] - oy;
  if (mark.kind === TEXT) {
    const type = look.texts[mark.role];
    ctx.font = type.font.replace("%", type.size);
    ctx.fillStyle = type.color;
    ctx.textAlign = mark.anchor;
    ctx.fillText(mark.text, x, y);
    return;
  }
  const shape = look.shapes[mark.role];
  ctx.beginPath();
  if (mark.kind === RECT) ctx.roundRect(x, y, mark.width, mark.height, Math.min(mark.radius, mark.width / 2, mark.height / 2));
  else {
    ctx.moveTo(x, y);
    for (let i = mark.at + 1; i < mark.at + mark.count; i += mark.kind === PATH ? 3 : 1)
      if (mark.kind === PATH) ctx.bezierCurveTo(g.px[i] - ox, g.py[i] - oy, g.px[i + 1] - ox, g.py[i + 1] - oy,
        g.px[i + 2] - ox, g.py[i + 2] - oy);
      else ctx.lineTo(g.px[i] - ox, g.py[i] - oy);
  }
  painted(ctx, shape, mark.kind !== PATH);
}

// Before the pill of a fold: whether it is open.
function turner(ctx, look, g, mark, ox, oy) {
  const x = g.px[mark.at] - ox - 7, y = g.py[mark.at] - oy + mark.height / 2, open = folds.all[mark.of].open;
  ctx.fillStyle = look.page.muted;
  ctx.beginPath();
  for (const [dx, dy] of open ? [[-4, -2], [4, -2], [0, 4]] : [[-2, -4], [4, 0], [-2, 4]]) ctx.lineTo(x + dx, y + dy);
  ctx.fill();
}

function painted(ctx, shape, filled = true) {
  if (filled && shape.fill) { ctx.fillStyle = shape.fill; ctx.fill(); }
  if (!shape.stroke) return;
  ctx.strokeStyle = shape.stroke;
  ctx.lineWidth = shape.width;
  if (shape.dash.length) ctx.setLineDash(shape.dash);
  ctx.stroke();
  if (shape.dash.length) ctx.setLineDash([]);
}

// The outlines of boxes that are seen, then their texts, each font once: changing it is slow.
function drawBoxes(ctx, look, g, model, seen, ox, oy, k, roleOf, heatOf) {
  const { shapes } = look, roles = new Map(), outputs = [];
  for (const b of seen) {
    const role = roleOf(b), list = roles.get(role);
    if (list) list.push(b);
    else roles.set(role, [b]);
  }
  for (const [role, list] of roles) {      // all outlines of a role are one path
    const round = role === "op" || role === "port" || role === "through" || role.startsWith("chip-");
    ctx.beginPath();
    for (const b of list) {
      const h = g.height[b];
      ctx.roundRect(g.x[b] - ox, g.y[b] - oy, g.width[b], h, round ? h / 2 : h === 30 ? 6 : 8);
    }
    painted(ctx, shapes[role]);
    if (role === "output") outputs.push(...list);
  }
  for (const b of outputs) {
    outlined(ctx, g.x[b] - ox + 3.5, g.y[b] - oy + 3.5, g.width[b] - 7, g.height[b] - 7, 5);
    painted(ctx, shapes.inner);
  }
  for (const b of seen) {
    const heat = heatOf(b);
    if (heat === null || g.height[b] <= 30) continue;
    outlined(ctx, g.x[b] - ox + 4, g.y[b] - oy + 8, 5, g.height[b] - 16, 2);
    painted(ctx, shapes[`heat${heat < 0 ? heat : "+" + heat}`]);
  }
  if (!model.ready() ) return;
  const fine = k >= 0.5;
  const pass = (role, align, texts) => {
    const type = look.texts[role];
    ctx.font = type.font.replace("%", type.size);
    ctx.fillStyle = type.color;
    ctx.textAlign = align;
    texts();
  };
  const boxes = [], dots = [], words = [], chips = [], ports = [], plain = [];
  for (const b of seen) {
    const role = roleOf(b);
    if (b >= g.n) chips.push(b);
    else if (role === "op") (model.name(b).length === 1 ? dots : words).push(b);
    else if (role === "port" || role === "through") ports.push(b);
    else if (g.height[b] === 30) plain.push(b);
    else boxes.push(b);
  }
  const centered = (list, role, text, down, room) => list.length && pass(role, "center", () => {
    for (const b of list) ctx.fillText(text(b), g.x[b] - ox + g.width[b] / 2, g.y[b] - oy + down(b),
      g.width[b] - room);
  });
  centered(dots, "symbol", b => model.name(b), b => g.height[b] / 2 + 6.1, 2);
  centered(words, "word", b => shorten(model.name(b), 14), b => g.height[b] / 2 + 4.3, 8);
  if (fine) centered(chips, "chip", b => shorten(model.name(g.of(b)), 10), b => g.height[b] / 2 + 4.3, 12);
  centered(ports, "port", b => model.tag(b), () => 17.3, 10);
  centered(plain, "constant", b => model.tag(b) || model.name(b), () => 19.5, 10);
  pass("name", "left", () => {
    for (const b of boxes) {
      const name = g.name(b) || shorten(model.name(b), 30), room = g.width[b] - 24;
      if (name.length * 9 > room) ctx.fillText(name, g.x[b] - ox + 12, g.y[b] - oy + 21, room);
      else ctx.fillText(name, g.x[b] - ox + 12, g.y[b] - oy + 21);
    }
  });
  const rows = new Map();                  // box -> its rows: what and how far down
  if (k >= 0.4) for (const b of boxes) {
    let down = 21;
    const found = [];
    for (const key of ["data", "grad"]) {
      const said = model.said(b, key);
      if (said) found.push([key, said, down += down === 21 ? 20 : 18]);
    }
    rows.set(b, found);
  }
  for (const key of ["data", "grad"]) pass(key, "right", () => {
    for (const [b, found] of rows) for (const [what, said, down] of found) if (what === key) {
      const room = g.width[b] - 66, right = g.x[b] - ox + g.width[b] - 12;
      if (said.length * 7.83 > room + 2) ctx.fillText(said, right, g.y[b] - oy + down, room);
      else ctx.fillText(said, right, g.y[b] - oy + down);
    }
  });
  if (!fine) return;
  pass("key", "left", () => {
    for (const [b, found] of rows)
      for (const [what, , down] of found) ctx.fillText(what, g.x[b] - ox + 12, g.y[b] - oy + down);
  });
  pass("tag", "right", () => {
    for (const b of boxes) {
      const tag = model.tag(b);
      if (tag) ctx.fillText(tag, g.x[b] - ox + g.width[b] - 12, g.y[b] - oy + 21);
    }
  });
  const last = b => 21 + [0, 20, 38][rows.get(b).length];
  pass("sum", "right", () => {
    for (const b of boxes) if (g.sum(b))
      ctx.fillText(g.sum(b), g.x[b] - ox + g.width[b] - 12, g.y[b] - oy + last(b) + 15);
  });
  pass("flag", "left", () => {
    for (const b of boxes) if (model.flag(b)) {
      ctx.fillText("⚠ " + model.flag(b), g.x[b] - ox + 12, g.y[b] - oy + last(b) + (g.sum(b) ? 32 : 17));
      outlined(ctx, g.x[b] - ox - 3, g.y[b] - oy - 3, g.width[b] + 6, g.height[b] + 6, 10);
      painted(ctx, look.shapes.flag, false);
    }
  });
}
