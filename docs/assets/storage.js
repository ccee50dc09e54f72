// Where a browser refuses to keep anything, even to look is an error, and the theme's scripts would stop at it. They,
// and ours, know what to do with storage that is empty and full.
try {
  void localStorage;
} catch {
  const refused = {
    getItem: () => null,
    removeItem: () => {},
    setItem: () => {
      throw new DOMException("This browser keeps nothing", "QuotaExceededError");
    },
  };
  for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { value: refused });
}
