// The model of a large page: what is known of nodes and edges, in columns of numbers and strings.

const KINDS = ["input", "parameter", "constant", "value", "output", "op"];

// Columns come in two parts: what is needed to paint, then what is needed to read.
function columnsModel(drawing) {
  const { kind, head, back } = drawing, n = kind.length, m = head.length;
  const tails = new Uint32Array(m);
  for (let e = 0; e < m; e++) tails[e] = head[e] - back[e];
  let table = null, strings = [], numberAt, fullAt, briefAt, factAt, repeatAt, ins, outs;

  function add(columns) {
    table = columns;
    strings = columns.strings;
    const forms = table.value_form, count = forms.length;
    numberAt = new Uint32Array(count);
    fullAt = new Uint32Array(count);
    briefAt = new Uint32Array(count);
    for (let v = 0, a = 0, b = 0, c = 0; v < count; v++) {
      numberAt[v] = a; fullAt[v] = b; briefAt[v] = c;
      const form = forms[v];
      a += form === 1 ? 1 : form === 2 || form === 4 ? 3 : 0;
      b += form ? 1 : 0;
      c += form > 2 ? 1 : 0;
    }
    factAt = starts(table.fact_count);
    repeatAt = starts(table.repeats);
  }
  const digits = () => table.value_number instanceof Float64Array ? 12 : 7;

  function written(v, most) {
    const form = table.value_form[v], a = numberAt[v], numbers = table.value_number;
    return form === 1 ? number(numbers[a], most) :
      form === 2 ? [0, 1, 2].map(k => number(numbers[a + k], 3)).join(" … ") :
      form > 2 ? strings[table.value_brief[briefAt[v]]] : "";
  }
  function full(v) {
    const form = table.value_form[v];
    const said = form ? strings[table.value_full[fullAt[v]]] : "";
    return form === 3 ? said : form ? written(v, digits()) + said : "";
  }
  function size(v) {                       // of an array the largest magnitude, signed as its mean
    const form = table.value_form[v], a = numberAt[v], x = table.value_number;
    if (form === 1) return x[a];
    if (form !== 2 && form !== 4) return NaN;
    return Math.max(Math.abs(x[a]), Math.abs(x[a + 2])) * (x[a + 1] < 0 ? -1 : 1);
  }

  // Values of a node that stands for repeats: all of them, or those that `graph.chosen` names.
  function among(values) {
    const v = values.filter(one => table.value_form[one]);
    if (v.length < 2 || v.some(one => table.value_form[one] !== 1))
      return v.length === 1 ? written(v[0]) : v.length ? `${written(v[0])} …` : "";
    const x = v.map(one => table.value_number[numberAt[one]]).sort((a, b) => a - b);
    const middle = x.length % 2 ? x[x.length >> 1] : (x[x.length / 2 - 1] + x[x.length / 2]) / 2;
    return x[0] === x.at(-1) ? number(x[0]) : [x[0], middle, x.at(-1)].map(y => number(y, 3)).join(" … ");
  }
  const texts = new Map();                 // what stands in boxes that were in sight of late
  const model = {
    n, m, add,
    said(i, key) {
      const at = key === "grad" ? 2 * i + 1 : 2 * i;
      let text = texts.get(at);
      if (text === undefined) {
        if (texts.size > 20_000) texts.clear();
        texts.set(at, text = model.brief(i, key));
      }
      return text;
    },
    choose(chosen) { model.chosen = chosen; texts.clear(); }, tail: e => tails[e], head: e => head[e],
    ins: i => (ins ||= grouped(head, n))(i), outs: i => (outs ||= grouped(tails, n))(i),
    kind: i => KINDS[kind[i]], isOp: i => kind[i] === 5,
    ready: () => table !== null,
    id: i => strings[table.id[i]], name: i => strings[table.name[i]],
    tag: i => strings[table.tag[i]], flag: i => strings[table.flag[i]],
    chosen: () => null,                    // node -> which of its repeats are chosen; null: all
    repeats: i => table.repeats[i],
    brief(i, key) {
      const g = key === "grad" ? 1 : 0, chosen = model.chosen(i);
      if (!chosen) return written(2 * i + g);
      const base = 2 * (n + m + repeatAt[i]) + g;
      return among(chosen.map(k => base + 2 * k));
    },
    facts(i) {
      const rows = [], chosen = model.chosen(i), one = chosen?.length === 1;
      for (const [g, key] of ["data", "grad"].entries()) {
        const v = one ? 2 * (n + m + repeatAt[i] + chosen[0]) + g : 2 * i + g;
        if (table.value_form[v]) rows.push([key, full(v)]);
      }
      for (let f = factAt[i]; f < factAt[i + 1]; f++)
        rows.push([strings[table.fact_key[f]], strings[table.fact_text[f]]]);
      return rows;
    },
    carried(e) {
      const told = {}, local = written(2 * (n + e)), sent = written(2 * (n + e) + 1);
      if (local) told.local = local;
      if (sent) told.sent = sent;
      if (table.formula[e]) told.formula = strings[table.formula[e]];
      return told;
    },
    magnitude: (i, key) => size(2 * i + (key === "grad" ? 1 : 0)),
    local: e => table.value_form[2 * (n + e)] === 1 ? size(2 * (n + e)) : NaN,
    words(i) {
      const told = [strings[table.name[i]], strings[table.id[i]], KINDS[kind[i]]];
      for (let f = factAt[i]; f < factAt[i + 1]; f++) told.push(strings[table.fact_text[f]]);
      return told.join("\n");
    },
  };
  return model;
}

function starts(counts) {
  const first = new Uint32Array(counts.length + 1);
  for (let i = 0; i < counts.length; i++) first[i + 1] = first[i] + counts[i];
  return first;
}
