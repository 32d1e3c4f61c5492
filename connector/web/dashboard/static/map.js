"use strict";
// The map of similar items: WebGL 2, no library. Points stand in random order, so the first of them are a
// sample: as many are drawn at a time as a frame holds (measured), and the rest follow when it is still.
(async () => {
  const host = document.getElementById("map");
  const canvas = document.getElementById("drawn");
  const over = document.getElementById("over");
  const gl = canvas.getContext("webgl2", { antialias: false, preserveDrawingBuffer: true });
  if (!gl) return;
  const path = host.dataset.path;
  const status = document.getElementById("chosen");
  const picker = document.getElementById("layer");
  const get = async (name) => {
    const answer = await fetch(`${path}/${name}`);
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
    return answer;
  };
  let about, points, verdicts, codes;
  try {
    about = await (await get("about")).json();
    points = new Uint16Array(await (await get("points")).arrayBuffer());
    verdicts = new Uint8Array(await (await get("layers/verdict")).arrayBuffer());
  } catch (error) {
    document.getElementById("plain").textContent = `The map did not load (${error.message}). The table shows its densest places.`;
    return;
  }
  host.hidden = false;
  document.getElementById("plain").hidden = true;
  const SIDE = 65535, FRAME_MS = 16, LEAST = 5000, MOST_CHOSEN = 500, NEAR_PX = 8;
  const view = { x: 0.5, y: 0.5, scale: 1 };
  let perFrame = LEAST, drawn = 0, lasso = null, dragged = null;

  // --- drawing
  const shader = (kind, text) => {
    const made = gl.createShader(kind);
    gl.shaderSource(made, text);
    gl.compileShader(made);
    return made;
  };
  const pointsBuffer = gl.createBuffer(), codesBuffer = gl.createBuffer(), palette = gl.createTexture();
  let program;
  function setUp() {
    program = gl.createProgram();
    gl.attachShader(program, shader(gl.VERTEX_SHADER, `#version 300 es
      in vec2 at; in float code; uniform vec3 view; uniform vec2 ratio; uniform float size; out float shade;
      void main() { gl_Position = vec4((at - view.xy) * 2.0 * view.z * ratio, 0, 1); gl_PointSize = size; shade = code; }`));
    gl.attachShader(program, shader(gl.FRAGMENT_SHADER, `#version 300 es
      precision mediump float; in float shade; uniform sampler2D palette; out vec4 colour;
      void main() { colour = texture(palette, vec2((shade * 255.0 + 0.5) / 256.0, 0.5)); }`));
    gl.linkProgram(program);
    gl.useProgram(program);
    const attribute = (name, buffer, data, size, type) => {
      const place = gl.getAttribLocation(program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, type, true, 0, 0);
    };
    attribute("at", pointsBuffer, points, 2, gl.UNSIGNED_SHORT);
    attribute("code", codesBuffer, codes, 1, gl.UNSIGNED_BYTE);
    gl.bindTexture(gl.TEXTURE_2D, palette);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colours());
    gl.enable(gl.BLEND);
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }
  const stepped = () => ["doubt", "time"].includes(picker.value);
  const hue = (code) => (stepped() ? 240 - (240 * code) / Math.max(1, about.layers[picker.value].length) : (code * 137.5) % 360);
  function rgb(code) {
    const f = (n) => {
      const k = (n + hue(code) / 30) % 12;
      return Math.round(255 * (0.5 - 0.38 * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
    };
    return code ? [f(0), f(8), f(4)] : [128, 128, 128];
  }
  function colours() {
    const bytes = new Uint8Array(1024);
    for (let code = 0; code < 256; code++) bytes.set([...rgb(code), code ? 220 : 70], code * 4);
    return bytes;
  }
  const ratio = () => {
    const side = Math.min(canvas.width, canvas.height);
    return [side / canvas.width, side / canvas.height];
  };
  // A part of what is left; the first part wipes what was there. The next is sent when the card has done with
  // the one before (a fence says so), so that nothing queues up behind what a person does next.
  function draw() {
    if (fence) {
      if (gl.clientWaitSync(fence, 0, 0) === gl.TIMEOUT_EXPIRED) { requestAnimationFrame(draw); return; }
      gl.deleteSync(fence);
      fence = null;
      const took = performance.now() - sent;
      const by = took < 1.5 * FRAME_MS ? 1.5 : Math.max(0.25, FRAME_MS / took);
      perFrame = Math.round(Math.min(Math.max(LEAST, perFrame * by), about.n || 1));
      if (drawn >= about.n) { waiting = false; return; }
    }
    if (!drawn) {
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform3f(gl.getUniformLocation(program, "view"), view.x, view.y, view.scale);
      gl.uniform2f(gl.getUniformLocation(program, "ratio"), ...ratio());
      gl.uniform1f(gl.getUniformLocation(program, "size"), (devicePixelRatio || 1) * (about.n > 100000 ? 2 : 4));
    }
    const part = Math.min(perFrame, about.n - drawn);
    gl.drawArrays(gl.POINTS, drawn, part);
    fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    sent = performance.now();
    drawn += part;
    requestAnimationFrame(draw);
  }
  let waiting = false, fence = null, sent = 0;
  function redraw() {
    drawn = 0;
    if (!waiting) { waiting = true; requestAnimationFrame(draw); }
  }
  function fit() {
    const box = canvas.getBoundingClientRect();
    for (const one of [canvas, over]) {
      one.width = Math.max(1, Math.round(box.width * (devicePixelRatio || 1)));
      one.height = Math.max(1, Math.round(box.height * (devicePixelRatio || 1)));
    }
    redraw();
  }

  // --- places on the screen and on the map
  const onMap = (x, y) => {
    const box = canvas.getBoundingClientRect();
    const [rx, ry] = ratio();
    return [((x - box.left) / box.width * 2 - 1) / (2 * view.scale * rx) + view.x,
      (1 - (y - box.top) / box.height * 2) / (2 * view.scale * ry) + view.y];
  };
  function inside(polygon, x, y) {
    let found = false;
    for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
      const [xi, yi] = polygon[i], [xj, yj] = polygon[j];
      if (yi > y !== yj > y && x < (xj - xi) * (y - yi) / (yj - yi) + xi) found = !found;
    }
    return found;
  }
  function choose(polygon) {
    const xs = polygon.map((p) => p[0] * SIDE), ys = polygon.map((p) => p[1] * SIDE);
    const whole = polygon.map((p) => [p[0] * SIDE, p[1] * SIDE]);
    const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    let n = 0;
    const asked = [];
    for (let i = 0; i < about.n; i++) {
      const x = points[2 * i], y = points[2 * i + 1];
      if (x < left || x > right || y < low || y > high || !inside(whole, x, y)) continue;
      n++;
      if (verdicts[i]) asked.push(i);
    }
    status.textContent = `${n.toLocaleString("en")} items, ${asked.length.toLocaleString("en")} of them asked about. `;
    if (!asked.length) return;
    const some = asked.slice(0, MOST_CHOSEN);
    const steps = some.map((point, i) => (i ? point - some[i - 1] : point).toString(36));
    const link = document.createElement("a");
    link.href = `${host.dataset.queue}?state=any&points=${[about.version, ...steps].join(".")}`;
    link.textContent = some.length < asked.length ? `See the first ${MOST_CHOSEN} in the queue` : "See them in the queue";
    status.append(link);
  }
  function nearest(x, y) {
    const [mx, my] = onMap(x, y), [ex] = onMap(x + NEAR_PX, y);
    const near = Math.abs(ex - mx) * SIDE;
    let best = near * near, found = -1;
    for (let i = 0; i < about.n; i++) {
      const dx = points[2 * i] - mx * SIDE, dy = points[2 * i + 1] - my * SIDE;
      const far = dx * dx + dy * dy;
      if (far < best) { best = far; found = i; }
    }
    return found;
  }
  const named = (code) => (code ? about.layers[picker.value][code - 1] : "none, or not shown");

  // --- what people do
  function zoom(by, x = view.x, y = view.y) {
    const scale = Math.min(200, Math.max(0.5, view.scale * by));
    view.x = x + (view.x - x) * view.scale / scale;
    view.y = y + (view.y - y) * view.scale / scale;
    view.scale = scale;
    redraw();
  }
  const button = document.getElementById("choose");
  button.addEventListener("click", () => button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true")));
  document.getElementById("whole").addEventListener("click", () => { Object.assign(view, { x: 0.5, y: 0.5, scale: 1 }); redraw(); });
  const pen = over.getContext("2d");
  function sketch() {
    pen.clearRect(0, 0, over.width, over.height);
    if (!lasso) return;
    const box = over.getBoundingClientRect(), k = over.width / box.width;
    pen.strokeStyle = getComputedStyle(canvas).color;
    pen.lineWidth = 2;
    pen.beginPath();
    for (const [x, y] of lasso) pen.lineTo((x - box.left) * k, (y - box.top) * k);
    pen.closePath();
    pen.stroke();
  }
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    const here = [event.clientX, event.clientY];
    if (event.shiftKey || button.getAttribute("aria-pressed") === "true") lasso = [here];
    else dragged = { here, moved: false };
  });
  let asked = false;
  canvas.addEventListener("pointermove", (event) => {
    if (lasso) { lasso.push([event.clientX, event.clientY]); sketch(); return; }
    if (dragged) {
      const [x, y] = onMap(...dragged.here), [nx, ny] = onMap(event.clientX, event.clientY);
      dragged.moved ||= Math.hypot(event.clientX - dragged.here[0], event.clientY - dragged.here[1]) > 3;
      dragged.here = [event.clientX, event.clientY];
      view.x += x - nx;
      view.y += y - ny;
      redraw();
      return;
    }
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      const point = nearest(event.clientX, event.clientY);
      canvas.title = point < 0 ? "" : `${named(codes[point])}: click opens the item`;
    });
  });
  canvas.addEventListener("pointerup", (event) => {
    if (lasso) {
      if (lasso.length > 2) choose(lasso.map(([x, y]) => onMap(x, y)));
      lasso = null;
      sketch();
    } else if (dragged && !dragged.moved) {
      const point = nearest(event.clientX, event.clientY);
      if (point >= 0) location.assign(`${path}/items/${point}`);
    }
    dragged = null;
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.25 : 0.8, ...onMap(event.clientX, event.clientY));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const step = 0.1 / view.scale;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (event.key === "+" || event.key === "=") zoom(1.25);
    else if (event.key === "-") zoom(0.8);
    else if (moves[event.key]) { view.x += moves[event.key][0]; view.y += moves[event.key][1]; redraw(); }
    else return;
    event.preventDefault();
  });
  function legend() {
    const list = document.getElementById("legend"), counts = new Uint32Array(256);
    for (const code of codes) counts[code]++;
    const shown = [...counts.keys()].filter((code) => counts[code]).sort((a, b) => (stepped() ? a - b : counts[b] - counts[a])).slice(0, 24);
    list.replaceChildren(...shown.map((code) => {
      const line = document.createElement("li"), dot = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      dot.setAttribute("viewBox", "0 0 10 10");
      dot.setAttribute("aria-hidden", "true");
      const circle = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      for (const [name, value] of Object.entries({ cx: 5, cy: 5, r: 5, fill: `rgb(${rgb(code)})` })) circle.setAttribute(name, value);
      dot.append(circle);
      line.append(dot, ` ${named(code)} ${counts[code].toLocaleString("en")}`);
      return line;
    }));
  }
  async function recolour() {
    codes = new Uint8Array(await (await get(`layers/${picker.value}`)).arrayBuffer());
    setUp();
    legend();
    redraw();
  }
  picker.addEventListener("change", recolour);
  canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
  canvas.addEventListener("webglcontextrestored", () => { fence = null; waiting = false; setUp(); redraw(); });
  addEventListener("resize", fit);
  await recolour();
  fit();
})();
