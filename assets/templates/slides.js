'use strict';
// Each slide's type is made as large as it fits: it shrinks until all of it is seen; on a screen the arrow keys turn the pages.
const LARGEST = 1.3, SMALLEST = 0.5, TABLES = 0.2, STEP = 0.05, BROKEN = 0.8;  // tables, cards and listings of texts may shrink further
const fits = (box) => box.scrollHeight <= box.clientHeight + 1 && box.scrollWidth <= box.clientWidth + 1;
const shrink = (body) => {
  const tables = [...body.querySelectorAll('.table')];
  const alone = [...body.children].every((block) => block.className === 'prose');
  let size = alone ? LARGEST : 1;
  for (; size >= TABLES; size -= STEP) {
    body.style.setProperty('--fit', Math.max(size, SMALLEST).toFixed(2));
    if (size < SMALLEST && !tables.length) break;
    for (const table of tables) table.style.zoom = size.toFixed(2);
    if (fits(body)) break;
  }
  return size;
};
const fit = () => {
  for (const body of document.querySelectorAll('.slide .body')) {
    const size = shrink(body);
    if (size < BROKEN && body.querySelector('.aigc-answer')) {  // a tall answer stands in two columns where that is larger
      body.classList.add('columns');
      if (shrink(body) <= size) { body.classList.remove('columns'); shrink(body); }
    }
    body.closest('.slide').dataset.fits = fits(body) ? 'yes' : 'no';
  }
};
const pages = [...document.querySelectorAll('.page')];
const turn = (step) => {
  const middle = innerHeight / 2;
  const now = pages.findIndex((page) => page.getBoundingClientRect().bottom > middle);
  pages[Math.min(Math.max(now + step, 0), pages.length - 1)].scrollIntoView({ block: 'center' });
};
const resize = () => document.documentElement.style.setProperty(
  '--zoom', Math.min(innerWidth / 1280, innerHeight / 720).toFixed(3));
addEventListener('keydown', (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, ' ': 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 }[event.key];
  if (step) { event.preventDefault(); turn(step); }
});
addEventListener('resize', resize);
fit();
resize();
