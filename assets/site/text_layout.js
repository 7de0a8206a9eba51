// What stands on the text page. Words are in the catalogue under these names.

const off = (value) => (value === 0 ? say("off") : String(value));
const TEXT_CONTROLS = [
  { id: "model", kind: "choice", choices: ["poem", "tinychat"], value: "poem" },
  { id: "form", kind: "choice", choices: ["五绝", "七绝", "五律", "七律"], value: "五绝" },
  { id: "title", kind: "text", value: "春晓", rows: 1 },
  { id: "message", kind: "text", value: "我的手机还没收到，什么时候发货？\n任务：判断意图", rows: 3, wide: true },
  { id: "temperature", kind: "range", min: 0, max: 2, step: 0.05, value: 0.7 },
  { id: "topK", kind: "range", min: 0, max: 100, step: 1, value: 0, shown: off },
  { id: "topP", kind: "range", min: 0.05, max: 1, step: 0.05, value: 1 },
  { id: "seed", kind: "number", min: 0, max: 4294967295, step: 1, value: 42 },
];
