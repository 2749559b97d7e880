// stdin: a JSON list of ABC texts; argv: the folder of abcjs. stdout: for each, {warnings, metre, bars}.
// A bar is [length in whole notes, starts a repeat, ends one, number of the ending that begins with it, double line].
const abcjs = require(process.argv[2]);

function barsOf(tune) {
  const bars = [];
  let length = 0, factor = 1, start = false, ending = 0;
  for (const line of tune.lines) for (const staff of line.staff || []) for (const item of staff.voices[0]) {
    if (item.el_type === "note") {
      if (item.startTriplet) factor = item.tripletMultiplier;
      length += item.duration * factor;
      if (item.endTriplet) factor = 1;
    }
    if (item.el_type !== "bar") continue;
    const repeats = {bar_right_repeat: [false, true], bar_left_repeat: [true, false], bar_dbl_repeat: [true, true]};
    const [opens, closes] = repeats[item.type] || [false, false];
    if (length > 0) {
      bars.push([length, start, closes, ending, ["bar_thin_thin", "bar_thin_thick"].includes(item.type)]);
      [length, start, ending] = [0, false, 0];
    }
    start = start || opens;
    ending = Number.parseInt(item.startEnding) || ending;
  }
  if (length > 0) bars.push([length, start, false, ending, false]);
  return bars;
}

function read(text) {
  try {
    const [tune] = abcjs.parseOnly(text);
    const metre = tune.getMeterFraction();
    return {warnings: tune.warnings || [], metre: [metre.num, metre.den], bars: barsOf(tune)};
  } catch (error) {
    return {warnings: [String(error)], metre: [4, 4], bars: []};
  }
}

const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(texts.map(read)));
