// What all parts of the viewer share: parts of the page, its data, how a number is written.

const part = name => document.querySelector(`[data-part="${name}"]`);
const data = JSON.parse(part("data").textContent);
const stage = part("stage"), root = document.documentElement;

// What stands in the graph is shown with textContent and fillText only.
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// A number as Python's text.number writes it: 5.32, −0.5, 123460, 1.2e−7, 1000000000, nan, −inf.
const SURE = 14;
function number(x, digits = 5) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "−inf";
  if (x) x = Number(x.toPrecision(SURE));
  const plain = Object.is(x, -0) ? "-0" : Number.isInteger(x) && Math.abs(x) < 1e10 ? String(x) :
    general(x, digits);
  return plain.replaceAll("-", "−");
}

function general(x, digits) {              // C's %.5g, which rounds what lies halfway to even
  let [mantissa, exponent] = rounded(Math.abs(x), digits);
  const power = +exponent, bare = mantissa.replace(".", "");
  if (power >= digits && power < 6) mantissa = bare.padEnd(power + 1, "0");
  else if (power < -4 || power >= digits) mantissa = trimmed(mantissa) + "e" + power;
  else if (power < 0) mantissa = trimmed("0." + "0".repeat(-power - 1) + bare);
  else mantissa = trimmed(bare.slice(0, power + 1) + "." + bare.slice(power + 1));
  return (x < 0 ? "-" : "") + mantissa;
}

function rounded(x, digits) {
  const [up, power] = x.toExponential(digits - 1).split("e");
  const exact = x.toExponential(Math.min(digits + 40, 100)).split("e");
  const tail = exact[0].replace(".", "").slice(digits);
  const halfway = exact[1] === power && /^50*$/.test(tail);
  if (!halfway || "02468".includes(up.at(-1))) return [up, power];
  return [exact[0].slice(0, up.length), power];                 // up.at(-1) is odd: one below it
}

const trimmed = text => text.includes(".") ? text.replace(/\.?0*$/, "") : text;

// ---- Light and dark

const prefers = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme || (prefers.matches ? "dark" : "light")) === "dark";

// Edges by node: those of node i are list[first[i]] ... list[first[i + 1] - 1], in their order.
function grouped(keys, n) {
  const first = new Uint32Array(n + 1), list = new Uint32Array(keys.length);
  for (const key of keys) first[key + 1]++;
  for (let i = 0; i < n; i++) first[i + 1] += first[i];
  const next = first.slice(0, n);
  keys.forEach((key, e) => { list[next[key]++] = e; });
  return i => list.subarray(first[i], first[i + 1]);
}
