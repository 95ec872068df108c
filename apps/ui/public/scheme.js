// Runs before the first paint, so that a dark page never flashes white. A file and not inline, because the page allows no inline script.
(function () {
  var chosen = null
  try { chosen = localStorage.getItem('tidemark-color-scheme') } catch { /* storage may be off */ }
  var dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light')
})()
