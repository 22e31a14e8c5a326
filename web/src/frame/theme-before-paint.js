try {
  const kept = localStorage.getItem("vouchsafe.theme");
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
} catch {
  // Storage is closed in this browser: the system's theme applies.
}
