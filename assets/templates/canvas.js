// A drawing canvas beside a hidden text box of ipywidgets: what is drawn goes to the kernel as a PNG's address.
(function begin(tries) {
  const box = document.getElementById("NAME");
  if (!box) { if (tries) setTimeout(begin, 200, tries - 1); return; }
  if (box.dataset.ready) return;
  box.dataset.ready = "yes";
  const canvas = box.querySelector("canvas"), pen = canvas.getContext("2d", { willReadFrequently: true });
  const colour = box.querySelector("input[type=color]"), width = box.querySelector("input[type=range]");
  const state = { drawing: false, last: null, history: [] };

  const clear = () => { pen.fillStyle = "#ffffff"; pen.fillRect(0, 0, canvas.width, canvas.height); };
  const target = () => document.querySelector(".NAME textarea, .NAME input");

  function send() {
    const text = target();
    if (!text) return;
    const set = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(text), "value").set;
    set.call(text, canvas.toDataURL("image/png"));
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function at(event) {
    const frame = canvas.getBoundingClientRect();
    return [(event.clientX - frame.left) * canvas.width / frame.width,
            (event.clientY - frame.top) * canvas.height / frame.height];
  }

  function line(from, to) {
    pen.strokeStyle = colour.value; pen.lineWidth = width.value; pen.lineCap = pen.lineJoin = "round";
    pen.beginPath(); pen.moveTo(...from); pen.lineTo(...to); pen.stroke();
  }

  canvas.addEventListener("pointerdown", (event) => {
    state.history.push(pen.getImageData(0, 0, canvas.width, canvas.height));
    if (state.history.length > 20) state.history.shift();
    state.drawing = true; state.last = at(event);
    canvas.setPointerCapture(event.pointerId);
    line(state.last, state.last);
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!state.drawing) return;
    const here = at(event);
    line(state.last, here);
    state.last = here;
  });
  const end = () => { if (state.drawing) { state.drawing = false; send(); } };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  box.querySelector("[data-act=undo]").addEventListener("click", () => {
    const before = state.history.pop();
    if (before) { pen.putImageData(before, 0, 0); send(); }
  });
  box.querySelector("[data-act=clear]").addEventListener("click", () => { clear(); state.history = []; send(); });
  clear();
})(150);
