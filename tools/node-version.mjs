/** Imported first by every command: says clearly that Node is too old, before anything newer is used. */
var parts = process.versions.node.split('.').map(Number);
var isNewEnough = parts[0] > 20 || (parts[0] === 20 && parts[1] >= 19);
if (!isNewEnough) {
  console.error(
    'Vestnik needs Node 20.19 or later; this is ' + process.versions.node + '. See https://nodejs.org/en/download',
  );
  process.exit(1);
}
