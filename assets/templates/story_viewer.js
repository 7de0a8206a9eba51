// The 3-D view of a story page: meshes of one shape at several moments, drawn with WebGL. Nothing is loaded.
// Without WebGL or DecompressionStream the picture that stands there stays, and the controls stay hidden.
(() => {
  "use strict";

  const VERTEX = `
    attribute vec3 place, normal; attribute float gold;
    uniform mat3 view; uniform float ratio;
    varying vec3 at, out_, seen; varying float share;
    void main() {
      seen = view * place; at = place; out_ = view * normal; share = gold;
      float away = 7.0 - seen.z;
      gl_Position = vec4(seen.x * 3.9 / ratio, seen.y * 3.9, (away - 3.0) / 4.0 - 1.0, away);
      gl_Position.z *= away;
    }`;
  const FRAGMENT = `
    precision mediump float;
    varying vec3 at, out_, seen; varying float share;
    void main() {
      vec3 n = normalize(out_), eye = normalize(vec3(0.0, 0.0, 7.0) - seen);
      vec3 yellow = vec3(1.0, 0.70, 0.24), blue = vec3(0.24, 0.60, 1.0);
      vec3 base = mix(blue, yellow, share), other = mix(yellow, blue, share);
      vec3 key = normalize(vec3(-0.5, 0.9, 0.9)), side = normalize(vec3(0.9, 0.1, 0.3));
      vec3 colour = base * 0.2 + base * 0.75 * max((dot(n, key) + 0.15) / 1.15, 0.0)
        + (other * 0.6 + 0.3) * base * 0.3 * max((dot(n, side) + 0.15) / 1.15, 0.0);
      colour += 0.4 * pow(max(dot(n, normalize(key + eye)), 0.0), 48.0);
      float line = abs(fract(at.z / 0.2 + 0.5) - 0.5) * 0.2;
      colour += other * 0.45 * exp(-pow(line / 0.011, 2.0));
      colour += other * 0.7 * pow(1.0 - max(dot(n, eye), 0.0), 3.0);
      gl_FragColor = vec4(colour, 1.0);
    }`;

  async function unpack(text, length) {
    const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const plain = new Uint8Array(await new Response(stream).arrayBuffer());
    const words = new Uint16Array(length);
    for (let i = 0; i < length; i++) words[i] = plain[i] | (plain[i + length] << 8);
    return words;
  }

  function normalise(rows) {
    for (let i = 0; i < rows.length; i += 3) {
      const length = Math.hypot(rows[i], rows[i + 1], rows[i + 2]) || 1;
      for (let k = 0; k < 3; k++) rows[i + k] /= length;
    }
    return rows;
  }

  function smoothed(normals, faces) { // each with those round it: thin triangles of the grid no longer show
    const sums = new Float32Array(normals.length);
    for (let f = 0; f < faces.length; f += 3) {
      const corners = [3 * faces[f], 3 * faces[f + 1], 3 * faces[f + 2]];
      for (let k = 0; k < 3; k++) {
        const all = normals[corners[0] + k] + normals[corners[1] + k] + normals[corners[2] + k];
        for (const corner of corners) sums[corner + k] += all;
      }
    }
    return normalise(sums);
  }

  function meshes(data, words) {
    let place = 0;
    const sums = (count, width) => { // numbers are kept as differences to the row before
      const found = words.slice(place, place + count * width);
      for (let i = width; i < found.length; i++) found[i] = (found[i] + found[i - width]) & 65535;
      place += count * width;
      return found;
    };
    return data.shapes.map((shape) => {
      const raw = sums(shape.vertices, 3), faces = sums(shape.faces, 3), gold = sums(shape.vertices, 1);
      const places = Float32Array.from(raw, (value, i) => data.low[i % 3] + value * data.step);
      const normals = new Float32Array(places.length);
      for (let f = 0; f < faces.length; f += 3) {
        const [a, b, c] = [3 * faces[f], 3 * faces[f + 1], 3 * faces[f + 2]];
        const u = [0, 1, 2].map((k) => places[b + k] - places[a + k]);
        const v = [0, 1, 2].map((k) => places[c + k] - places[a + k]);
        for (let k = 0; k < 3; k++) {
          const part = u[(k + 1) % 3] * v[(k + 2) % 3] - u[(k + 2) % 3] * v[(k + 1) % 3];
          normals[a + k] += part; normals[b + k] += part; normals[c + k] += part;
        }
      }
      normalise(normals);
      for (let round = 0; round < 2; round++) normals.set(smoothed(normals, faces));
      return { places, normals, faces, gold: Float32Array.from(gold, (value) => value / 255), words: shape.words };
    });
  }

  function program(gl) {
    const made = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(made, shader);
    }
    gl.linkProgram(made);
    return gl.getProgramParameter(made, gl.LINK_STATUS) ? made : null;
  }

  async function start(root) {
    const canvas = root.querySelector("canvas"), slider = root.querySelector("input");
    const play = root.querySelector("button"), label = root.querySelector("output");
    const gl = window.DecompressionStream && canvas.getContext("webgl", { antialias: true, alpha: true });
    const shader = gl && program(gl);
    if (!shader) return;
    const data = JSON.parse(root.querySelector("script").textContent);
    const shapes = meshes(data, await unpack(data.packed, data.length));
    gl.useProgram(shader);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.CULL_FACE);
    for (const shape of shapes) {
      shape.buffers = ["places", "normals", "gold"].map((name) => {
        const buffer = gl.createBuffer();
        gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
        gl.bufferData(gl.ARRAY_BUFFER, shape[name], gl.STATIC_DRAW);
        return buffer;
      });
      shape.index = gl.createBuffer();
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, shape.index);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, shape.faces, gl.STATIC_DRAW);
    }
    const state = { turn: data.turn, rise: data.rise, going: 0, asked: false };

    const draw = () => {
      state.asked = false;
      const sharp = Math.min(window.devicePixelRatio || 1, 2);
      const width = Math.max(1, Math.round(canvas.clientWidth * sharp));
      const height = Math.max(1, Math.round(canvas.clientHeight * sharp));
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      gl.viewport(0, 0, width, height);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      const [ct, st] = [Math.cos(state.turn), Math.sin(state.turn)], [cr, sr] = [Math.cos(state.rise), Math.sin(state.rise)];
      // rows: right, up, towards the eye; handed over column by column
      const view = [ct, -st * -sr, -st * cr, -st, -ct * -sr, -ct * cr, 0, cr, sr];
      gl.uniformMatrix3fv(gl.getUniformLocation(shader, "view"), false, view);
      gl.uniform1f(gl.getUniformLocation(shader, "ratio"), width / height);
      const shape = shapes[Number(slider.value)];
      [["place", 3], ["normal", 3], ["gold", 1]].forEach(([name, size], i) => {
        const where = gl.getAttribLocation(shader, name);
        gl.bindBuffer(gl.ARRAY_BUFFER, shape.buffers[i]);
        gl.enableVertexAttribArray(where);
        gl.vertexAttribPointer(where, size, gl.FLOAT, false, 0, 0);
      });
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, shape.index);
      gl.drawElements(gl.TRIANGLES, shape.faces.length, gl.UNSIGNED_SHORT, 0);
      label.textContent = shape.words;
      slider.setAttribute("aria-valuetext", shape.words);
    };
    const ask = () => { if (!state.asked) { state.asked = true; requestAnimationFrame(draw); } };
    const spin = (right, up) => {
      state.turn += right;
      state.rise = Math.max(-1.2, Math.min(1.4, state.rise + up));
      ask();
    };

    let last = null;
    canvas.addEventListener("pointerdown", (event) => { last = event; canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener("pointermove", (event) => {
      if (!last) return;
      spin((event.clientX - last.clientX) * 0.01, (event.clientY - last.clientY) * 0.01);
      last = event;
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { last = null; });
    canvas.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, -0.12], ArrowDown: [0, 0.12] }[event.key];
      if (way) { spin(...way); event.preventDefault(); }
    });
    slider.max = String(shapes.length - 1);
    slider.addEventListener("input", ask);
    const stop = () => { clearInterval(state.going); state.going = 0; play.textContent = "播放"; };
    play.addEventListener("click", () => {
      if (state.going) return stop();
      if (slider.value === slider.max) slider.value = "0";
      play.textContent = "暂停";
      state.going = setInterval(() => {
        slider.value = String(Number(slider.value) + 1);
        ask();
        if (slider.value === slider.max) stop();
      }, 220);
      return ask();
    });
    root.classList.add("live");
    new ResizeObserver(ask).observe(canvas);
    draw();
  }

  for (const root of document.querySelectorAll("[data-morph]")) start(root).catch(() => root.classList.remove("live"));
})();
