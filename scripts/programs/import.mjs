// Imports each package named on the command line; one without a single export is as wrong as one that throws.
for (const name of process.argv.slice(2)) {
  const names = Object.keys(await import(name));
  if (names.length === 0) throw new Error(`${name} exports nothing`);
}
