// stdin: a JSON list of ABC texts; argv: the folder of abcjs. stdout: for each, a list of [onset in whole notes, MIDI note].
const abcjs = require(process.argv[2]);

function heard(text) {
  const [tune] = abcjs.parseOnly(text);
  const notes = tune.setUpAudio({chordsOff: true}).tracks.flat().filter((event) => event.cmd === "note");
  return notes.map((event) => [event.start, event.pitch]);
}

process.stdout.write(JSON.stringify(JSON.parse(require("fs").readFileSync(0, "utf8")).map(heard)));
