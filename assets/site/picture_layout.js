// What stands on the picture page, in order. Words are in the catalogue under these names.

const PICTURE_CONTROLS = [
  { id: "prompt", kind: "text", value: "一张可爱小狗在花丛中玩耍的照片", wide: true },
  { id: "negative", kind: "text", value: "", rows: 1, wide: true },
  { id: "steps", kind: "range", min: 1, max: 50, step: 1, value: 20 },
  { id: "guidance", kind: "range", min: 1, max: 10, step: 0.5, value: 3 },
  { id: "seed", kind: "number", min: 0, max: 4294967295, step: 1, value: 42 },
  { id: "lora", kind: "choice", choices: ["", "blueprint", "papercut"], value: "" },
  { id: "strength", kind: "range", min: 0, max: 1.5, step: 0.1, value: 1 },
];
const EXAMPLES = ["一只红色的小猫，在月球上", "画面左边有一颗紫色的爱心，像素画", "a yellow star in the forest at night, oil painting", "不要猫，画一条蓝色的小鱼，水墨画"];
const PICTURE_VIEWS = [
  { id: "after", say: "view.after" },
  { id: "clean", say: "view.clean" },
  { id: "without", say: "view.without" },
  { id: "withPrompt", say: "view.withPrompt" },
  { id: "noiseWithout", say: "view.noiseWithout", latents: true },
  { id: "noiseWith", say: "view.noiseWith", latents: true },
];
