// What stands on the clip page. Words are in the catalogue under these names.

const CLIP_CONTROLS = [
  { id: "prompt", kind: "text", value: "一个红色的圆球在海边跳跃", wide: true },
  { id: "negative", kind: "text", value: "", rows: 1, wide: true },
  { id: "steps", kind: "range", min: 1, max: 50, step: 1, value: 20 },
  { id: "guidance", kind: "range", min: 1, max: 10, step: 0.5, value: 3 },
  { id: "seed", kind: "number", min: 0, max: 4294967295, step: 1, value: 42 },
];
const CLIP_EXAMPLES = ["一个黄色的甜甜圈变成咖啡杯", "白天，一颗蓝色的星星向右移动", "a purple heart growing on the moon"];
