// Begin: the language, a word where WebAssembly SIMD is missing, then the page.

async function startPage(open) {
  const main = document.getElementById("main");
  document.getElementById("language").append(languageButton());
  if (simdMissing()) {
    main.replaceChildren(element("p", { class: "trouble", role: "alert", say: "noSimd" }));
    return;
  }
  try {
    window.page = await open(main); // for those who want to look at the tensors in the console
    main.dataset.ready = "true";
  } catch (error) {
    main.replaceChildren(troubleView(error));
  }
}
