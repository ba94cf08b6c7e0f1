"""The viewer in a browser that playwright drives: keys, search, click, zoom, themes, steps."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from test_writers import cubic, example

from viz import writers

DRIVE = """
const { chromium } = require("playwright-core");
const [browserPath, page, steps] = process.argv.slice(1);
(async () => {
  const told = { errors: [], requests: [] };
  const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
  const context = await browser.newContext({ viewport: { width: 1200, height: 700 },
    colorScheme: "dark" });
  const p = await context.newPage();
  p.on("pageerror", error => told.errors.push(error.message));
  p.on("console", message => told.errors.push(message.text()));
  p.on("request", request => {
    if (!/^(file|data):/.test(request.url())) told.requests.push(request.url());
  });
  const text = name => p.textContent(`[data-part="${name}"]`);
  const shown = name => p.isVisible(`[data-part="${name}"]`);
  const world = () => p.getAttribute(".world", "transform");
  const press = async (...keys) => { for (const key of keys) await p.keyboard.press(key); };
  const paper = () => p.evaluate(() => getComputedStyle(document.body).backgroundColor);

  await p.goto(page);
  told.dark = await paper();
  await press("t");
  told.light = await paper();
  told.tabs = [];
  await p.focus('[data-do="help"]');
  for (let i = 0; i < 3; i++) {
    await press("Tab");
    told.tabs.push(await p.evaluate(() => document.activeElement.id));
  }
  await press("Enter");
  told.entered = await text("facts");
  await press("Escape");
  told.closed = !await shown("facts");
  await press("0");
  await p.locator('.node[data-node="0"]').click();
  told.clicked = await text("facts");
  told.near = await p.locator(".edge.near").count();
  await press("Escape");
  await press("/");
  await p.keyboard.type("v_2");
  told.found = await text("found");
  told.faint = await p.locator(".node.faint").count();
  await press("Enter");
  told.hit = await p.textContent('[data-part="facts"] h2');
  await press("Escape", "Escape");
  told.cleared = [await p.inputValue('[data-part="search"]'), await shown("facts")];
  const moves = [await world()];
  for (const key of ["+", "ArrowLeft", "-", "0"]) { await press(key); moves.push(await world()); }
  await p.mouse.move(600, 300);
  await p.mouse.wheel(0, -200);
  moves.push(await world());
  await p.mouse.down();
  await p.mouse.move(640, 330, { steps: 4 });
  await p.mouse.up();
  moves.push(await world());
  told.moves = moves;
  told.afterDrag = await shown("facts");
  await press("l");
  told.rows = await p.locator('[data-part="list"] tbody th').allTextContents();
  await press("?");
  told.help = await shown("help");
  await press("Escape");
  told.helpClosed = !await shown("help");

  await p.goto(steps);
  told.said = [await text("sentence")];
  await press("ArrowRight", "ArrowRight");
  told.said.push(await text("sentence"));
  told.lit = await p.locator(".s-lit-forward:not(.off)").count();
  told.dim = await p.locator(".node.dim").count();
  await press("End");
  told.said.push(await text("sentence"));
  told.litAtEnd = await p.locator("[class*=s-lit]:not(.off)").count();
  await press("Home", " ");
  told.playing = await p.textContent('[data-do="play"]');
  await press(" ");
  told.paused = await p.textContent('[data-do="play"]');
  console.log(JSON.stringify(told));
  await browser.close();
})();
"""


def drive(tmp_path, graph):
    """What a browser tells of the page of a graph and of its page of steps."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    folders = os.environ.get("NODE_PATH", "").split(os.pathsep)
    if browser is None or shutil.which("node") is None or \
            not any(Path(folder, "playwright-core").exists() for folder in folders):
        pytest.skip("no chromium, or no node with playwright-core: npm install playwright-core, "
                    "and NODE_PATH names node_modules")
    page, steps = tmp_path / "page.html", tmp_path / "steps.html"
    page.write_bytes(writers.write(graph, "html"))
    steps.write_bytes(writers.play(graph, "html"))
    done = subprocess.run(["node", "-e", DRIVE, browser, page.as_uri(), steps.as_uri()],
                          capture_output=True, timeout=120)
    assert done.returncode == 0 and done.stdout, done.stderr.decode()
    return json.loads(done.stdout)


def test_the_page_of_the_cubic(tmp_path):
    told = drive(tmp_path, cubic())
    assert told["errors"] == told["requests"] == []
    assert told["dark"] == "rgb(18, 24, 31)" and told["light"] == "rgb(255, 255, 255)"
    assert told["tabs"] == ["x", "mul_1", "v_1"]
    assert told["entered"].startswith("h = x²") and "1.44 (float64)" in told["entered"]
    assert told["closed"] and told["helpClosed"] and told["help"]
    assert told["clicked"].startswith("x") and "5.32" in told["clicked"] and told["near"] >= 4
    assert told["found"] == "1 of 7" and told["faint"] == 6 and told["hit"] == "x³"
    assert told["cleared"] == ["", False]
    fitted, larger, moved, smaller, again, wheel, dragged = told["moves"]
    assert len({larger, moved, smaller, wheel, dragged}) == 5 and again not in (larger, wheel)
    assert not told["afterDrag"]               # a drag is no click
    assert told["rows"] == ["x", "×", "h = x²", "×", "x³", "+", "x³ + x"]
    assert told["said"] == ["Given: x = 1.2.", "x³ = h × x = 1.44 × 1.2 = 1.728",
                            "Done: grad of x = 1.44 + 1.44 + 1.44 + 1 = 5.32."]
    assert told["lit"] >= 4 and told["dim"] == 2 and told["litAtEnd"] == 0
    assert (told["playing"], told["paused"]) == ("Pause", "Play")


@pytest.mark.parametrize("name", ["mlp", "loop"])
def test_the_pages_of_examples(tmp_path, name):
    graph = example(name)
    told = drive(tmp_path, graph)
    assert told["errors"] == told["requests"] == []
    assert told["tabs"] == [node.id for node in graph.nodes[:3]]
    assert len(told["rows"]) == len(graph.nodes)
    assert len(set(told["said"])) == 3 and told["litAtEnd"] == 0
